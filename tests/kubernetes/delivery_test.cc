// Deliveries on a real API server whatever happens between: crashes, lost answers, other writers, other owners.
#include <algorithm>
#include <set>

#include "support/cluster.h"

namespace {

using inventory::Place;
using nlohmann::json;
using support::FaultyHttp;
using Kind = FaultyHttp::Kind;
using State = Place::State;

class DeliveryTest : public support::OnCluster {
 protected:
  static constexpr int kMostCalls = 60;  // that a delivery or its end may take: else a loop does not end

  // A process that dies at call `at`, before it is sent or before its answer is there. Whether it came so far.
  bool dies_at(int at, Kind kind, const std::function<void(inventory::Fulfiller&)>& doing) {
    bool dead = false;
    FaultyHttp http(operator_->http(), [&](int call, const base::HttpRequest&) -> FaultyHttp::Fault {
      if (dead) return {Kind::kLoseRequest, base::Code::kCancelled};
      if (call != at) return {};
      dead = true;
      return {kind, base::Code::kCancelled};
    });
    drivers::ApiOptions options;
    options.cancelled = [&] { return dead; };
    Tarn dying(http, clock_, std::move(options), delivery_options());
    doing(dying.fulfiller);
    return dead;
  }

  bool exists(const std::string& path) { return admin_->status_of_get(path) == 200; }
  std::set<inventory::Id> present() {
    auto by = tarn();
    const auto ids = by->present();
    EXPECT_TRUE(ids.ok()) << (ids.ok() ? "" : ids.error().message);
    return ids.ok() ? std::set<inventory::Id>(ids->begin(), ids->end()) : std::set<inventory::Id>();
  }
  std::string condition(const inventory::Order& order, const std::string& type, const char* field = "/status") {
    for (const json& c : admin_->get(lease_path(order)).value("/status/conditions"_json_pointer, json::array()))
      if (c["type"] == type) return drivers::text_at(c, field);
    return "";
  }
};

TEST_F(DeliveryTest, EndsReadyAndIsAllThere) {
  const auto order = this->order("cpu=1 memory=1Gi", 2);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + drivers::namespace_name(order.lease);
  const std::string net = "/apis/networking.k8s.io/v1/namespaces/" + drivers::namespace_name(order.lease);
  for (const std::string& path :
       {space_path(order) + "/resourcequotas/tarn-quota", space_path(order) + "/limitranges/tarn-limits",
        net + "/networkpolicies/tarn-isolation", space_path(order) + "/serviceaccounts/tenant",
        rbac + "/rolebindings/tarn-tenant"})
    EXPECT_TRUE(exists(path)) << path;
  EXPECT_EQ(admin_->get(space_path(order))["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
  EXPECT_EQ(condition(order, "Ready"), "True");
  EXPECT_EQ(condition(order, "Provisioned"), "True");
  EXPECT_EQ(admin_->get(lease_path(order))["status"]["phase"], "Ready");
  EXPECT_EQ(present(), std::set{order.lease});
}

TEST_F(DeliveryTest, TwiceChangesNothing) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  const json lease = admin_->get(lease_path(order)), space = admin_->get(space_path(order));
  ASSERT_TRUE(delivered(by.fulfiller, order));
  EXPECT_EQ(admin_->get(lease_path(order))["metadata"]["resourceVersion"], lease["metadata"]["resourceVersion"]);
  EXPECT_EQ(admin_->get(space_path(order))["metadata"]["resourceVersion"], space["metadata"]["resourceVersion"]);
}

TEST_F(DeliveryTest, GivesNoRightsBeforeTheQuotaIsInForce) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  bool bound = false, in_force_then = false;
  FaultyHttp http(operator_->http(), [&](int, const base::HttpRequest& request) -> FaultyHttp::Fault {
    if (request.target.find("/rolebindings/") != std::string::npos && !bound) {
      bound = true;
      const json quota = admin_->get(space_path(order) + "/resourcequotas/tarn-quota");
      in_force_then = !quota["spec"]["hard"].empty() && quota["spec"]["hard"] == quota["status"]["hard"];
    }
    return {};
  });
  auto by = tarn_over(http);
  ASSERT_TRUE(delivered(by.fulfiller, order));
  EXPECT_TRUE(bound);
  EXPECT_TRUE(in_force_then);
}

TEST_F(DeliveryTest, SurvivesADeathAtEveryCall) {
  // All of them first, then all again, then all away: a cluster takes seconds to end a namespace.
  std::vector<inventory::Order> orders;
  for (const Kind kind : {Kind::kLoseRequest, Kind::kLoseAnswer}) {
    bool died = true;
    for (int at = 0; died; ++at) {
      ASSERT_LT(at, kMostCalls);
      orders.push_back(order("cpu=1 memory=1Gi", 1));
      died = dies_at(at, kind, [&](inventory::Fulfiller& by) { (void)by.deliver(orders.back()); });
    }
  }
  ASSERT_GT(orders.size(), 20U);

  auto by = tarn();
  for (const auto& order : orders) {
    ASSERT_TRUE(delivered(by.fulfiller, order));
    EXPECT_TRUE(by->access(order).ok());
  }
  EXPECT_EQ(present().size(), orders.size());
  for (const auto& order : orders) EXPECT_TRUE(by->withdraw(order.lease).ok());
  for (const auto& order : orders) {
    EXPECT_TRUE(gone(by.fulfiller, order.lease));
    EXPECT_FALSE(exists(space_path(order)));
    EXPECT_FALSE(exists(lease_path(order)));
  }
  EXPECT_TRUE(present().empty());
}

TEST_F(DeliveryTest, LeavesNothingBehindWhereItsEndDiesAtEveryCall) {
  std::vector<inventory::Order> orders;
  auto by = tarn();
  for (const Kind kind : {Kind::kLoseRequest, Kind::kLoseAnswer}) {
    bool died = true;
    for (int at = 0; died; ++at) {
      ASSERT_LT(at, kMostCalls);
      orders.push_back(order("cpu=1 memory=1Gi", 1));
      ASSERT_TRUE(delivered(by.fulfiller, orders.back()));
      died = dies_at(at, kind, [&](inventory::Fulfiller& dying) { (void)dying.withdraw(orders.back().lease); });
    }
  }
  for (const auto& order : orders) EXPECT_TRUE(by->withdraw(order.lease).ok());
  for (const auto& order : orders) {
    EXPECT_TRUE(gone(by.fulfiller, order.lease));
    EXPECT_FALSE(exists(space_path(order)));
    EXPECT_FALSE(exists(lease_path(order)));
  }
  EXPECT_TRUE(present().empty());
}

// The last step is another: the namespace is gone, and the PoolLease goes.
TEST_F(DeliveryTest, LeavesNothingBehindWhereItsLastStepDiesAtEveryCall) {
  constexpr std::size_t kCalls = 10;
  std::vector<inventory::Order> orders;
  auto by = tarn();
  for (std::size_t i = 0; i < 2 * kCalls; ++i) {
    orders.push_back(order("cpu=1 memory=1Gi", 1));
    ASSERT_TRUE(delivered(by.fulfiller, orders.back()));
  }
  for (const auto& order : orders) ASSERT_TRUE(by->withdraw(order.lease).ok());
  for (const auto& order : orders) ASSERT_TRUE(eventually([&] { return !exists(space_path(order)); }));
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const auto kind = i < kCalls ? Kind::kLoseRequest : Kind::kLoseAnswer;
    const bool died = dies_at(static_cast<int>(i % kCalls), kind,
                              [&](inventory::Fulfiller& dying) { (void)dying.withdraw(orders[i].lease); });
    if (i % kCalls == 0) {
      EXPECT_TRUE(died);
    }
    if (i % kCalls == kCalls - 1) {
      EXPECT_FALSE(died) << "the last step takes more calls than were tried";
    }
  }
  for (const auto& order : orders) {
    EXPECT_TRUE(gone(by.fulfiller, order.lease));
    EXPECT_FALSE(exists(space_path(order)));
    EXPECT_FALSE(exists(lease_path(order)));
  }
  EXPECT_TRUE(present().empty());
}

