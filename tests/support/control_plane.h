// The real Kubernetes control plane of tests/kubernetes: etcd, kube-apiserver with RBAC on, kube-controller-manager; no
// nodes, so pods stay pending. One for all tests, which therefore use names of their own: ctest's fixture starts and
// stops it (tests/CMakeLists.txt). By hand:
//   tests/kubernetes/control_plane.sh start DIR && TARN_TEST_CONTROL_PLANE=DIR build/release/tests/kubernetes_test
// A test that needs one derives from OnControlPlane, and is skipped where there are no programs for it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace support {

struct ControlPlane {
  std::string folder;      // admin.kubeconfig, pki/admin.{crt,key}
  std::uint16_t port = 0;  // of the API server, on 127.0.0.1
  std::string ca_pem;
};

inline std::string contents_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class OnControlPlane : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("TARN_TEST_CONTROL_PLANE");
    if (folder == nullptr)
      GTEST_SKIP() << "needs a control plane: run it by ctest, or see tests/support/control_plane.h";
    const std::string unavailable = contents_of(std::string(folder) + "/unavailable");
    if (!unavailable.empty()) GTEST_SKIP() << unavailable;
    plane_.folder = folder;
    std::ifstream(plane_.folder + "/port") >> plane_.port;
    plane_.ca_pem = contents_of(plane_.folder + "/ca.crt");
    ASSERT_NE(plane_.port, 0) << "the control plane did not start; see " << plane_.folder << "/*.log";
  }

  ControlPlane plane_;
};

}  // namespace support
