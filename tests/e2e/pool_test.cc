// The dark pool as its users have it: real processes that are killed, interrupted and misused.
#include "e2e/pool_lab.h"

#include <random>

namespace {

using namespace e2e;

// What a home's book says is leased: units by what is active or unconfirmed.
std::uint64_t booked(const PoolLab& pool, const std::string& home) {
  const End end = tarn({"lease", "list", "--offline", "--output", "json"}, pool.home(home));
  EXPECT_EQ(end.code, kDone) << end;
  std::uint64_t out = 0;
  for (const json& lease : end.parsed()) out += std::stoull(lease.value("units", "0"));
  return out;
}

std::vector<std::string> about(const std::string& command, const std::string& id) {
  std::vector<std::string> out{"lease", command, id, "--output", "json"};
  if (command == "renew") out.insert(out.end(), {"--for", "1h"});
  return out;
}

TEST(Pool, LeasesAreShownRenewedAndReleasedByTheirRequesterAlone) {
  PoolLab pool(4);
  const auto home = pool.home("r"), stranger = pool.home("stranger");
  const End requested = tarn(pool.request(8, {"--out", pool.directory / "leases"}), home);
  ASSERT_EQ(requested.code, kDone) << requested;
  const json lease = requested.parsed()["leases"][0];
  const std::string id = lease["id"];
  EXPECT_EQ(lease["state"], "active");
  EXPECT_FALSE(read_file(lease["file"]).empty());
  EXPECT_EQ(booked(pool, "r"), 8u);

  const End renewed = tarn({"lease", "renew", id, "--for", "1h", "--output", "json"}, home);
  EXPECT_EQ(renewed.code, kDone) << renewed;
  EXPECT_EQ(renewed.parsed()["revision"], 1);
  EXPECT_GT(renewed.parsed()["end"].get<std::string>(), lease["end"].get<std::string>());
  const End shown = tarn({"lease", "show", id, "--output", "json"}, home);
  EXPECT_EQ(shown.code, kDone) << shown;
  EXPECT_EQ(shown.parsed()["end"], renewed.parsed()["end"]);

  // These providers deliver nothing, and say so.
  EXPECT_EQ(lease["delivery"]["state"], "none");
  EXPECT_FALSE(lease.contains("kubeconfig"));
  for (const char* command : {"kubeconfig", "credential"}) {
    const End end = tarn(about(command, id), home);
    EXPECT_EQ(end.code, kRefused) << command << ": " << end;
    EXPECT_THAT(end.err, HasSubstr("hands nothing over")) << end;
  }
  const json listed = tarn({"lease", "list", "--output", "json"}, home).parsed()[0];
  EXPECT_EQ(listed["delivery"]["state"], "none");
  EXPECT_GT(listed["seconds_left"], 3600);

  // Ids that nobody has, that are none, and another's book that does not have it.
  for (const char* wrong : {"lease_00000000000000000000000000000000", "lease_", "", "nonsense", "lease_zz"})
    for (const char* command : {"show", "renew", "release"}) {
      const End end = tarn(about(command, wrong), stranger);
      EXPECT_EQ(end.code, kRefused) << command << " " << wrong << ": " << end;
      expect_error_object(end, "invalid_input");
    }
  EXPECT_EQ(tarn({"lease", "release", id}, stranger).code, kRefused);
  // A stranger who has got hold of the book: it is not the stranger's lease.
  fs::copy(pool.directory / "r/.local/state/tarn/leases.db", pool.directory / "stranger/.local/state/tarn/leases.db",
           fs::copy_options::overwrite_existing);
  for (const char* command : {"show", "renew", "release", "kubeconfig", "credential"}) {
    const End end = tarn(about(command, id), stranger);
    EXPECT_EQ(end.code, kRefused) << command << ": " << end;
    EXPECT_THAT(end.err, HasSubstr("knows no such lease")) << end;
  }
  EXPECT_EQ(pool.expect_at_rest(), 8u);

  for (int again = 0; again < 2; ++again) EXPECT_EQ(tarn({"lease", "release", id}, home).code, kDone);
  EXPECT_EQ(tarn({"lease", "renew", id, "--for", "1h"}, home).code, kRefused);
  EXPECT_EQ(booked(pool, "r"), 0u);
  EXPECT_EQ(pool.expect_at_rest(), 0u);
}

// Killed in the middle of sessions: what comes back is sound, and what was held is free when its time is over.
TEST(Pool, AProviderKilledWhileHoldingComesBackSound) {
  PoolLab pool(4);
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    Process request = start_tarn(pool.request(2), pool.home("r"));
    ASSERT_TRUE(request.says("drawn")) << finish(request);
    std::this_thread::sleep_for(milliseconds(random() % 150));
    pool.kill(0);
    const End end = finish(request);
    EXPECT_THAT(end.code, testing::Optional(AnyOf(kDone, kUnreachable, kSomebodyMisbehaved, kDeadline))) << end;
    pool.start(0);
  }
  const std::uint64_t kept = booked(pool, "r");
  const std::uint64_t leased = pool.expect_at_rest();
  EXPECT_LE(leased, kept);  // nobody sells without the buyer's having it
  // All of it can be sold again: a session's whole hold was free.
  const End rest = tarn(pool.request(PoolLab::kCapacity - leased), pool.home("another"));
  EXPECT_EQ(rest.code, kDone) << rest;
}