TEST_F(DeliveryTest, LooksUpWhatALostAnswerWouldHaveSaid) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  std::set<std::string> lost;
  FaultyHttp http(operator_->http(), [&](int, const base::HttpRequest& request) -> FaultyHttp::Fault {
    if (request.method == "POST" && lost.insert(request.target).second) return {Kind::kLoseAnswer};
    return {};
  });
  auto by = tarn_over(http);
  const auto first = by->deliver(order);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_GE(lost.size(), 2U);
  EXPECT_TRUE(delivered(by.fulfiller, order));
}

TEST_F(DeliveryTest, RidesOutThrottlingAndServersInTrouble) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  int trouble = 0;
  FaultyHttp http(operator_->http(), [&](int call, const base::HttpRequest&) -> FaultyHttp::Fault {
    switch (call % 5) {
      case 1: return ++trouble, FaultyHttp::Fault{Kind::kAnswer, {}, {429, 0, R"({"message":"slow down"})"}};
      case 3: return ++trouble, FaultyHttp::Fault{Kind::kAnswer, {}, {503, std::nullopt, ""}};
      default: return {};
    }
  });
  drivers::ApiOptions options;
  options.pause = [](int) {};
  Tarn by(http, clock_, options, delivery_options());
  ASSERT_TRUE(delivered(by.fulfiller, order));
  ASSERT_TRUE(by->access(order).ok());
  ASSERT_TRUE(gone(by.fulfiller, order.lease));
  EXPECT_GT(trouble, 8);
}

