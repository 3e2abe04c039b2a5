// What the credentials of a lease open, and for how long.
#include <cstdlib>
#include <fstream>

#include "support/scratch.h"
#include "support/tenant.h"

namespace {

using nlohmann::json;
using support::config_map;
using support::named;
using support::pod;

class TenantTest : public support::OnCluster {
 protected:
  void SetUp() override {
    OnCluster::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    order_ = order("cpu=1 memory=1Gi", 2);
    auto by = tarn();
    ASSERT_TRUE(delivered(by.fulfiller, order_));
    const auto access = by->access(order_);
    ASSERT_TRUE(access.ok()) << access.error().message;
    access_ = *access;
    tenant_ = std::make_unique<support::Tenant>(plane_, order_, support::token_in(access_.credentials));
    ASSERT_TRUE(tenant_->is_believed());
  }
  std::string apps() const { return "/apis/apps/v1/namespaces/" + drivers::namespace_name(order_.lease); }
  std::string rbac() const {
    return "/apis/rbac.authorization.k8s.io/v1/namespaces/" + drivers::namespace_name(order_.lease);
  }

  inventory::Order order_;
  inventory::Access access_;
  std::unique_ptr<support::Tenant> tenant_;
};

TEST_F(TenantTest, WorksInItsNamespaceWithKubectl) {
  const support::Scratch scratch;
  const std::string file = scratch.file("kubeconfig");
  std::ofstream(file) << access_.credentials;
  const auto kubectl = [&](const std::string& words) {
    const std::string line = plane_.folder + "/bin/kubectl --kubeconfig=" + file +
                             " --cache-dir=" + scratch.file("cache") + " " + words + " >>" + scratch.file("log") +
                             " 2>&1";
    return std::system(line.c_str());
  };
  EXPECT_EQ(kubectl("create configmap greeting --from-literal=a=b"), 0) << support::contents_of(scratch.file("log"));
  EXPECT_EQ(kubectl("create deployment web --image=example.com/web"), 0) << support::contents_of(scratch.file("log"));
  EXPECT_EQ(kubectl("get pods,services,secrets,jobs,pvc,events,resourcequota"), 0)
      << support::contents_of(scratch.file("log"));
  EXPECT_NE(kubectl("get nodes"), 0);
  EXPECT_EQ(admin_->status_of_get(space_path(order_) + "/configmaps/greeting"), 200);
}

TEST_F(TenantTest, SeesNoOtherNamespace) {
  auto by = tarn();
  const auto other = order("cpu=1 memory=1Gi", 1);
  ASSERT_TRUE(delivered(by.fulfiller, other));
  for (const char* resource : {"pods", "configmaps", "secrets", "services", "resourcequotas"})
    EXPECT_EQ(tenant_->account().status_of_get(space_path(other) + "/" + resource), 403) << resource;
  EXPECT_EQ(tenant_->account().status_of_create(space_path(other) + "/configmaps", config_map("x")), 403);
  for (const char* path : {"/api/v1/namespaces", "/api/v1/nodes", "/api/v1/secrets", "/api/v1/pods",
                           "/api/v1/namespaces/kube-system/secrets", "/api/v1/namespaces/tarn-system/secrets"})
    EXPECT_EQ(tenant_->account().status_of_get(path), 403) << path;
  EXPECT_EQ(tenant_->account().status_of_get(kLeases), 403);
}

TEST_F(TenantTest, DoesNotChangeWhatRestrictsIt) {
  auto& account = tenant_->account();
  const std::string space = tenant_->space();
  EXPECT_EQ(account.status_of_merge(space + "/resourcequotas/tarn-quota", {{"spec", {{"hard", {{"pods", "9"}}}}}}),
            403);
  EXPECT_EQ(account.status_of_remove(space + "/resourcequotas/tarn-quota"), 403);
  EXPECT_EQ(account.status_of_remove(space + "/limitranges/tarn-limits"), 403);
  EXPECT_EQ(account.status_of_merge(space, {{"metadata", {{"labels", {{"a", "b"}}}}}}), 403);
  EXPECT_EQ(account.status_of_remove(space), 403);
  EXPECT_EQ(tenant_->makes("serviceaccounts", named("v1", "ServiceAccount", "x")), 403);
  EXPECT_EQ(tenant_->makes("serviceaccounts/tenant/token", named("authentication.k8s.io/v1", "TokenRequest", "")), 403);
  json binding = named("rbac.authorization.k8s.io/v1", "RoleBinding", "mine");
  binding["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "admin"}};
  EXPECT_EQ(account.status_of_create(rbac() + "/rolebindings", binding), 403);
  const std::string policies =
      "/apis/networking.k8s.io/v1/namespaces/" + drivers::namespace_name(order_.lease) + "/networkpolicies";
  EXPECT_EQ(account.status_of_create(policies, named("networking.k8s.io/v1", "NetworkPolicy", "open")), 403);
  EXPECT_EQ(account.status_of_remove(policies + "/tarn-isolation"), 403);
}

TEST_F(TenantTest, HasATokenThatEndsSoon) {
  EXPECT_GT(access_.expires_unix_ms, clock_.unix_ms() + 3'500'000);
  EXPECT_LT(access_.expires_unix_ms, clock_.unix_ms() + 3'700'000);
}

TEST_F(TenantTest, HasNoTokenThatEndsAfterTheLease) {
  auto by = tarn();
  inventory::Order soon = order_;
  soon.end_unix_ms = clock_.unix_ms() + 1'200'000;
  const auto access = by->access(soon);
  ASSERT_TRUE(access.ok()) << access.error().message;
  EXPECT_LE(access->expires_unix_ms, soon.end_unix_ms);
  soon.end_unix_ms = clock_.unix_ms() - 1;
  EXPECT_EQ(by->access(soon).error().code, base::Code::kInvalidInput);
}

TEST_F(TenantTest, GetsLongerWithARenewal) {
  auto by = tarn();
  inventory::Order renewed = order_;
  renewed.end_unix_ms += 86'400'000;
  renewed.revision = 1;
  ASSERT_TRUE(delivered(by.fulfiller, renewed));
  const json spec = admin_->get(lease_path(order_))["spec"];
  EXPECT_EQ(spec["revision"], 1);
  EXPECT_EQ(spec["end"], drivers::timestamp(renewed.end_unix_ms));
  EXPECT_EQ(tenant_->reads("pods"), 200);  // the old token goes on, to its own end
  const auto access = by->access(renewed);
  ASSERT_TRUE(access.ok()) << access.error().message;
  support::Tenant anew(plane_, renewed, support::token_in(access->credentials));
  EXPECT_EQ(anew.reads("pods"), 200);
}

// Rights end at once; that the token is void altogether a server may notice only after its cache's ten seconds.
TEST_F(TenantTest, IsOutWhenTheLeaseIsWithdrawn) {
  ASSERT_EQ(tenant_->reads("pods"), 200);
  auto by = tarn();
  ASSERT_TRUE(by->withdraw(order_.lease).ok());
  EXPECT_TRUE(eventually([&] { return tenant_->reads("pods") != 200; }, 5));
  EXPECT_TRUE(eventually([&] { return tenant_->reads("pods") == 401; }, 30));
  EXPECT_TRUE(gone(by.fulfiller, order_.lease));
  EXPECT_EQ(tenant_->account().status_of_get("/version"), 401);  // open to all who have an account
}

// Who may make Secrets may have a token made that does not expire; it is void with the account that it is for.
TEST_F(TenantTest, IsOutAlsoWithATokenOfItsOwnMaking) {
  json secret = named("v1", "Secret", "mine");
  secret["metadata"]["annotations"] = {{"kubernetes.io/service-account.name", "tenant"}};
  secret["type"] = "kubernetes.io/service-account-token";
  ASSERT_EQ(tenant_->makes("secrets", secret), 201);
  std::string encoded;
  ASSERT_TRUE(eventually([&] {
    encoded = drivers::text_at(admin_->get(space_path(order_) + "/secrets/mine"), "/data/token");
    return !encoded.empty();
  }));
  const support::Scratch scratch;
  std::ofstream(scratch.file("in")) << encoded;
  ASSERT_EQ(std::system(("base64 -d <" + scratch.file("in") + " >" + scratch.file("out")).c_str()), 0);
  support::Tenant lasting(plane_, order_, support::contents_of(scratch.file("out")));
  ASSERT_EQ(lasting.reads("pods"), 200);

  auto by = tarn();
  ASSERT_TRUE(by->withdraw(order_.lease).ok());
  EXPECT_TRUE(eventually([&] { return lasting.reads("pods") == 401; }, 30));
}

TEST_F(TenantTest, RemovesTheAnchorOfItsTokensAtItsOwnCost) {
  ASSERT_EQ(tenant_->account().status_of_remove(tenant_->space() + "/secrets/tarn-access"), 200);
  ASSERT_EQ(tenant_->makes("secrets", named("v1", "Secret", "tarn-access")), 201);
  EXPECT_TRUE(eventually([&] { return tenant_->reads("pods") == 401; }, 30));
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order_));
  const auto access = by->access(order_);
  ASSERT_TRUE(access.ok()) << access.error().message;
  support::Tenant anew(plane_, order_, support::token_in(access->credentials));
  EXPECT_EQ(anew.reads("pods"), 200);
}

}  // namespace
