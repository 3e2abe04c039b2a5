// PoolContributions as offers: what is taken, what is refused and why, and how changes are followed, against a fake
// (support/scripted_http.h). The schema and a real watch are tried in tests/kubernetes.
#include "drivers/kubernetes/contributions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_http.h"

namespace drivers {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ApiOptions impatient() {
  ApiOptions options;
  options.timeout_ms = 1;
  options.pause = [](int) {};
  return options;
}

const std::string kBuyer = "org_" + std::string(64, 'a');

json contribution(const std::string& name, json spec, int generation = 1) {
  return {{"metadata",
           {{"name", name},
            {"namespace", "tarn-system"},
            {"uid", "uid-" + name},
            {"generation", generation},
            {"resourceVersion", "7"},
            {"creationTimestamp", "2026-01-01T00:00:00Z"}}},
          {"spec", std::move(spec)}};
}
json usual() { return {{"class", "cpu=1 memory=1Gi"}, {"quantity", 10}, {"price", "0.04"}}; }

std::string refusal(const json& spec) {
  const auto offer = read_contribution(contribution("a", spec), {});
  if (offer.ok()) return "";
  EXPECT_EQ(offer.error().code, base::Code::kInvalidInput);
  return offer.error().message;
}
json with(const char* pointer, json value) {
  json spec = usual();
  spec[json::json_pointer(pointer)] = std::move(value);
  return spec;
}

TEST(Contribution, IsAnOffer) {
  json spec = usual();
  spec["limits"] = {{"perSession", 4}, {"bucket", 2}, {"maxLease", "12h"}};
  spec["buyers"] = {kBuyer};
  const auto offer = read_contribution(contribution("small", spec), {});
  ASSERT_TRUE(offer.ok()) << offer.error().message;
  EXPECT_EQ(offer->name, "small");
  EXPECT_EQ(offer->unit.text(), "cpu=1 memory=1Gi");
  EXPECT_EQ(offer->capacity, 10U);
  EXPECT_EQ(offer->per_session, 4U);
  EXPECT_EQ(offer->bucket, 2U);
  EXPECT_EQ(offer->max_lease_seconds, 43'200U);
  EXPECT_EQ(offer->buyers.size(), 1U);
  EXPECT_EQ(offer->price.text(), "0.04");
  EXPECT_TRUE(offer->delivered);
}

TEST(Contribution, MayNameResourcesAsPodsDo) {
  const json spec = {{"resources", {{"cpu", 2}, {"memory", "512Mi"}, {"nvidia.com/gpu", "1"}}},
                     {"quantity", 3},
                     {"price", "free < 8 ? 0.10 : 0.02"}};
  const auto offer = read_contribution(contribution("gpu", spec), {});
  ASSERT_TRUE(offer.ok()) << offer.error().message;
  EXPECT_EQ(offer->unit.text(), model::ResourceClass::parse("cpu=2 memory=512Mi nvidia.com/gpu=1")->text());
}

TEST(Contribution, ThatIsWrongSaysWhere) {
  EXPECT_EQ(refusal(usual()), "");
  EXPECT_THAT(refusal(with("/class", "cpu=x")), HasSubstr("class: "));
  EXPECT_THAT(refusal(with("/class", 7)), HasSubstr("class: "));
  EXPECT_THAT(refusal(with("/resources", {{"cpu", 1}})), HasSubstr("either class or resources"));
  for (const json& resources :
       {json::array(), json::object(), json{{"cpu", "1 memory=2"}}, json{{"cpu", 0.5}}, json{{"cpu", 0}},
        json{{"no such", 1}}, json{{"cpu", json::array()}}, json{{"memory", "-1"}}}) {
    json spec = with("/resources", resources);
    spec.erase("class");
    EXPECT_THAT(refusal(spec), HasSubstr("resources: ")) << resources;
  }
  for (const json& quantity : {json(), json(-1), json(1.5), json("10"), json(4'294'967'296)})
    EXPECT_THAT(refusal(with("/quantity", quantity)), HasSubstr("quantity: ")) << quantity;
  for (const json& price : {json(), json(0.04), json(""), json("1 +"), json("cost()")})
    EXPECT_THAT(refusal(with("/price", price)), HasSubstr("price: ")) << price;
  EXPECT_THAT(refusal(with("/limits/bucket", 0)), HasSubstr("bucket: "));
  EXPECT_THAT(refusal(with("/limits/perSession", -3)), HasSubstr("perSession: "));
  for (const json& longest : {json("5s"), json("400d"), json(5), json("soon")})
    EXPECT_THAT(refusal(with("/limits/maxLease", longest)), HasSubstr("maxLease: ")) << longest;
  for (const json& buyers : {json("x"), json{"org_1"}, json{7}, json(std::vector<std::string>(257, kBuyer))})
    EXPECT_THAT(refusal(with("/buyers", buyers)), HasSubstr("buyers: ")) << buyers.size();
  EXPECT_THAT(refusal(json()), HasSubstr("either class or resources"));
  EXPECT_FALSE(read_contribution(contribution(std::string(65, 'a'), usual()), {}).ok());
  EXPECT_FALSE(read_contribution(json::array(), {}).ok());
}

TEST(ContributionSet, ABadOneChangesNothingElse) {
  ContributionSet set({});
  set.replace(
      {contribution("good", usual()), contribution("bad", with("/price", "1 +")), json(7), contribution("", usual())});
  ASSERT_EQ(set.offers().size(), 1U);
  EXPECT_EQ(set.offers()[0].name, "good");
  EXPECT_EQ(set.items().at("good").in_pool().status, "True");
  const auto& bad = set.items().at("bad");
  EXPECT_EQ(bad.accepted().status, "False");
  EXPECT_THAT(bad.accepted().message, HasSubstr("price"));
  EXPECT_EQ(bad.in_pool().status, "False");
}

TEST(ContributionSet, FollowsChangesAndDeletions) {
  ContributionSet set({});
  const auto event = [](const char* type, const json& object) { return json{{"type", type}, {"object", object}}; };
  EXPECT_TRUE(set.apply(event("ADDED", contribution("a", usual()))));
  EXPECT_FALSE(set.apply(event("MODIFIED", contribution("a", usual()))));  // its status was written
  EXPECT_TRUE(set.apply(event("MODIFIED", contribution("a", with("/quantity", 20), 2))));
  EXPECT_EQ(set.offers().at(0).capacity, 20U);
  EXPECT_TRUE(set.apply(event("MODIFIED", contribution("a", with("/quantity", -1), 3))));
  EXPECT_THAT(set.offers(), IsEmpty());  // not at the old terms either
  EXPECT_TRUE(set.apply(event("MODIFIED", contribution("a", usual(), 4))));
  json leaving = contribution("a", usual(), 5);
  leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_TRUE(set.apply(event("MODIFIED", leaving)));
  EXPECT_THAT(set.offers(), IsEmpty());
  EXPECT_FALSE(set.apply(event("DELETED", leaving)));
  for (const json& nonsense : {json(), json(7), event("ADDED", json()), event("ODD", contribution("b", usual()))})
    EXPECT_FALSE(set.apply(nonsense));
}

TEST(ContributionSet, TheOldestAreOfferedAndTheRestWait) {
  ContributionSet set({});
  json items = json::array();
  for (std::size_t i = 0; i < ContributionSet::kMaxOffers; ++i)
    items.push_back(contribution("c" + std::to_string(i), usual()));
  json young = contribution("a-young-one", usual());
  young["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z";
  items.push_back(young);
  set.replace(items);
  EXPECT_EQ(set.offers().size(), ContributionSet::kMaxOffers);
  EXPECT_EQ(set.items().at("a-young-one").in_pool().reason, "TooMany");
  (void)set.apply({{"type", "DELETED"}, {"object", items[3]}});
  EXPECT_EQ(set.items().at("a-young-one").in_pool().status, "True");
}

TEST(ContributionSet, AStatusIsWrittenOnceAndItsTimesStay) {
  ContributionSet set({});
  set.replace(json::array({contribution("a", usual())}));
  const inventory::Totals totals{"a", 10, 7, 1, 2};
  const json first = set.items().at("a").status(&totals, 1'000'000);
  EXPECT_EQ(first["free"], 7);
  EXPECT_EQ(first["leased"], 2);
  EXPECT_EQ(first["class"], "cpu=1 memory=1Gi");
  EXPECT_EQ(first["observedGeneration"], 1);
  ASSERT_EQ(first["conditions"].size(), 2U);
  set.wrote("a", {{"status", first}});
  EXPECT_EQ(set.items().at("a").status(&totals, 9'000'000), first);
}

class Following : public testing::Test {
 protected:
  Following() {
    options.set_offers = [this](std::vector<inventory::Offer> offers) -> base::Status {
      if (full) return base::Error{base::Code::kStorage, "the disk is full"};
      seen.emplace_back();
      for (const auto& offer : offers) seen.back().push_back(offer.name + "*" + std::to_string(offer.capacity));
      return {};
    };
    options.totals = [this] { return totals; };
  }
  static std::string list(const std::vector<json>& items) {
    return json{{"metadata", {{"resourceVersion", "40"}}}, {"items", items}}.dump();
  }
  static std::string line(const char* type, const json& object) {
    return json{{"type", type}, {"object", object}}.dump() + "\n";
  }
  // With the status that it is to have, so that none is written.
  static json settled(json object) {
    ContributionSet set({});
    set.replace(json::array({object}));
    object["status"] = set.items().begin()->second.status(nullptr, 1'000'000);
    return object;
  }
  std::size_t count(const std::string& method, const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(http.asked.begin(), http.asked.end(), [&](const auto& request) {
      return request.method == method && request.target.find(part) != std::string::npos;
    }));
  }

  support::ManualClock clock;
  support::ScriptedHttp http;
  KubernetesApi api{http, clock, impatient()};
  EventRecorder events{api, clock, "tarn-operator", "pod-0"};
  ContributionsOptions options;
  std::vector<std::vector<std::string>> seen;
  std::vector<inventory::Totals> totals;
  bool full = false;
};

TEST_F(Following, HandsOverWhatIsThereAndWhatChanges) {
  Contributions contributions(api, clock, events, options);
  http.answer(200, list({settled(contribution("a", usual()))}));
  http.pieces({line("MODIFIED", settled(contribution("a", with("/quantity", 20), 2)))});
  ASSERT_TRUE(contributions.round(5).ok());
  http.pieces({line("DELETED", contribution("a", usual(), 2))});
  ASSERT_TRUE(contributions.round(5).ok());
  http.pieces({});
  ASSERT_TRUE(contributions.round(5).ok());
  EXPECT_THAT(seen, ElementsAre(ElementsAre("a*10"), ElementsAre("a*20"), IsEmpty()));
  EXPECT_EQ(count("GET", "limit=500"), 1U);
  EXPECT_THAT(http.asked.at(1).target, testing::AllOf(HasSubstr("timeoutSeconds=5"), HasSubstr("resourceVersion=40")));
  EXPECT_THAT(http.asked.at(2).target, HasSubstr("resourceVersion=7"));
}

TEST_F(Following, ListsAgainWhenItsPlaceIsLost) {
  Contributions contributions(api, clock, events, options);
  http.answer(200, list({settled(contribution("a", usual()))}));
  http.pieces({R"({"type":"ERROR","object":{"code":410,"message":"too old"}})"
               "\n"});
  ASSERT_TRUE(contributions.round(5).ok());
  http.answer(200, list({}));
  http.pieces({});
  ASSERT_TRUE(contributions.round(5).ok());
  EXPECT_THAT(seen, ElementsAre(ElementsAre("a*10"), IsEmpty()));
}

TEST_F(Following, WhileTheServerIsAwayTheOffersStand) {
  Contributions contributions(api, clock, events, options);
  http.answer(200, list({settled(contribution("a", usual()))}));
  http.fail(base::Code::kUnreachable);  // the watch
  EXPECT_FALSE(contributions.round(5).ok());
  http.fail(base::Code::kUnreachable);
  EXPECT_FALSE(contributions.round(5).ok());
  http.answer(403, R"({"message":"forbidden"})");
  EXPECT_THAT(contributions.round(5).error().message, HasSubstr("forbidden"));
  EXPECT_EQ(seen.size(), 1U);
}

TEST_F(Following, OffersThatCouldNotBeTakenAreHandedOverAgain) {
  Contributions contributions(api, clock, events, options);
  full = true;
  http.answer(200, list({settled(contribution("a", usual()))}));
  EXPECT_EQ(contributions.round(5).error().code, base::Code::kStorage);
  full = false;
  http.pieces({});
  ASSERT_TRUE(contributions.round(5).ok());
  EXPECT_THAT(seen, ElementsAre(ElementsAre("a*10")));
}

TEST_F(Following, TellsStatusAndEventOnceAndWhenItTurns) {
  Contributions contributions(api, clock, events, options);
  totals = {{"a", 10, 10, 0, 0}};
  http.answer(200, list({contribution("a", usual())}));
  http.answer(201);  // two events
  http.answer(201);
  json written = contribution("a", usual());
  {
    ContributionSet set({});
    set.replace(json::array({written}));
    written["status"] = set.items().at("a").status(&totals[0], clock.now);
  }
  http.answer(200, written.dump());
  http.pieces({});
  ASSERT_TRUE(contributions.round(5).ok());
  EXPECT_EQ(count("PATCH", "/poolcontributions/a/status"), 1U);
  EXPECT_EQ(json::parse(http.asked[3].body)["status"]["free"], 10);
  http.pieces({});
  ASSERT_TRUE(contributions.round(5).ok());  // nothing to tell
  EXPECT_EQ(count("PATCH", "/status"), 1U);
  totals = {{"a", 10, 6, 0, 4}};
  http.answer(200, written.dump());
  http.pieces({});
  http.answer(200, written.dump());
  ASSERT_TRUE(contributions.round(5).ok());  // other figures are no event
  EXPECT_EQ(count("POST", "/events"), 2U);
  EXPECT_GE(count("PATCH", "/status"), 2U);
}

}  // namespace
}  // namespace drivers