TEST_F(DeliveryTest, GetsThereWithAServerThatIsSlow) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  int calls = 0;
  FaultyHttp http(operator_->http(), [&](int, const base::HttpRequest&) -> FaultyHttp::Fault {
    ++calls;
    return {.latency_ms = 150};
  });
  auto by = tarn_over(http);
  ASSERT_TRUE(delivered(by.fulfiller, order));
  ASSERT_TRUE(by->access(order).ok());
  ASSERT_TRUE(gone(by.fulfiller, order.lease));
  EXPECT_GT(calls, 15);
}

TEST_F(DeliveryTest, GetsThereWithAServerThatAnswersEveryCallTooLateTheFirstTime) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  std::set<std::string> late;
  FaultyHttp http(operator_->http(), [&](int, const base::HttpRequest& request) -> FaultyHttp::Fault {
    return {.latency_ms = late.insert(request.method + request.target).second ? 1'000 : 0};
  });
  drivers::ApiOptions options;
  options.timeout_ms = 500;
  Tarn by(http, clock_, options, delivery_options());
  ASSERT_TRUE(reaches(State::kReady, [&] { return by->deliver(order); }));
  ASSERT_TRUE(gone(by.fulfiller, order.lease));
  EXPECT_GT(late.size(), 10U);
}

TEST_F(DeliveryTest, RidesOutAnotherWriter) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  int raced = 0;  // somebody changes the PoolLease between our reading and our writing
  FaultyHttp http(operator_->http(), [&](int, const base::HttpRequest& request) -> FaultyHttp::Fault {
    if (request.method == "PATCH" && request.body.find("resourceVersion") != std::string::npos && raced < 3) {
      const json change = {{"metadata", {{"annotations", {{"n", std::to_string(++raced)}}}}}};
      EXPECT_EQ(admin_->status_of_merge(lease_path(order), change), 200);
    }
    return {};
  });
  auto raced_by = tarn_over(http);
  EXPECT_TRUE(gone(raced_by.fulfiller, order.lease));
  EXPECT_EQ(raced, 3);
  EXPECT_FALSE(exists(lease_path(order)));
}

TEST_F(DeliveryTest, SaysWhatIsInTheWayAndIsNotGoneBeforeItIs) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  json stuck = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}};
  stuck["metadata"] = {{"name", "stuck"}, {"finalizers", {"example.com/keeps"}}};
  ASSERT_EQ(admin_->status_of_create(space_path(order) + "/configmaps", stuck), 201);

  std::string detail;
  ASSERT_TRUE(eventually([&] {
    const auto place = by->withdraw(order.lease);
    EXPECT_TRUE(place.ok() && place->state == State::kLeaving);
    detail = place.ok() ? place->detail : "";
    return detail.find("example.com/keeps") != std::string::npos;
  })) << detail;
  EXPECT_EQ(condition(order, "Terminating"), "True");
  EXPECT_EQ(condition(order, "Terminating", "/reason"), "Blocked");
  EXPECT_NE(admin_->get(lease_path(order))["status"]["blockedBy"].dump().find("example.com/keeps"), std::string::npos);
  EXPECT_EQ(present(), std::set{order.lease});

  ASSERT_EQ(admin_->status_of_merge(space_path(order) + "/configmaps/stuck", {{"metadata", {{"finalizers", nullptr}}}}),
            200);
  EXPECT_TRUE(gone(by.fulfiller, order.lease));
  EXPECT_TRUE(present().empty());
}

TEST_F(DeliveryTest, IsRecalledByWhoeverDeletesThePoolLease) {
  const auto order = this->order("cpu=1 memory=1Gi", 1), other = this->order("cpu=1 memory=1Gi", 1);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  ASSERT_TRUE(delivered(by.fulfiller, other));
  EXPECT_TRUE(by->recalled()->empty());
  ASSERT_EQ(admin_->status_of_remove(lease_path(order)), 200);
  EXPECT_EQ(*by->recalled(), std::vector{order.lease});
  EXPECT_TRUE(exists(space_path(order)));  // nothing goes before Tarn knows
  EXPECT_EQ(by->deliver(order).error().code, base::Code::kInvalidInput);

  EXPECT_TRUE(gone(by.fulfiller, order.lease));
  EXPECT_TRUE(by->recalled()->empty());
  EXPECT_EQ(present(), std::set{other.lease});
}