// Ctrl-C at any moment: nothing stays held, and no lease that its requester does not know of.
TEST(Pool, AnInterruptedRequestLeavesNothingBehind) {
  PoolLab pool(4);
  std::mt19937 random(11);
  std::uint64_t kept = 0;
  for (int round = 0; round < 10; ++round) {
    const std::string home = "r" + std::to_string(round % 3);
    Process request = start_tarn(pool.request(1), pool.home(home));
    ASSERT_TRUE(request.says("looking for")) << finish(request);
    std::this_thread::sleep_for(milliseconds(random() % 1'200));
    request.send(SIGINT);
    const End end = finish(request);
    EXPECT_THAT(end.code, testing::Optional(AnyOf(kInterrupted, kDone, kUnreachable))) << end;
    EXPECT_FALSE(end.crashed) << end;
  }
  for (const char* home : {"r0", "r1", "r2"}) kept += booked(pool, home);
  EXPECT_LE(pool.expect_at_rest(), kept);
}

TEST(Pool, NobodyThereIsKnownInTime) {
  TemporaryDirectory directory;
  ProcessOptions home;
  home.added = {{"HOME", directory.path()}, {"XDG_STATE_HOME", ""}, {"XDG_CONFIG_HOME", ""}};
  const Port nobody = bind_loopback();
  const auto begin = steady_clock::now();
  const End end = tarn({"request", "--cpu", "1", "--quantity", "1", "--deadline", "1s", "--bootstrap", nobody.address,
                        "--output", "json"},
                       home);
  EXPECT_EQ(end.code, kUnreachable) << end;
  EXPECT_EQ(end.parsed()["error"]["code"], "unreachable");
  EXPECT_TRUE(end.parsed()["leases"].empty());
  EXPECT_LT(steady_clock::now() - begin, milliseconds(20'000));
}

TEST(Pool, WrongInputIsRefusedClearly) {
  TemporaryDirectory directory;
  ProcessOptions home;
  home.added = {{"HOME", directory.path()}, {"XDG_STATE_HOME", ""}, {"XDG_CONFIG_HOME", ""}};
  const std::vector<std::string> good{"request", "--output", "json"};
  const auto refused = [&](std::vector<std::string> more, const std::string& says, int code = kRefused) {
    more.insert(more.begin(), good.begin(), good.end());
    const End end = tarn(more, home);
    EXPECT_EQ(end.code, code) << testing::PrintToString(more) << ": " << end;
    EXPECT_THAT(end.err, HasSubstr(says)) << testing::PrintToString(more);
    EXPECT_FALSE(end.crashed);
  };
  const std::string somewhere = "127.0.0.1:9";
  refused({"--cpu", "1", "--quantity", "0", "--bootstrap", somewhere}, "quantity");
  refused({"--cpu", "1", "--quantity", "99999999999", "--bootstrap", somewhere}, "quantity");
  refused({"--quantity", "1", "--bootstrap", somewhere}, "--cpu");
  refused({"--cpu", "lots", "--quantity", "1", "--bootstrap", somewhere}, "cpu");
  refused({"--class", "cpu=1 cpu=2", "--quantity", "1", "--bootstrap", somewhere}, "cpu");
  refused({"--class", "=;\x1b[2J", "--quantity", "1", "--bootstrap", somewhere}, "");
  refused({"--cpu", "1", "--quantity", "1", "--mechanism", "lottery", "--bootstrap", somewhere}, "mechanism");
  refused({"--cpu", "1", "--quantity", "1", "--max-price", "free", "--bootstrap", somewhere}, "");
  refused({"--cpu", "1", "--quantity", "1", "--max-price", "99999999", "--bootstrap", somewhere}, "");
  refused({"--cpu", "1", "--quantity", "1", "--deadline", "soon", "--bootstrap", somewhere}, "");
  refused({"--cpu", "1", "--quantity", "1", "--deadline", "10h", "--bootstrap", somewhere}, "");
  refused({"--cpu", "1", "--quantity", "1", "--lease", "0s", "--bootstrap", somewhere}, "");
  refused({"--cpu", "1", "--quantity", "1", "--lease", "500ms", "--bootstrap", somewhere}, "");
  refused({"--cpu", "1", "--quantity", "1", "--providers", "16", "--bootstrap", somewhere}, "providers");
  refused({"--cpu", "1", "--quantity", "1", "--delivery-wait", "soon", "--bootstrap", somewhere}, "--delivery-wait");
  refused({"--cpu", "1", "--quantity", "1"}, "--bootstrap");
  refused({"--cpu", "1", "--quantity", "1", "--bootstrap", "nowhere"}, "");
  refused({"--cpu", "1", "--quantity", "1", "--config", directory / "none.toml", "--bootstrap", somewhere},
          "none.toml");
  EXPECT_EQ(tarn({"provider", "--config", directory / "none.toml"}, home).code, kRefused);
  EXPECT_EQ(tarn({"provider"}, home).code, kRefused);
  EXPECT_EQ(tarn({"dht", "--listen", "nonsense"}, home).code, kRefused);
  EXPECT_EQ(tarn({"pool", "map"}, home).code, kRefused);
  EXPECT_EQ(tarn({"pool", "doctor"}, home).code, kRefused);
  EXPECT_EQ(tarn({"lease", "list", "--output", "json"}, home).parsed(), json::array());
  // An identity that cannot be read is said so and never replaced.
  const std::string key = directory / ".local/state/tarn/identity.key";
  write_file(key, "not a key");
  refused({"--cpu", "1", "--quantity", "1", "--bootstrap", somewhere}, "identity.key", kStorage);
  EXPECT_EQ(read_file(key), "not a key");
}

}  // namespace
