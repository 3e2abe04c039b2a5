#include "drivers/kubernetes/pool_lease.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace drivers {
namespace {

using nlohmann::json;

const Owner kOwner{"000102030405060708090a0b0c0d0e0f", "f5bbcef800e7925f"};

inventory::Order order() {
  inventory::Order out;
  for (std::size_t i = 0; i < out.lease.size(); ++i) out.lease[i] = static_cast<std::uint8_t>(i);
  out.unit = *model::ResourceClass::parse("cpu=1 memory=1Gi");
  out.units = 32;
  out.end_unix_ms = 1'795'000'000'000;
  out.revision = 2;
  return out;
}

TEST(PoolLease, SaysWhatWasSold) {
  const json lease = pool_lease(order(), kOwner);
  EXPECT_EQ(lease["metadata"]["name"], "lease-000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(lease["metadata"]["finalizers"], json::array({"tarn.dev/lease"}));
  EXPECT_EQ(lease["spec"]["namespace"], "tarn-0001020304050607");
  EXPECT_EQ(lease["spec"]["class"], "cpu=1 memory=1Gi");
  EXPECT_EQ(lease["spec"]["units"], 32);
  EXPECT_EQ(lease["spec"]["end"], "2026-11-18T11:06:40Z");
  EXPECT_EQ(lease["spec"]["revision"], 2);
  EXPECT_EQ(lease["spec"]["requester"], "org_" + std::string(64, '0'));
  EXPECT_TRUE(belongs_to(lease, kOwner));
  EXPECT_EQ(lease_of(lease), order().lease);
}

TEST(PoolLease, BelongsToNobodyElse) {
  json lease = pool_lease(order(), kOwner);
  EXPECT_FALSE(belongs_to(lease, {kOwner.lease, "0000000000000000"}));
  EXPECT_FALSE(belongs_to(lease, {"ff0102030405060708090a0b0c0d0e0f", kOwner.provider}));
  lease["metadata"]["labels"].erase("app.kubernetes.io/managed-by");
  EXPECT_FALSE(belongs_to(lease, kOwner));
}

TEST(PoolLease, ReadsWhateverAServerSends) {
  for (const json& odd :
       {json(), json(3), json::array(), json("x"), json{{"metadata", 1}},
        json{{"metadata", {{"labels", 1}, {"finalizers", "x"}, {"deletionTimestamp", 7}}}},
        json{{"metadata", {{"labels", {{"tarn.dev/lease", "0g"}}}}}, {"status", {{"conditions", {1}}}}}}) {
    EXPECT_FALSE(belongs_to(odd, kOwner));
    EXPECT_FALSE(lease_of(odd));
    EXPECT_FALSE(being_deleted(odd));
    EXPECT_FALSE(has_finalizer(odd, kFinalizer));
    EXPECT_EQ(finalizers_without(odd, kFinalizer), json::array());
    EXPECT_EQ(obstacles(odd), "");
  }
}

TEST(PoolLease, LosesOnlyOurFinalizer) {
  json lease = pool_lease(order(), kOwner);
  EXPECT_TRUE(has_finalizer(lease, kFinalizer));
  lease["metadata"]["finalizers"].push_back("example.com/other");
  EXPECT_EQ(finalizers_without(lease, kFinalizer), json::array({"example.com/other"}));
}

TEST(PoolLease, RemembersSinceWhenAConditionIsSo) {
  json lease = pool_lease(order(), kOwner);
  lease["metadata"]["generation"] = 4;
  lease["status"] =
      status_with(lease, "Pending", "", {{"Ready", "False", "Waiting", "a"}, {"Other", "True", "X", "y"}}, 1000);
  EXPECT_EQ(lease["status"]["observedGeneration"], 4);

  lease["status"] = status_with(lease, "Pending", "", {{"Ready", "False", "Waiting", "b"}}, 2000);
  EXPECT_EQ(lease["status"]["conditions"][0]["message"], "b");
  EXPECT_EQ(lease["status"]["conditions"][0]["lastTransitionTime"], "1970-01-01T00:00:01Z");

  lease["status"] = status_with(lease, "Ready", "", {{"Ready", "True", "Delivered", "c"}}, 3000);
  EXPECT_EQ(lease["status"]["conditions"][0]["lastTransitionTime"], "1970-01-01T00:00:03Z");
  ASSERT_EQ(lease["status"]["conditions"].size(), 2);
  EXPECT_EQ(lease["status"]["conditions"][1]["type"], "Other");
}

TEST(PoolLease, TellsWhatIsInTheWayOfANamespace) {
  const json stuck = {{"status",
                       {{"conditions",
                         {{{"type", "NamespaceDeletionDiscoveryFailure"}, {"status", "False"}, {"message", "fine"}},
                          {{"type", "NamespaceFinalizersRemaining"},
                           {"status", "True"},
                           {"message", "example.com/x in 1 resource instances"}}}}}}};
  EXPECT_EQ(obstacles(stuck), "NamespaceFinalizersRemaining: example.com/x in 1 resource instances");
}

TEST(PoolLease, CutsLongMessagesBetweenCharacters) {
  std::string much = "x";
  while (much.size() < 3000) much += "ä";
  const json status = status_with(json::object(), "Terminating", much, {{"Terminating", "True", "Blocked", much}}, 0);
  EXPECT_LT(status["blockedBy"].get<std::string>().size(), 1010);
  EXPECT_NO_THROW(status.dump());  // throws if a character was cut
}

TEST(Timestamp, IsReadAsItIsWritten) {
  for (const std::int64_t ms : {0LL, 1'795'000'000'000LL, 951'782'399'000LL, 4'102'444'800'000LL})
    EXPECT_EQ(parse_timestamp(timestamp(ms)), ms);
  EXPECT_EQ(parse_timestamp("2026-11-18T11:06:40.123456Z"), 1'795'000'000'000);
  for (const char* wrong : {"", "2026-11-18", "2026-13-18T11:06:40Z", "2026-02-30T11:06:40Z", "2026-11-18T24:06:40Z",
                            "2026-11-18T11:06:40", "2026-11-18T11:06:40+01:00", "2026-11-18T11:06:40.Zx"})
    EXPECT_FALSE(parse_timestamp(wrong)) << wrong;
}

}  // namespace
}  // namespace drivers