TEST_F(DeliveryTest, LeavesANamespaceAloneThatIsNotItsOwn) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  json theirs = {{"apiVersion", "v1"}, {"kind", "Namespace"}};
  theirs["metadata"] = {{"name", drivers::namespace_name(order.lease)}, {"labels", {{"team", "theirs"}}}};
  ASSERT_EQ(admin_->status_of_create("/api/v1/namespaces", theirs), 201);
  const json before = admin_->get(space_path(order));
  auto by = tarn();
  EXPECT_EQ(by->deliver(order).error().code, base::Code::kInvalidInput);
  EXPECT_FALSE(by->access(order).ok());
  EXPECT_EQ(condition(order, "Provisioned", "/reason"), "NamespaceRefused");
  EXPECT_TRUE(gone(by.fulfiller, order.lease));
  EXPECT_EQ(admin_->get(space_path(order))["metadata"]["labels"], before["metadata"]["labels"]);
  EXPECT_FALSE(drivers::being_deleted(admin_->get(space_path(order))));
  EXPECT_FALSE(exists(space_path(order) + "/resourcequotas/tarn-quota"));
  EXPECT_TRUE(present().empty());
  EXPECT_EQ(admin_->status_of_remove(space_path(order)), 200);
}

TEST_F(DeliveryTest, OfTwoProvidersTouchNotEachOther) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  auto options = delivery_options();
  options.provider = random_hex(8);
  Tarn other(operator_->http(), clock_, {}, options);
  EXPECT_TRUE(other->present()->empty());
  EXPECT_EQ(other->deliver(order).error().code, base::Code::kInvalidInput);
  EXPECT_FALSE(other->access(order).ok());
  EXPECT_FALSE(other->usage(order.lease).ok());
  EXPECT_EQ(other->withdraw(order.lease)->state, State::kGone);
  EXPECT_EQ(by->deliver(order)->state, State::kReady);
  EXPECT_EQ(present(), std::set{order.lease});
}

TEST_F(DeliveryTest, MakesANamespaceAnewThatSomebodyDeleted) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  const json uid = admin_->get(space_path(order))["metadata"]["uid"];
  ASSERT_EQ(admin_->status_of_remove(space_path(order)), 200);
  ASSERT_TRUE(delivered(by.fulfiller, order));
  EXPECT_NE(admin_->get(space_path(order))["metadata"]["uid"], uid);
}

TEST_F(DeliveryTest, IsFoundAndSweptAlsoWithoutItsPoolLease) {
  const auto order = this->order("cpu=1 memory=1Gi", 1);
  auto by = tarn();
  ASSERT_TRUE(delivered(by.fulfiller, order));
  ASSERT_EQ(admin_->status_of_merge(lease_path(order), {{"metadata", {{"finalizers", nullptr}}}}), 200);
  ASSERT_EQ(admin_->status_of_remove(lease_path(order)), 200);
  EXPECT_EQ(present(), std::set{order.lease});
  EXPECT_TRUE(gone(by.fulfiller, order.lease));
  EXPECT_FALSE(exists(space_path(order)));
}

TEST_F(DeliveryTest, OfNothingIsGone) {
  auto by = tarn();
  EXPECT_EQ(by->withdraw(order("cpu=1 memory=1Gi", 1).lease)->state, State::kGone);
}

TEST_F(DeliveryTest, RefusesWhatNoNamespaceCanBe) {
  auto by = tarn();
  EXPECT_EQ(by->deliver(order("nvidia.com/gpu=1", 1)).error().code, base::Code::kInvalidInput);
  EXPECT_EQ(by->deliver(order("cpu=1 memory=4Ei", 9)).error().code, base::Code::kInvalidInput);
  EXPECT_TRUE(present().empty());
}

TEST_F(DeliveryTest, NeedsNoMoreRightsThanItsRole) {
  for (const char* path :
       {"/api/v1/namespaces/kube-system/secrets", "/api/v1/nodes", "/apis/rbac.authorization.k8s.io/v1/clusterroles"})
    EXPECT_EQ(operator_->status_of_get(path), 403) << path;
  json binding = {{"apiVersion", "rbac.authorization.k8s.io/v1"}, {"kind", "ClusterRoleBinding"}};
  binding["metadata"] = {{"name", "mine-" + provider_}};
  binding["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "cluster-admin"}};
  EXPECT_EQ(operator_->status_of_create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding), 403);
  binding["kind"] = "RoleBinding";
  EXPECT_EQ(operator_->status_of_create("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", binding),
            403);
}

}  // namespace
