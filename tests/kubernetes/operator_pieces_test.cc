// Elections, contributions and events at a real API server, with the rights of deploy/kubernetes/operator.yaml. Each test
// has a namespace of its own in the place of Tarn's, where the operator has the same rights.
#include <gmock/gmock.h>

#include "drivers/kubernetes/contributions.h"
#include "drivers/kubernetes/leader_election.h"
#include "support/cluster.h"
#include "support/memory_inventory.h"

namespace {

using nlohmann::json;
using testing::HasSubstr;

class OperatorPieces : public support::OnCluster {
 protected:
  void SetUp() override {
    OnCluster::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    home_ = "pieces-" + random_hex(4);
    ASSERT_EQ(admin_->status_of_create("/api/v1/namespaces", {{"metadata", {{"name", home_}}}}), 201U);
    const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/";
    const json rules = admin_->get(rbac + kHome + "/roles/tarn-operator")["rules"];
    const json name = {{"name", "tarn-operator"}};
    ASSERT_EQ(admin_->status_of_create(rbac + home_ + "/roles", {{"metadata", name}, {"rules", rules}}), 201U);
    const json binding = {
        {"metadata", name},
        {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", "tarn-operator"}}},
        {"subjects", {{{"kind", "ServiceAccount"}, {"name", "tarn-operator"}, {"namespace", kHome}}}}};
    ASSERT_EQ(admin_->status_of_create(rbac + home_ + "/rolebindings", binding), 201U);
    // An API server takes a moment to believe new rights.
    const std::string lease = "/apis/coordination.k8s.io/v1/namespaces/" + home_ + "/leases/tarn-operator";
    for (int i = 0; i < 200 && operator_->status_of_get(lease) == 403; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  void TearDown() override {
    if (admin_) (void)admin_->status_of_remove("/api/v1/namespaces/" + home_);
    OnCluster::TearDown();
  }
  static drivers::ApiOptions api_options() {
    drivers::ApiOptions out;
    out.timeout_ms = 4'000;
    return out;
  }

  std::string home_;
};

class ElectionTest : public OperatorPieces {
 protected:
  struct Candidate {
    Candidate(base::HttpClient& http, const base::Clock& clock, drivers::ElectionOptions options)
        : api(http, clock, api_options()), election(api, clock, std::move(options)) {}
    drivers::KubernetesApi api;
    drivers::LeaderElection election;
  };
  drivers::ElectionOptions options(const std::string& name) const {
    drivers::ElectionOptions out;
    out.name_space = home_;
    out.identity = name;
    return out;
  }
  std::unique_ptr<Candidate> candidate(const drivers::ElectionOptions& options) {
    return std::make_unique<Candidate>(operator_->http(), clock_, options);
  }
  std::string lease_path() const {
    return "/apis/coordination.k8s.io/v1/namespaces/" + home_ + "/leases/tarn-operator";
  }
  static bool leads(Candidate& who) {
    const auto status = who.election.run_once();
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    return who.election.leading();
  }
};

TEST_F(ElectionTest, HasOneLeader) {
  auto a = candidate(options("a")), b = candidate(options("b"));
  ASSERT_TRUE(eventually([&] { return leads(*a); }));
  const auto until = clock_.unix_ms() + 5'000;
  while (clock_.unix_ms() < until) {
    EXPECT_FALSE(leads(*b));
    (void)leads(*a);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(b->election.holder(), "a");
  const json spec = admin_->get(lease_path())["spec"];
  EXPECT_EQ(spec["holderIdentity"], "a");
  EXPECT_EQ(spec["leaseDurationSeconds"], 15);
  EXPECT_EQ(spec["leaseTransitions"], 0);
  EXPECT_NE(spec["renewTime"], spec["acquireTime"]);
}

TEST_F(ElectionTest, IsWonByOneOfManyWhoStandAtOnce) {
  std::vector<std::unique_ptr<Candidate>> all;
  for (int i = 0; i < 6; ++i) all.push_back(candidate(options(std::to_string(i))));
  {
    std::vector<std::jthread> threads;
    for (auto& who : all) threads.emplace_back([&who] { (void)leads(*who); });
  }
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& who) { return who->election.leading(); }), 1);
}

TEST_F(ElectionTest, IsWonByAnotherWhenTheLeaderDies) {
  auto short_lived = options("a"), waiting = options("b");
  for (auto* o : {&short_lived, &waiting}) {
    o->lease_ms = 4'000;
    o->renew_deadline_ms = 2'500;
    o->retry_ms = 500;
  }
  auto a = candidate(short_lived), b = candidate(waiting);
  ASSERT_TRUE(eventually([&] { return leads(*a); }));
  ASSERT_FALSE(leads(*b));
  const auto died = clock_.unix_ms();
  while (!leads(*b)) {
    ASSERT_LT(clock_.unix_ms(), died + 60'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_FALSE(a->election.leading());
  EXPECT_GE(clock_.unix_ms(), died + 3'500);
  EXPECT_EQ(admin_->get(lease_path())["spec"]["leaseTransitions"], 1);
}

TEST_F(ElectionTest, IsWonAtOnceWhenTheLeaderGoes) {
  auto a = candidate(options("a")), b = candidate(options("b"));
  ASSERT_TRUE(eventually([&] { return leads(*a); }));
  ASSERT_FALSE(leads(*b));
  ASSERT_TRUE(a->election.release().ok());
  EXPECT_FALSE(a->election.leading());
  EXPECT_TRUE(eventually([&] { return leads(*b); }, 10)) << "the lease has fifteen seconds";
}

TEST_F(ElectionTest, SaysWhatRightsAreMissing) {
  auto elsewhere = options("a");
  elsewhere.name = "kube-scheduler";
  auto a = candidate(elsewhere);
  const auto status = a->election.run_once();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::Code::kUnreachable);
  EXPECT_THAT(status.error().message, HasSubstr("kube-scheduler"));
  EXPECT_FALSE(a->election.leading());
}

class ContributionTest : public OperatorPieces {
 protected:
  struct NoLog final : base::Log {
    void write(base::LogLevel, std::string_view, std::span<const base::Field>) override {}
  };

  void SetUp() override {
    OperatorPieces::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    net::HttpClientOptions http;
    http.host = "127.0.0.1";
    http.port = plane_.port;
    http.authorities = plane_.ca_pem;
    http.bearer = [token = token_of(kHome, "tarn-operator")]() -> base::Result<std::string> { return token; };
    http.cancelled = [this] { return stopped_.load(); };
    http_ = std::move(net::HttpClient::create(std::move(http))).value();
    watching_ = std::make_unique<drivers::KubernetesApi>(*http_, clock_, api_options());
    drivers::EventOptions event_options;
    event_options.name_space = home_;
    events_ = std::make_unique<drivers::Events>(operator_->api(), event_options);
    drivers::ContributionOptions options;
    options.name_space = home_;
    options.status_ms = 500;
    contributions_ = std::make_unique<drivers::Contributions>(*watching_, inventory_, *events_, log_, clock_, options);
    follower_ = std::jthread([this] {
      while (!stopped_) {
        (void)contributions_->follow();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    });
  }
  void TearDown() override {
    stopped_ = true;
    if (contributions_) contributions_->stop();
    if (follower_.joinable()) follower_.join();
    OperatorPieces::TearDown();
  }

  std::string path(const std::string& name = "") const {
    return "/apis/tarn.dev/v1alpha1/namespaces/" + home_ + "/poolcontributions" + (name.empty() ? "" : "/" + name);
  }
  static json good() { return {{"class", "cpu=1 memory=1Gi"}, {"quantity", 10}, {"price", "0.04"}}; }
  unsigned put_up(const std::string& name, const json& spec) {
    return admin_->status_of_create(path(), {{"apiVersion", "tarn.dev/v1alpha1"},
                                             {"kind", "PoolContribution"},
                                             {"metadata", {{"name", name}}},
                                             {"spec", spec}});
  }
  json condition(const std::string& name, const std::string& type) {
    const json object = admin_->get(path(name));
    if (object.is_object() && object.contains("status"))
      for (const json& c : object["status"]["conditions"])
        if (c["type"] == type) return c;
    return {{"status", ""}, {"reason", ""}, {"message", ""}};
  }
  // Housekeeping until `done`.
  bool until(const std::function<bool()>& done) {
    std::string error;
    const bool is_done = eventually(
        [&] {
          const auto status = contributions_->run_once();
          if (!status.ok()) error = status.error().message;
          events_->flush(clock_.unix_ms());
          return done();
        },
        30);
    EXPECT_TRUE(is_done) << error;
    return is_done;
  }
  std::uint64_t capacity(const std::string& name) const {
    for (const auto& offer : inventory_.offers())
      if (offer.name.starts_with(drivers::offer_prefix(name))) return offer.capacity;
    return 0;
  }

  std::atomic<bool> stopped_{false};
  support::MemoryInventory inventory_{{}};
  NoLog log_;
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<drivers::KubernetesApi> watching_;
  std::unique_ptr<drivers::Events> events_;
  std::unique_ptr<drivers::Contributions> contributions_;
  std::jthread follower_;
};

TEST_F(ContributionTest, IsFollowedFromItsCreationToItsEnd) {
  ASSERT_TRUE(until([&] { return contributions_->summary().read; }));
  ASSERT_EQ(put_up("small", good()), 201U);
  EXPECT_TRUE(until([&] { return capacity("small") == 10; }));
  ASSERT_EQ(admin_->status_of_merge(path("small"), {{"spec", {{"quantity", 3}}}}), 200U);
  EXPECT_TRUE(until([&] { return capacity("small") == 3; }));
  ASSERT_EQ(admin_->status_of_remove(path("small")), 200U);
  EXPECT_TRUE(until([&] { return inventory_.offers().empty(); }));
}

TEST_F(ContributionTest, IsToldWhatBecameOfIt) {
  ASSERT_EQ(put_up("small", good()), 201U);
  ASSERT_TRUE(until([&] { return condition("small", "Offered")["status"] == "True"; }));
  EXPECT_EQ(condition("small", "Accepted")["status"], "True");
  json status = admin_->get(path("small"))["status"];
  EXPECT_EQ(status["class"], "cpu=1 memory=1Gi");
  EXPECT_EQ(status["free"], 10);
  EXPECT_EQ(status["observedGeneration"], 1);

  ASSERT_TRUE(inventory_.hold({1}, {inventory_.offers()[0].unit, {}, 60}, 0, INT64_MAX).ok());
  EXPECT_TRUE(until([&] { return admin_->get(path("small"))["status"]["held"] == 10; }));
  const std::string version = admin_->get(path("small"))["metadata"]["resourceVersion"];
  const auto end = clock_.unix_ms() + 2'000;
  EXPECT_TRUE(until([&] { return clock_.unix_ms() > end; }));
  EXPECT_EQ(admin_->get(path("small"))["metadata"]["resourceVersion"], version) << "nothing changed";
}

TEST_F(ContributionTest, IsToldWhyItIsNotOffered) {
  json bad = good();
  bad["price"] = "0.04 *";
  ASSERT_EQ(put_up("bad", bad), 201U);
  ASSERT_EQ(put_up("small", good()), 201U);
  EXPECT_TRUE(until([&] { return condition("bad", "Accepted")["status"] == "False"; }));
  EXPECT_EQ(condition("bad", "Accepted")["reason"], "InvalidSpec");
  EXPECT_THAT(condition("bad", "Accepted")["message"].get<std::string>(), HasSubstr("spec.price"));
  EXPECT_EQ(condition("bad", "Offered")["status"], "False");
  EXPECT_TRUE(until([&] { return capacity("small") == 10; }));
  EXPECT_EQ(inventory_.offers().size(), 1U);

  const auto noted = [&] {
    const json all = admin_->get("/api/v1/namespaces/" + home_ + "/events");
    for (const json& event : all["items"])
      if (event["involvedObject"]["name"] == "bad" && event["reason"] == "InvalidSpec" && event["type"] == "Warning")
        return event["involvedObject"]["uid"] == admin_->get(path("bad"))["metadata"]["uid"];
    return false;
  };
  EXPECT_TRUE(until(noted));

  ASSERT_EQ(admin_->status_of_merge(path("bad"), {{"spec", {{"price", "0.04"}}}}), 200U);
  EXPECT_TRUE(until([&] { return condition("bad", "Accepted")["status"] == "True"; }));
  EXPECT_EQ(inventory_.offers().size(), 2U);
}

TEST_F(ContributionTest, IsNotSoldAgainInAnotherClass) {
  ASSERT_EQ(put_up("small", good()), 201U);
  ASSERT_TRUE(until([&] { return capacity("small") == 10; }));
  ASSERT_TRUE(inventory_.hold({1}, {inventory_.offers()[0].unit, {}, 60}, 0, INT64_MAX).ok());
  ASSERT_EQ(admin_->status_of_merge(path("small"), {{"spec", {{"class", "cpu=2 memory=1Gi"}}}}), 200U);
  EXPECT_TRUE(until([&] { return condition("small", "Accepted")["reason"] == "ClassInUse"; }));
  EXPECT_FALSE(admin_->get(path("small"))["status"].contains("class"));
  EXPECT_TRUE(inventory_.offers().empty());
  ASSERT_TRUE(inventory_.release_hold({1}).ok());
  EXPECT_TRUE(until([&] { return condition("small", "Accepted")["status"] == "True"; }));
  EXPECT_EQ(admin_->get(path("small"))["status"]["class"], "cpu=2 memory=1Gi");
}

TEST_F(ContributionTest, KeepsConditionsOfOthers) {
  ASSERT_EQ(put_up("small", good()), 201U);
  ASSERT_TRUE(until([&] { return condition("small", "Accepted")["status"] == "True"; }));
  json status = admin_->get(path("small"))["status"];
  status["conditions"].push_back({{"type", "Audited"},
                                  {"status", "True"},
                                  {"reason", "Seen"},
                                  {"message", "by an auditor"},
                                  {"lastTransitionTime", "2026-11-27T03:00:00Z"}});
  const auto reply = admin_->api().merge(path("small") + "/status", {{"status", status}});
  ASSERT_TRUE(reply.ok() && reply->ok()) << (reply.ok() ? reply->message() : reply.error().message);
  ASSERT_EQ(admin_->status_of_merge(path("small"), {{"spec", {{"price", "?"}}}}), 200U);
  EXPECT_TRUE(until([&] { return condition("small", "Accepted")["status"] == "False"; }));
  EXPECT_EQ(condition("small", "Audited")["status"], "True");
}

TEST_F(ContributionTest, IsRefusedByItsSchemaWhereThatCanTell) {
  const auto but = [](const char* field, const json& value) {
    json spec = good();
    spec[json::json_pointer(field)] = value;
    return spec;
  };
  json neither = good(), priceless = good();
  neither.erase("class");
  priceless.erase("price");
  const json bad[] = {neither,
                      priceless,
                      but("/resources", {{"cpu", 1}}),
                      but("/class", std::string(1025, 'x')),
                      but("/quantity", -1),
                      but("/quantity", "ten"),
                      but("/quantity", 4'294'967'296),
                      but("/price", 0.04),
                      but("/price", std::string(513, '1')),
                      but("/limits/bucket", 0),
                      but("/limits/maxLease", "soon"),
                      but("/limits/maxLease", "500ms"),
                      but("/buyers", json::array()),
                      but("/buyers", {"org_1"})};
  for (const json& spec : bad) EXPECT_EQ(put_up("bad", spec), 422U) << spec;
  EXPECT_EQ(put_up(std::string(56, 'x'), good()), 422U);
  json resources = good();
  resources.erase("class");
  resources["resources"] = {{"cpu", 2}, {"memory", "1Gi"}, {"nvidia.com/gpu", "1"}};
  EXPECT_EQ(put_up(std::string(55, 'x'), resources), 201U);
  EXPECT_TRUE(until([&] { return capacity(std::string(55, 'x')) == 10; }));
}

}  // namespace
