#include "drivers/kubernetes/namespace_objects.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "model/kubernetes_quantity.h"

namespace drivers {
namespace {

using nlohmann::json;

model::ResourceClass unit_of(const std::string& text) { return *model::ResourceClass::parse(text); }
std::map<std::string, std::string> quota(const std::string& unit, std::uint64_t units) {
  return *quota_of(unit_of(unit), units, {});
}
const Owner kOwner{"000102030405060708090a0b0c0d0e0f", "f5bbcef800e7925f"};

TEST(NamespaceQuota, IsUnitsTimesQuantum) {
  auto hard = quota("cpu=500m memory=1Gi ephemeral-storage=10Gi pods=3 nvidia.com/gpu=2 storage=20Gi", 32);
  EXPECT_EQ(hard["requests.cpu"], "16");
  EXPECT_EQ(hard["limits.cpu"], "16");
  EXPECT_EQ(hard["requests.memory"], "32Gi");
  EXPECT_EQ(hard["limits.memory"], "32Gi");
  EXPECT_EQ(hard["requests.ephemeral-storage"], "320Gi");
  EXPECT_EQ(hard["limits.ephemeral-storage"], "320Gi");
  EXPECT_EQ(hard["requests.storage"], "640Gi");
  EXPECT_EQ(hard["requests.nvidia.com/gpu"], "64");
  EXPECT_EQ(hard["pods"], "96");
}

TEST(NamespaceQuota, LimitsAlsoWhatWasNotBought) {
  auto hard = quota("cpu=1 memory=1Gi", 3);
  EXPECT_EQ(hard["requests.ephemeral-storage"], "3Gi");
  EXPECT_EQ(hard["limits.ephemeral-storage"], "3Gi");
  EXPECT_EQ(hard["pods"], "30");
  for (const char* nothing : {"requests.storage", "persistentvolumeclaims", "services.nodeports",
                              "services.loadbalancers", "requests.nvidia.com/gpu", "requests.hugepages-2Mi"})
    EXPECT_EQ(hard[nothing], "0") << nothing;
  for (const char* some : {"configmaps", "secrets", "services", "count/deployments.apps", "count/statefulsets.apps",
                           "count/replicasets.apps", "count/jobs.batch", "count/cronjobs.batch", "count/pods"})
    EXPECT_GT(std::stoi(hard[some]), 0) << some;
}

TEST(NamespaceQuota, NeverNamesAnUnlimitedNumberOfPods) {
  EXPECT_EQ(quota("cpu=1 memory=1Gi", 1'000'000)["pods"], "1000");
  auto many = quota("cpu=1m memory=1 ephemeral-storage=1 pods=9223372036854775807", 1);
  EXPECT_EQ(many["pods"], "9223372036854775807");
  EXPECT_EQ(many["count/pods"], "9223372036854775807");
}

TEST(NamespaceQuota, RefusesWhatNoPodCouldRunOn) {
  for (const char* text : {"cpu=1", "memory=1Gi", "nvidia.com/gpu=1", "storage=1Gi pods=1"})
    EXPECT_EQ(quota_of(unit_of(text), 1, {}).error().code, base::Code::kInvalidInput) << text;
  EXPECT_FALSE(quota_of(unit_of("cpu=1 memory=1Gi"), 0, {}).ok());
}

TEST(NamespaceQuota, RefusesMoreThanKubernetesCounts) {
  EXPECT_TRUE(quota_of(unit_of("cpu=1m memory=1"), INT64_MAX >> 30, {}).ok());
  EXPECT_FALSE(quota_of(unit_of("cpu=1m memory=4Ei"), 2, {}).ok());
  EXPECT_FALSE(quota_of(unit_of("cpu=1m memory=1Ei"), 8, {}).ok());
  EXPECT_FALSE(quota_of(unit_of("cpu=1m memory=1"), UINT64_MAX, {}).ok());
}

RC_GTEST_PROP(NamespaceQuota, GrantsExactlyWhatWasBought, ()) {
  const std::string resource = *rc::gen::element<std::string>("cpu", "memory", "storage", "a.b/c");
  const std::uint64_t amount = *rc::gen::inRange<std::uint64_t>(1, std::uint64_t{1} << 40);
  const std::uint64_t units = *rc::gen::inRange<std::uint64_t>(1, 1 << 20);
  model::ResourceClass unit = unit_of("cpu=1 memory=1Gi");
  unit.amounts[resource] = amount;
  const auto hard = quota_of(unit, units, {});
  RC_ASSERT(hard.ok());
  RC_ASSERT(*model::parse_quantity(resource, hard->at("requests." + resource)) == amount * units);
}

RC_GTEST_PROP(NamespaceLimits, NeverExceedAUnit, ()) {
  model::ResourceClass unit;
  unit.amounts["cpu"] = *rc::gen::inRange<std::uint64_t>(1, 4000);
  unit.amounts["memory"] = *rc::gen::inRange<std::uint64_t>(1, std::uint64_t{1} << 32);
  unit.amounts["ephemeral-storage"] = *rc::gen::inRange<std::uint64_t>(1, std::uint64_t{1} << 32);
  const json limits = limits_object(unit, kOwner, {})["spec"]["limits"][0];
  for (const auto& [name, amount] : unit.amounts) {
    const std::uint64_t limit = *model::parse_quantity(name, limits["default"][name].get<std::string>());
    const std::uint64_t request = *model::parse_quantity(name, limits["defaultRequest"][name].get<std::string>());
    RC_ASSERT(request <= limit);
    RC_ASSERT(limit <= amount);
  }
}

TEST(NamespaceObjects, SayWhoseTheyAre) {
  const NamespaceRules rules;
  const model::ResourceClass unit = unit_of("cpu=1 memory=1Gi");
  for (const json& object :
       {namespace_object("tarn-0001020304050607", kOwner, rules), quota_object(*quota_of(unit, 1, rules), kOwner),
        limits_object(unit, kOwner, rules), policy_object(kOwner, rules), account_object(kOwner), anchor_object(kOwner),
        binding_object("tarn-0001020304050607", kOwner, rules)}) {
    const json& labels = object["metadata"]["labels"];
    EXPECT_EQ(labels["app.kubernetes.io/managed-by"], "tarn") << object["kind"];
    EXPECT_EQ(labels["tarn.dev/lease"], kOwner.lease) << object["kind"];
    EXPECT_EQ(labels["tarn.dev/provider"], kOwner.provider) << object["kind"];
  }
}

TEST(NamespaceObjects, AreNamedByTheLease) {
  inventory::Id lease{};
  for (std::size_t i = 0; i < lease.size(); ++i) lease[i] = static_cast<std::uint8_t>(0xf0 + i);
  EXPECT_EQ(namespace_name(lease), "tarn-f0f1f2f3f4f5f6f7");
}

TEST(NamespaceObjects, EnforcePodSecurity) {
  const json labels = namespace_object("tarn-x", kOwner, {})["metadata"]["labels"];
  for (const char* mode : {"enforce", "warn", "audit"})
    EXPECT_EQ(labels[std::string("pod-security.kubernetes.io/") + mode], "restricted");
}

TEST(NamespacePolicy, LetsNothingButItsOwnPodsIn) {
  const json spec = policy_object(kOwner, {})["spec"];
  EXPECT_EQ(spec["podSelector"], json::object());
  EXPECT_EQ(spec["policyTypes"], json::array({"Ingress", "Egress"}));
  EXPECT_EQ(spec["ingress"].dump(), R"([{"from":[{"podSelector":{}}]}])");
}

TEST(NamespacePolicy, LetsNothingOutButDnsUnlessTheOwnerAllows) {
  NamespaceRules rules;
  rules.dns_ranges = {"169.254.20.10/32"};
  const json egress = policy_object(kOwner, rules)["spec"]["egress"];
  ASSERT_EQ(egress.size(), 2);
  EXPECT_EQ(egress[0].dump(), R"({"to":[{"podSelector":{}}]})");
  ASSERT_EQ(egress[1]["ports"].size(), 2);
  for (const json& port : egress[1]["ports"]) EXPECT_EQ(port["port"], 53);
  for (const json& to : egress[1]["to"])
    EXPECT_TRUE(to.contains("podSelector") || to["ipBlock"]["cidr"] == "169.254.20.10/32");
}

TEST(NamespacePolicy, OfTheInternetLeavesOutWhatIsBlocked) {
  NamespaceRules rules;
  rules.internet = true;
  rules.blocked_ranges = {"169.254.169.254/32", "fd00:ec2::254/128", "203.0.113.0/24"};
  const json egress = policy_object(kOwner, rules)["spec"]["egress"];
  ASSERT_EQ(egress.size(), 3);
  EXPECT_FALSE(egress[2].contains("ports"));
  EXPECT_EQ(egress[2]["to"].dump(),
            R"([{"ipBlock":{"cidr":"0.0.0.0/0","except":["169.254.169.254/32","203.0.113.0/24"]}},)"
            R"({"ipBlock":{"cidr":"::/0","except":["fd00:ec2::254/128"]}}])");
}

TEST(NamespaceBinding, GivesTheTenantsRoleToTheTenantAlone) {
  const json binding = binding_object("tarn-x", kOwner, {});
  EXPECT_EQ(binding["roleRef"]["kind"], "ClusterRole");
  EXPECT_EQ(binding["roleRef"]["name"], "tarn-tenant");
  EXPECT_EQ(binding["subjects"].dump(), R"([{"kind":"ServiceAccount","name":"tenant","namespace":"tarn-x"}])");
}

}  // namespace
}  // namespace drivers
