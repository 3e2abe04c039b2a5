#include "drivers/kubernetes/contribution.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace drivers {
namespace {

using nlohmann::json;

const std::string kBuyer = "org_" + std::string(63, '0') + "1";

json contribution(json spec, const std::string& name = "small") {
  return {{"metadata", {{"name", name}, {"uid", "u"}, {"generation", 3}}}, {"spec", std::move(spec)}};
}
json good() { return {{"class", "cpu=1 memory=1Gi"}, {"quantity", 32}, {"price", "0.04"}}; }
json good_but(const char* field, json value) {
  json spec = good();
  spec[json::json_pointer(field)] = std::move(value);
  return spec;
}
std::string refusal(const json& spec) { return read_contribution(contribution(spec), {}).refusal.message; }

TEST(Contribution, IsAnOffer) {
  json spec = good();
  spec["limits"] = {{"perSession", 8}, {"bucket", 2}, {"maxLease", "12h"}};
  spec["buyers"] = {kBuyer};
  const Contribution read = read_contribution(contribution(spec), {});
  ASSERT_TRUE(read.offer) << read.refusal.message;
  EXPECT_EQ(read.name, "small");
  EXPECT_EQ(read.uid, "u");
  EXPECT_EQ(read.generation, 3);
  EXPECT_EQ(read.offer->unit.text(), "cpu=1 memory=1Gi");
  EXPECT_EQ(read.offer->capacity, 32U);
  EXPECT_EQ(read.offer->price.text(), "0.04");
  EXPECT_EQ(read.offer->per_session, 8U);
  EXPECT_EQ(read.offer->bucket, 2U);
  EXPECT_EQ(read.offer->max_lease_seconds, 43'200U);
  ASSERT_EQ(read.offer->buyers.size(), 1U);
  EXPECT_EQ((*read.offer->buyers.begin())[31], 1);
  EXPECT_TRUE(read.offer->delivered);
}

TEST(Contribution, NeedsLittle) {
  const Contribution read = read_contribution(contribution(good()), {});
  ASSERT_TRUE(read.offer) << read.refusal.message;
  EXPECT_EQ(read.offer->per_session, 0U);
  EXPECT_EQ(read.offer->bucket, 1U);
  EXPECT_EQ(read.offer->max_lease_seconds, 0U);
  EXPECT_TRUE(read.offer->buyers.empty());
}

TEST(Contribution, MayWriteItsClassAsResources) {
  json spec = good();
  spec.erase("class");
  spec["resources"] = {{"cpu", 1}, {"memory", "1024Mi"}};
  const Contribution by_resources = read_contribution(contribution(spec), {});
  ASSERT_TRUE(by_resources.offer) << by_resources.refusal.message;
  EXPECT_EQ(by_resources.offer->unit, read_contribution(contribution(good()), {}).offer->unit);
  EXPECT_EQ(by_resources.offer->name, read_contribution(contribution(good()), {}).offer->name);
}

TEST(Contribution, IsAnotherOfferWithAnotherClassAlone) {
  const auto name = [](const json& spec) { return read_contribution(contribution(spec), {}).offer->name; };
  EXPECT_TRUE(name(good()).starts_with("small/"));
  EXPECT_EQ(name(good()), name(good_but("/class", "memory=1Gi cpu=1000m")));
  EXPECT_EQ(name(good()), name(good_but("/price", "1")));
  EXPECT_EQ(name(good()), name(good_but("/quantity", 0)));
  EXPECT_NE(name(good()), name(good_but("/class", "cpu=2 memory=1Gi")));
}

TEST(Contribution, IsRefusedWithItsField) {
  const std::pair<json, const char*> bad[] = {
      {nullptr, "spec: needs either class or resources"},
      {json::array(), "spec: needs either class or resources"},
      {good_but("/resources", {{"cpu", 1}}), "spec: needs either class or resources"},
      {good_but("/class", "cpu=1.00001 memory=1Gi"), "spec.class: "},
      {good_but("/class", 3), "spec.class: "},
      {good_but("/class", "cpu=1"), "a class that is delivered"},
      {good_but("/quantity", nullptr), "spec.quantity: "},
      {good_but("/quantity", -1), "spec.quantity: "},
      {good_but("/quantity", 1.5), "spec.quantity: "},
      {good_but("/quantity", "3"), "spec.quantity: "},
      {good_but("/quantity", 4'294'967'296), "spec.quantity: "},
      {good_but("/price", nullptr), "spec.price: "},
      {good_but("/price", 0.04), "spec.price: "},
      {good_but("/price", "0.04 *"), "spec.price: "},
      {good_but("/limits", 1), "spec.limits: "},
      {good_but("/limits/perSession", -1), "spec.limits.perSession: "},
      {good_but("/limits/bucket", 0), "spec.limits.bucket: "},
      {good_but("/limits/maxLease", "12"), "spec.limits.maxLease: "},
      {good_but("/limits/maxLease", "366d"), "spec.limits.maxLease: "},
      {good_but("/limits/maxLease", "10ms"), "spec.limits.maxLease: "},
      {good_but("/buyers", kBuyer), "spec.buyers: "},
      {good_but("/buyers", json::array()), "spec.buyers: "},
      {good_but("/buyers", {kBuyer, "org_1"}), "spec.buyers[1]: "},
      {good_but("/buyers", {7}), "spec.buyers[0]: "},
  };
  for (const auto& [spec, message] : bad) EXPECT_TRUE(refusal(spec).starts_with(message)) << spec << refusal(spec);

  json by_resources = good();
  by_resources.erase("class");
  for (const json& odd : {json(1), json::object(), json{{"cpu", 1.5}, {"memory", "1Gi"}}, json{{"cpu", "0"}},
                          json{{"cpu memory", 1}}, json{{"cpu", "1 memory=1Gi"}}, json{{"cpu", -1}}}) {
    by_resources["resources"] = odd;
    EXPECT_TRUE(refusal(by_resources).starts_with("spec.resources: ")) << odd;
  }
}

TEST(Contribution, IsRefusedWithItsFieldAndNotItsValue) {
  for (const char* field : {"/class", "/price", "/limits/maxLease", "/buyers/0"})
    EXPECT_EQ(refusal(good_but(field, "hunter2")).find("hunter2"), std::string::npos) << field;
}

TEST(Contribution, NeedsANameThatFits) {
  EXPECT_TRUE(read_contribution(contribution(good(), std::string(55, 'a')), {}).offer);
  EXPECT_FALSE(read_contribution(contribution(good(), std::string(56, 'a')), {}).offer);
  EXPECT_FALSE(read_contribution(contribution(good(), ""), {}).offer);
}

TEST(Contribution, IsNotMoreThanCanBeDelivered) {
  EXPECT_TRUE(refusal(good_but("/class", "cpu=1 memory=8Ei")).find("more than Kubernetes can count") !=
              std::string::npos);
}

TEST(Contribution, ReadsWhateverAServerSends) {
  for (const json& odd : {json(), json(3), json("x"), json::array(), json{{"metadata", 1}}, json{{"spec", 1}},
                          json{{"status", {{"conditions", {1}}}}}}) {
    EXPECT_FALSE(read_contribution(odd, {}).offer);
    EXPECT_FALSE(told(odd));
  }
}

json condition(const json& status, const std::string& type) {
  for (const json& entry : status["conditions"])
    if (entry["type"] == type) return entry;
  return {};
}

TEST(ContributionStatus, SaysWhatIsOffered) {
  const json object = contribution(good());
  const Contribution read = read_contribution(object, {});
  const json status = contribution_status(object, read, {"small", 32, 20, 4, 8}, 1000);
  EXPECT_EQ(status["class"], "cpu=1 memory=1Gi");
  EXPECT_EQ(status["free"], 20);
  EXPECT_EQ(status["held"], 4);
  EXPECT_EQ(status["leased"], 8);
  EXPECT_EQ(status["observedGeneration"], 3);
  EXPECT_EQ(condition(status, "Accepted")["status"], "True");
  EXPECT_NE(condition(status, "Accepted")["message"].get<std::string>().find(read.offer->name), std::string::npos);
  EXPECT_EQ(condition(status, "Offered")["status"], "True");
  EXPECT_EQ(condition(contribution_status(object, read, {"small", 32, 0, 32, 0}, 1000), "Offered")["status"], "True");
  EXPECT_EQ(condition(contribution_status(object, read, {"small", 32, 0, 0, 32}, 1000), "Offered")["reason"],
            "AllLeased");
}

TEST(ContributionStatus, SaysWhyNothingIsOffered) {
  json object = contribution(good_but("/price", "?"));
  object["status"] = {{"class", "cpu=9"}, {"conditions", {{{"type", "Theirs"}, {"status", "True"}}}}};
  const Contribution read = read_contribution(object, {});
  object["status"] = contribution_status(object, read, {"small", 5, 0, 0, 5}, 1000);
  EXPECT_FALSE(object["status"].contains("class"));
  EXPECT_EQ(object["status"]["leased"], 5);
  EXPECT_EQ(condition(object["status"], "Accepted")["status"], "False");
  EXPECT_EQ(condition(object["status"], "Accepted")["reason"], "InvalidSpec");
  EXPECT_EQ(condition(object["status"], "Offered")["reason"], "NotAccepted");
  EXPECT_EQ(condition(object["status"], "Theirs")["status"], "True");
  EXPECT_EQ(told(object), read.refusal);
  EXPECT_EQ(contribution_status(object, read, {"small", 5, 0, 0, 5}, 99'000), object["status"]) << "nothing is new";
  EXPECT_FALSE(object["status"].contains("reserved"));
  object["status"] = contribution_status(object, read, {"small", 5, 0, 0, 2, 3, 4}, 99'000);
  EXPECT_EQ(object["status"]["reserved"], 3);
  EXPECT_FALSE(contribution_status(object, read, {"small", 5, 3, 0, 2, 0, 4}, 99'000).contains("reserved"));
}

TEST(ContributionStatus, CountsAllOffersOfAContributionAndNoOthers) {
  const inventory::Totals totals[] = {
      {"small/1", 11, 5, 2, 3, 1}, {"small/2", 4, 0, 0, 4}, {"small", 1, 1, 0, 0}, {"smaller/1", 1, 1, 0, 0}};
  const auto sum = promised_of("small", totals);
  EXPECT_EQ(sum.free, 5U);
  EXPECT_EQ(sum.held, 2U);
  EXPECT_EQ(sum.leased, 7U);
  EXPECT_EQ(sum.reserved, 1U);
}

}  // namespace
}  // namespace drivers
