// What a tenant gets is what was bought: no less, and not a bit more.
#include "support/tenant.h"

namespace {

using nlohmann::json;
using support::claim;
using support::config_map;
using support::pod;
using support::service;

class QuotaTest : public support::OnCluster {
 protected:
  support::Tenant tenant_of(const inventory::Order& order) {
    auto by = tarn();
    EXPECT_TRUE(delivered(by.fulfiller, order));
    const auto access = by->access(order);
    EXPECT_TRUE(access.ok()) << (access.ok() ? "" : access.error().message);
    const std::string token = access.ok() ? support::token_in(access->credentials) : "none";
    EXPECT_TRUE(support::Tenant(plane_, order, token).is_believed());
    return {plane_, order, token};
  }
};

TEST_F(QuotaTest, IsInForceWhenALeaseIsDelivered) {
  const auto order = this->order("cpu=500m memory=1Gi ephemeral-storage=10Gi pods=3 storage=20Gi nvidia.com/gpu=2", 4);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  const json hard = admin_->get(space_path(order) + "/resourcequotas/tarn-quota")["status"]["hard"];
  const std::map<std::string, std::string> wanted{{"requests.cpu", "2"},
                                                  {"limits.cpu", "2"},
                                                  {"requests.memory", "4Gi"},
                                                  {"limits.memory", "4Gi"},
                                                  {"requests.ephemeral-storage", "40Gi"},
                                                  {"limits.ephemeral-storage", "40Gi"},
                                                  {"requests.storage", "80Gi"},
                                                  {"requests.nvidia.com/gpu", "8"},
                                                  {"pods", "12"},
                                                  {"services.nodeports", "0"},
                                                  {"services.loadbalancers", "0"}};
  for (const auto& [name, amount] : wanted) EXPECT_EQ(hard.value(name, ""), amount) << name;
}

TEST_F(QuotaTest, AdmitsAllThatWasBoughtAndRefusesMore) {
  auto tenant = tenant_of(order("cpu=1 memory=1Gi pods=2", 2));
  EXPECT_EQ(tenant.makes("pods", pod("most", {{"cpu", "1500m"}, {"memory", "1536Mi"}})), 201);
  EXPECT_EQ(tenant.makes("pods", pod("cpu", {{"cpu", "501m"}, {"memory", "1Mi"}})), 403);
  EXPECT_EQ(tenant.makes("pods", pod("memory", {{"cpu", "1m"}, {"memory", "513Mi"}})), 403);
  EXPECT_EQ(tenant.makes("pods", pod("rest", {{"cpu", "500m"}, {"memory", "512Mi"}})), 201);
  EXPECT_EQ(tenant.makes("pods", pod("nothing-left", {{"cpu", "1m"}, {"memory", "1Mi"}})), 403);
}

TEST_F(QuotaTest, CountsPods) {
  auto tenant = tenant_of(order("cpu=1 memory=1Gi pods=1", 2));
  const std::map<std::string, std::string> little{{"cpu", "1m"}, {"memory", "1Mi"}};
  EXPECT_EQ(tenant.makes("pods", pod("a", little)), 201);
  EXPECT_EQ(tenant.makes("pods", pod("b", little)), 201);
  EXPECT_EQ(tenant.makes("pods", pod("c", little)), 403);
}

TEST_F(QuotaTest, GrantsVolumesOnlyWhereTheyWereBought) {
  auto without = tenant_of(order("cpu=1 memory=1Gi", 1));
  EXPECT_EQ(without.makes("persistentvolumeclaims", claim("a", "1Gi")), 403);
  auto with = tenant_of(order("cpu=1 memory=1Gi storage=5Gi", 2));
  EXPECT_EQ(with.makes("persistentvolumeclaims", claim("a", "6Gi")), 201);
  EXPECT_EQ(with.makes("persistentvolumeclaims", claim("b", "5Gi")), 403);
  EXPECT_EQ(with.makes("persistentvolumeclaims", claim("c", "4Gi")), 201);
}

TEST_F(QuotaTest, GrantsDevicesOnlyWhereTheyWereBought) {
  const std::map<std::string, std::string> one{{"cpu", "1m"}, {"memory", "1Mi"}, {"nvidia.com/gpu", "1"}};
  auto without = tenant_of(order("cpu=1 memory=1Gi", 1));
  EXPECT_EQ(without.makes("pods", pod("a", one)), 403);
  auto with = tenant_of(order("cpu=1 memory=1Gi nvidia.com/gpu=1", 1));
  EXPECT_EQ(with.makes("pods", pod("a", one)), 201);
  EXPECT_EQ(with.makes("pods", pod("b", one)), 403);
}

TEST_F(QuotaTest, LimitsStorageOfNodesThatNobodyBought) {
  auto tenant = tenant_of(order("cpu=1 memory=1Gi", 1));
  EXPECT_EQ(tenant.makes("pods", pod("a", {{"cpu", "1m"}, {"memory", "1Mi"}, {"ephemeral-storage", "2Gi"}})), 403);
}

TEST_F(QuotaTest, AdmitsAPodThatSaysNothing) {
  const auto order = this->order("cpu=200m memory=64Mi", 1);
  auto tenant = tenant_of(order);
  EXPECT_EQ(tenant.makes("pods", pod("plain")), 201);
  const json resources = admin_->get(space_path(order) + "/pods/plain")["spec"]["containers"][0]["resources"];
  EXPECT_EQ(resources["limits"]["cpu"], "200m");
  EXPECT_EQ(resources["limits"]["memory"], "64Mi");
  EXPECT_EQ(resources["requests"]["cpu"], "100m");
}

TEST_F(QuotaTest, RefusesServicesThatOpenPortsOfTheCluster) {
  auto tenant = tenant_of(order("cpu=1 memory=1Gi", 1));
  EXPECT_EQ(tenant.makes("services", service("inside", "ClusterIP")), 201);
  EXPECT_EQ(tenant.makes("services", service("on-nodes", "NodePort")), 403);
  EXPECT_EQ(tenant.makes("services", service("balanced", "LoadBalancer")), 403);
}

TEST_F(QuotaTest, LimitsNumbersOfObjects) {
  auto tenant = tenant_of(order("cpu=1 memory=1Gi", 1));
  unsigned last = 201;
  int made = 0;
  for (; made < 70 && last == 201; ++made) last = tenant.makes("configmaps", config_map("c" + std::to_string(made)));
  EXPECT_EQ(last, 403);
  // The last was refused. Of the 64 one is the cluster's own, kube-root-ca.crt, unless it came so close to the quota that
  // the API server did not count it.
  EXPECT_GE(made, 64);
  EXPECT_LE(made, 65);
}

TEST_F(QuotaTest, IsToldAsUsage) {
  const auto order = this->order("cpu=1 memory=1Gi", 2);
  auto tenant = tenant_of(order);
  ASSERT_EQ(tenant.makes("pods", pod("a", {{"cpu", "750m"}, {"memory", "1Gi"}})), 201);
  auto by = tarn();
  auto usage = by->usage(order.lease);
  ASSERT_TRUE(usage.ok()) << usage.error().message;
  EXPECT_EQ((*usage)["limits.cpu"].granted, "2");
  EXPECT_EQ((*usage)["limits.cpu"].used, "750m");
  EXPECT_EQ((*usage)["requests.memory"].used, "1Gi");
  EXPECT_EQ((*usage)["pods"].used, "1");
}

TEST_F(QuotaTest, IsPutRightIfSomebodyChangedIt) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  const std::string quota = space_path(order) + "/resourcequotas/tarn-quota";
  ASSERT_EQ(admin_->status_of_merge(quota, {{"spec", {{"hard", {{"requests.cpu", "100"}}}}}}), 200);
  ASSERT_TRUE(delivered(by.fulfiller, order));
  EXPECT_EQ(admin_->get(quota)["status"]["hard"]["requests.cpu"], "1");
}

}  // namespace
