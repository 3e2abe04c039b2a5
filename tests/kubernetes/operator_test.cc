// tarn operator as a process, with the rights of deploy/kubernetes/operator.yaml, at the real API server: one of two
// leads, what is contributed is offered, and the lead goes over when it is handed over, held up or cut off.
// One test: there is one Lease of this name, and each part needs the one before it.
#include "e2e/tarn_lab.h"
#include "support/cluster.h"

namespace {

using e2e::json;

constexpr char kContributions[] = "/apis/tarn.dev/v1alpha1/namespaces/tarn-system/poolcontributions";

class OperatorTest : public support::OnCluster {
 protected:
  struct Candidate {
    std::string config, http;
    std::optional<e2e::Process> process;
  };

  void TearDown() override {
    if (admin_)
      for (const std::string& name : {good(), bad()})
        (void)admin_->status_of_remove(std::string(kContributions) + "/" + name);
    OnCluster::TearDown();
  }
  // Tests run side by side.
  std::string good() const { return "good-" + provider_; }
  std::string bad() const { return "bad-" + provider_; }
  Candidate candidate(const std::string& name) {
    const json cluster = {{"server", "https://127.0.0.1:" + std::to_string(plane_.port)},
                          {"certificate-authority", plane_.folder + "/ca.crt"}};
    const json kubeconfig = {{"current-context", "x"},
                             {"clusters", {{{"name", "c"}, {"cluster", cluster}}}},
                             {"users", {{{"name", "u"}, {"user", {{"tokenFile", "token"}}}}}},
                             {"contexts", {{{"name", "x"}, {"context", {{"cluster", "c"}, {"user", "u"}}}}}}};
    e2e::write_file(directory_ / "token", token_of(kHome, "tarn-operator"));
    e2e::write_file(directory_ / "kubeconfig", kubeconfig.dump());
    EXPECT_EQ(e2e::tarn({"keygen", "--out", directory_ / (name + ".key")}).code, e2e::kDone);
    const std::string listen = kept_address(), http = kept_address();
    const std::string config = directory_ / (name + ".toml");
    e2e::write_file(config, "identity = \"" + name + ".key\"\nstate_dir = \"" + name + ".state\"\nlisten = \"" +
                                listen + "\"\nhttp = \"" + http +
                                "\"\n[dht]\nlisten = \"127.0.0.1:0\"\n[kubernetes]\nkubeconfig = \"kubeconfig\"\n");
    return {config, http, {}};
  }
  static void start(Candidate& one) { one.process.emplace(e2e::start_tarn({"operator", "--config", one.config})); }
  json contribution(const std::string& name, const std::string& price) {
    return {{"apiVersion", "tarn.dev/v1alpha1"},
            {"kind", "PoolContribution"},
            {"metadata", {{"name", name}}},
            {"spec", {{"class", "cpu=1 memory=1Gi"}, {"quantity", 12}, {"price", price}}}};
  }
  // What the status of a contribution says of a condition.
  std::string condition(const std::string& name, const std::string& type) {
    const json object = admin_->get(std::string(kContributions) + "/" + name);
    const json::json_pointer at("/status/conditions");
    if (!object.contains(at)) return "";
    for (const json& one : object.at(at))
      if (one.value("type", "") == type) return one.value("status", "");
    return "";
  }

  const std::string& kept_address() {
    ports_.push_back(e2e::bind_loopback());
    return ports_.back().address;
  }

  e2e::TemporaryDirectory directory_;
  std::vector<e2e::Port> ports_;
};

TEST_F(OperatorTest, OneLeadsAndOffersWhatIsContributed) {
  Candidate a = candidate("a"), b = candidate("b");
  start(a);
  ASSERT_TRUE(a.process->says("operator_leads")) << a.process->err();
  ASSERT_TRUE(a.process->says("provider_started")) << a.process->err();
  start(b);
  ASSERT_TRUE(b.process->says("operator_stands_by")) << b.process->err();

  // What is right is offered, what is wrong says so and changes nothing else.
  ASSERT_EQ(admin_->status_of_create(kContributions, contribution(good(), "0.04")), 201U);
  ASSERT_EQ(admin_->status_of_create(kContributions, contribution(bad(), "1 +")), 201U);
  EXPECT_TRUE(e2e::eventually([&] { return condition(good(), "Offered") == "True"; })) << a.process->err();
  EXPECT_TRUE(e2e::eventually([&] { return condition(bad(), "Accepted") == "False"; })) << a.process->err();
  EXPECT_EQ(condition(good(), "Accepted"), "True");

  // Handed over, the next one leads at once, and offers the same.
  a.process->send(SIGTERM);
  EXPECT_EQ(e2e::finish(*a.process).code, e2e::kDone) << a.process->err();
  ASSERT_TRUE(b.process->says("operator_leads")) << b.process->err();
  ASSERT_TRUE(b.process->says("contributions_offered offers=1")) << b.process->err();

  // One that was held up for too long has lost the lead, knows it, and ends without doing anything more.
  start(a);
  ASSERT_TRUE(a.process->says("operator_stands_by")) << a.process->err();
  b.process->send(SIGSTOP);
  ASSERT_TRUE(a.process->says("operator_leads")) << a.process->err();
  b.process->send(SIGCONT);
  EXPECT_EQ(e2e::finish(*b.process).code, e2e::kUnreachable) << b.process->err();
  EXPECT_THAT(b.process->err(), e2e::HasSubstr("lead_lost"));

  // What is withdrawn is not offered any more.
  ASSERT_TRUE(a.process->says("contributions_offered offers=1")) << a.process->err();
  ASSERT_EQ(admin_->status_of_remove(std::string(kContributions) + "/" + good()), 200U);
  ASSERT_TRUE(a.process->says("contributions_offered offers=0")) << a.process->err();
  a.process->send(SIGTERM);
  EXPECT_EQ(e2e::finish(*a.process).code, e2e::kDone) << a.process->err();
}

TEST_F(OperatorTest, RefusesAConfigurationThatIsNoOperators) {
  Candidate one = candidate("one");
  std::string text = e2e::read_file(one.config);
  e2e::write_file(one.config, text + "[[offers]]\nname = \"small\"\nclass = \"cpu=1\"\ncapacity = 1\nprice = \"1\"\n");
  const e2e::End offers = e2e::tarn({"operator", "--config", one.config});
  EXPECT_EQ(offers.code, e2e::kRefused) << offers;
  EXPECT_THAT(offers.err, e2e::HasSubstr("offers"));
  e2e::write_file(one.config, text.substr(0, text.find("[kubernetes]")));
  const e2e::End nowhere = e2e::tarn({"operator", "--config", one.config});
  EXPECT_EQ(nowhere.code, e2e::kRefused) << nowhere;
  EXPECT_THAT(nowhere.err, e2e::HasSubstr("[kubernetes]"));
}

}  // namespace
