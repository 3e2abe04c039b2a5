// tarn isolation lab itself: what it brings up, and that nothing of it is left, however it ends.
#include "base/bytes.h"
#include "crypto/sha256.h"
#include "e2e/tarn_lab.h"

namespace support {
namespace {

using e2e::End;

class Lab : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0 || !e2e::fs::exists("/usr/sbin/ovs-vswitchd") || !e2e::fs::exists("/usr/bin/ipmi_sim"))
      GTEST_SKIP() << "needs root, Open vSwitch and ipmi_sim (apt.txt, group lab)";
  }
  std::vector<std::string> command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> out{"isolation", "lab", "--dir", directory()};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  std::string directory() const { return scratch_ / "lab"; }
  // Those of this lab: their prefix is made of its directory.
  std::size_t namespaces() const {
    const std::string path = e2e::fs::canonical(scratch_.path()).string() + "/lab";
    const std::string prefix = "tarn-" + base::to_hex(base::ByteView(crypto::sha256(base::view(path))).first(3)) + "-";
    std::error_code none;
    std::size_t out = 0;
    for (const auto& entry : e2e::fs::directory_iterator("/run/netns", none))
      out += entry.path().filename().string().starts_with(prefix) ? 1U : 0U;
    return out;
  }
  void expect_nothing_left() const {
    EXPECT_FALSE(e2e::fs::exists(directory()));
    EXPECT_EQ(namespaces(), 0U);
    EXPECT_THAT(e2e::processes_naming(directory() + "/"), testing::IsEmpty());
  }

  e2e::TemporaryDirectory scratch_;
};

TEST_F(Lab, KnowsAllSitesAndGoesWithoutATrace) {
  const End up = e2e::tarn(command({"--sites", "2", "--nodes", "3", "--nics", "2", "--tls", "--output", "json"}));
  ASSERT_EQ(up.code, e2e::kDone) << up;
  const auto lab = up.parsed();
  EXPECT_EQ(lab["sites"].size(), 2U);
  EXPECT_EQ(lab["sites"][1]["nodes"][2]["node"], "s2-n03");
  EXPECT_EQ(lab["sites"][1]["nodes"][2]["nics"].size(), 2U);
  EXPECT_EQ(namespaces(), 8U);

  // As a shell that has read env.sh.
  Process shell(
      {"/bin/sh", "-c", ". '" + directory() + "/env.sh'; exec '" + e2e::binary() + "' node list --output json"});
  const End listed = e2e::finish(shell);
  ASSERT_EQ(listed.code, e2e::kDone) << listed;
  EXPECT_EQ(listed.parsed().size(), 6U) << listed;

  const End again = e2e::tarn(command());
  EXPECT_EQ(again.code, 11) << again;
  EXPECT_THAT(again.err, e2e::HasSubstr("--down"));
  EXPECT_EQ(e2e::tarn(command({"--down"})).code, e2e::kDone);
  expect_nothing_left();
  EXPECT_EQ(e2e::tarn(command({"--down"})).code, e2e::kDone);
}

TEST_F(Lab, ThatIsInterruptedRemovesWhatItMade) {
  Process lab = e2e::start_tarn(command({"--sites", "3"}));
  ASSERT_TRUE(lab.says("servers: "));
  lab.send_to_group(SIGINT);
  const End end = e2e::finish(lab);
  EXPECT_EQ(end.code, e2e::kInterrupted) << end;
  expect_nothing_left();
}

TEST_F(Lab, ThatIsKilledHalfwayIsRemovedByTheNextDown) {
  for (const char* const step : {"servers: ", "switches: ", "controllers: ", "service "}) {
    Process lab = e2e::start_tarn(command({"--nodes", "4"}));
    ASSERT_TRUE(lab.says(step)) << lab.err();
    lab.send(SIGKILL);
    (void)lab.wait();
    EXPECT_EQ(e2e::tarn(command({"--down"})).code, e2e::kDone);
    expect_nothing_left();
  }
}

TEST_F(Lab, LeavesSomebodysFilesAlone) {
  e2e::fs::create_directory(directory());
  e2e::write_file(directory() + "/thesis.txt", "all my work");
  for (const auto& arguments : {command(), command({"--down"})}) {
    const End end = e2e::tarn(arguments);
    EXPECT_EQ(end.code, 11) << end;
  }
  EXPECT_EQ(e2e::read_file(directory() + "/thesis.txt"), "all my work");
  EXPECT_EQ(namespaces(), 0U);
}

TEST_F(Lab, RefusesWhatItCannotBe) {
  for (const auto& more : std::vector<std::vector<std::string>>{{"--sites", "10"}, {"--nodes", "0"}, {"--nics", "5"}}) {
    const End end = e2e::tarn(command(more));
    EXPECT_EQ(end.code, e2e::kRefused) << end;
  }
  EXPECT_FALSE(e2e::fs::exists(directory()));
}

}  // namespace
}  // namespace support
