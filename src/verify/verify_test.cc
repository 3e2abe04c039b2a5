// What the mechanisms write, passes; whatever an operator could change to its advantage, is found.
#include "verify/verify.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "auction/clearing/generator.h"
#include "support/clearing_calls.h"
#include "support/combinatorial_calls.h"
#include "support/transcripts.h"

namespace verify {
namespace {

using auction::clearing::Call;
using auction::clearing::Mechanism;
using auction::clearing::Payments;
using Json = nlohmann::json;

std::string failures(const Report& report) {
  std::string out;
  for (const Check& check : report.checks)
    if (!check.ok) out += check.name + ": " + check.text + "\n";
  return out;
}

std::string found_in(const std::string& json) {
  const auto report = verify(json);
  if (!report.ok()) return report.error().message;
  return failures(*report);
}
bool fails(const Json& json, const std::string& check) {
  const auto report = verify(json.dump());
  if (!report.ok()) return false;
  return std::ranges::any_of(report->checks, [&](const Check& c) { return c.name == check && !c.ok; });
}

Json text_plus(const Json& value, std::int64_t more) {
  return std::to_string(std::stoll(value.get<std::string>()) + more);
}

// A call with trades, unserved orders and several units.
Call sale(Mechanism mechanism) {
  clearing_calls::Chance chance(11);
  for (;;) {
    Call call = clearing_calls::one_product(mechanism, chance, {9, 1'000, 4});
    call.settings.deficit_cap = 1'000'000;
    call.seed = transcripts::header_of(std::span(&call, 1)).seed;
    const auto outcome = auction::clearing::clear(call);
    CHECK(outcome.ok());
    if (outcome->trades.size() >= 3) return call;
  }
}
Call tables(std::uint64_t number = 1) {
  return auction::clearing::windowed_call(auction::clearing::kWindowedTable, number);
}

RC_GTEST_PROP(Verify, finds_nothing_wrong_with_what_single_product_mechanisms_write, (std::uint64_t seed)) {
  clearing_calls::Chance chance(seed);
  std::vector<Call> calls;
  for (const Mechanism mechanism : clearing_calls::kSingleProduct)
    calls.push_back(clearing_calls::one_product(mechanism, chance));
  calls.push_back(clearing_calls::with_windows(Mechanism::kClaim, chance));
  calls.push_back(clearing_calls::with_windows(Mechanism::kContinuous, chance));
  RC_ASSERT(found_in(transcripts::written(calls)) == "");
}

RC_GTEST_PROP(Verify, finds_nothing_wrong_with_what_combinatorial_writes, ()) {
  Call call = calls::any_call({5, 4, 3, 4, 6, 1'000});
  call.settings.payments = *rc::gen::element(Payments::kPayAsBid, Payments::kThreshold, Payments::kVcg);
  call.settings.deficit_cap = calls::draw<std::int64_t>(0, 3'000);
  call.settings.work_limit = *rc::gen::element<std::uint64_t>(1, 500, 2'000'000);
  RC_ASSERT(found_in(transcripts::written({call})) == "");
}

TEST(Verify, checks_each_call_of_a_document) {
  const auto report = verify(transcripts::written({sale(Mechanism::kUniform), tables()}));
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok()) << failures(*report);
  EXPECT_EQ(report->calls, 2U);
  EXPECT_EQ(report->market, 3U);
  EXPECT_EQ(report->number, 17U);
  EXPECT_EQ(report->checks.size(), 3U + 2 * 9U);
}

struct Lie {
  const char* check;
  std::function<void(Json&)> tell;
};

TEST(Verify, finds_every_false_number_of_an_outcome) {
  const std::vector<Lie> lies = {
      {"welfare", [](Json& call) { call["welfare"] = text_plus(call["welfare"], 1); }},
      {"budget", [](Json& call) { call["budget"] = text_plus(call["budget"], -1); }},
      {"trades", [](Json& call) { call["trades"][0]["units"] = 9; }},
      {"trades", [](Json& call) { call["trades"][0]["start"] = call["trades"][0]["start"].get<int>() + 1; }},
      {"trades", [](Json& call) { call["trades"].push_back(call["trades"].back()); }},
      {"limits", [](Json& call) { call["trades"][0]["pays"] = text_plus(call["trades"][0]["pays"], 1'000'000'000); }},
      {"limits", [](Json& call) { call["trades"][0]["gets"] = "-1"; }},
      {"budget", [](Json& call) { call["trades"][0]["pays"] = text_plus(call["trades"][0]["pays"], 1); }},
      {"welfare", [](Json& call) { call["trades"].erase(0); }},
  };
  for (const Mechanism mechanism : clearing_calls::kSingleProduct) {
    const Json honest = Json::parse(transcripts::written({sale(mechanism)}));
    for (std::size_t i = 0; i < lies.size(); ++i) {
      Json json = honest;
      lies[i].tell(json["calls"][0]);
      EXPECT_TRUE(fails(json, lies[i].check)) << "lie " << i << " in " << properties(mechanism).name;
    }
  }
}

// Prices and partners that would be fine with limits and budget, but are not what the rule says.
TEST(Verify, finds_a_price_that_is_not_the_rules) {
  for (const Mechanism mechanism : clearing_calls::kSingleProduct) {
    Json json = Json::parse(transcripts::written({sale(mechanism)}));
    Json& trade = json["calls"][0]["trades"][0];
    for (const char* amount : {"pays", "gets"}) trade[amount] = text_plus(trade[amount], -1);
    EXPECT_TRUE(fails(json, "prices") || fails(json, "limits")) << properties(mechanism).name;
  }
}

TEST(Verify, finds_a_winner_that_was_left_out_although_its_bid_is_listed) {
  for (const Mechanism mechanism : {Mechanism::kUniform, Mechanism::kPayAsBid, Mechanism::kVcg, Mechanism::kMcafee}) {
    // Cleared without the best bid, which is then added to the list as if it had lost.
    Call call = sale(mechanism);
    const auto best = std::ranges::max_element(call.bids, {}, &auction::clearing::Order::price);
    Call without = call;
    without.bids.erase(without.bids.begin() + (best - call.bids.begin()));
    Json json = Json::parse(transcripts::written({without}));
    const Json honest = Json::parse(transcripts::written({call}));
    json["calls"][0]["bids"].push_back(honest["calls"][0]["bids"][static_cast<std::size_t>(best - call.bids.begin())]);
    json["orders"] = honest["orders"];
    json["seed"] = honest["seed"];
    EXPECT_TRUE(fails(json, "prices")) << properties(mechanism).name;
  }
}

TEST(Verify, finds_an_ask_that_is_sold_twice) {
  Json json = Json::parse(transcripts::written({tables()}));
  Json& trades = json["calls"][0]["trades"];
  ASSERT_GE(trades.size(), 2U);
  bool found = false;
  for (std::size_t i = 1; i < trades.size() && !found; ++i) {
    if (trades[i]["bid"] == trades[0]["bid"]) continue;
    Json other = json;
    other["calls"][0]["trades"][i]["ask"] = trades[0]["ask"];
    other["calls"][0]["trades"][i]["start"] = trades[0]["start"];
    other["calls"][0]["bids"][trades[i]["bid"].get<std::size_t>()]["earliest"] = 0;
    other["calls"][0]["bids"][trades[i]["bid"].get<std::size_t>()]["latest_end"] = 12;
    found = fails(other, "capacity");
  }
  EXPECT_TRUE(found);
}

TEST(Verify, finds_a_false_bound) {
  const Json honest = Json::parse(transcripts::written({tables()}));
  for (const std::int64_t more : {-1, 1}) {
    for (const char* bound : {"upper_bound", "dual_bound"}) {
      Json json = honest;
      json["calls"][0][bound] = text_plus(json["calls"][0][bound], more);
      EXPECT_TRUE(fails(json, "bound")) << bound << more;
    }
  }
  Json json = honest;  // prices of nothing show less
  for (Json& price : json["calls"][0]["dual"]) price = 0;
  EXPECT_TRUE(fails(json, "bound"));
  json["calls"][0]["dual"].erase(0);
  EXPECT_TRUE(fails(json, "bound"));
  Json single = Json::parse(transcripts::written({sale(Mechanism::kUniform)}));
  single["calls"][0]["upper_bound"] = text_plus(single["calls"][0]["upper_bound"], 1);
  EXPECT_TRUE(fails(single, "prices"));
}

TEST(Verify, finds_a_seed_that_was_chosen_afterwards) {
  const Json honest = Json::parse(transcripts::written({sale(Mechanism::kSbba)}));
  const auto flipped = [](std::string hex) {
    hex[7] = hex[7] == '0' ? '1' : '0';
    return hex;
  };
  const auto with = [&](const char* field) {
    Json json = honest;
    json[field] = flipped(json[field]);
    return json;
  };
  EXPECT_TRUE(fails(with("commitment"), "commitment"));
  // A whole other lottery, right in itself, is not the one that was promised.
  const auto promised = crypto::sha256(base::view("another commitment"));
  const auto exchanged = verify(honest.dump(), promised);
  ASSERT_TRUE(exchanged.ok());
  EXPECT_FALSE(exchanged->ok());
  EXPECT_TRUE(std::ranges::any_of(exchanged->checks, [](const Check& c) { return c.name == "seen" && !c.ok; }));
  EXPECT_TRUE(fails(with("operator_seed"), "commitment"));
  EXPECT_TRUE(fails(with("operator_seed"), "seed"));
  EXPECT_TRUE(fails(with("seed"), "seed"));
  Json json = honest;
  json["number"] = "18";
  EXPECT_TRUE(fails(json, "commitment"));
  json = honest;
  json["orders"][0]["digest"] = flipped(json["orders"][0]["digest"]);
  EXPECT_TRUE(fails(json, "seed"));
  json = honest;
  json["orders"].erase(0);
  EXPECT_TRUE(fails(json, "orders"));
}

TEST(Verify, finds_a_trade_that_its_orders_do_not_allow) {
  Json json = Json::parse(transcripts::written({tables()}));
  Json& call = json["calls"][0];
  const Json trade = call["trades"][0];
  const auto bid = trade["bid"].get<std::size_t>(), ask = trade["ask"].get<std::size_t>();
  Json changed = json;
  changed["calls"][0]["closed"] = Json::array();
  for (std::size_t i = 0; i < call["asks"].size(); ++i) changed["calls"][0]["closed"].push_back(Json::array());
  EXPECT_FALSE(fails(changed, "trades"));
  changed["calls"][0]["closed"][ask].push_back({trade["start"], trade["start"].get<int>() + 1});
  EXPECT_TRUE(fails(changed, "trades"));
  changed = json;
  changed["calls"][0]["eligible"] = Json::array();
  for (std::size_t i = 0; i < call["bids"].size(); ++i) changed["calls"][0]["eligible"].push_back(Json::array());
  EXPECT_TRUE(fails(changed, "trades"));
  changed = json;
  changed["calls"][0]["bids"][bid]["same_site"] = true;
  changed["calls"][0]["asks"][ask]["site"] = 7;
  ASSERT_EQ(call["trades"][1]["bid"], trade["bid"]);
  EXPECT_TRUE(fails(changed, "trades"));
  changed = json;
  changed["calls"][0]["bids"][bid]["price"] = 0;
  EXPECT_TRUE(fails(changed, "trades"));
}

TEST(Verify, finds_a_promise_that_the_mechanism_does_not_make) {
  for (const Mechanism mechanism : {Mechanism::kUniform, Mechanism::kPayAsBid, Mechanism::kClaim}) {
    Json json = Json::parse(transcripts::written({sale(mechanism)}));
    json["calls"][0]["truthful"] = true;
    EXPECT_TRUE(fails(json, "truthful"));
  }
  Json json = Json::parse(transcripts::written({sale(Mechanism::kMcafee)}));
  json["calls"][0]["bids"][1]["organisation"] = json["calls"][0]["bids"][0]["organisation"];
  EXPECT_TRUE(fails(json, "terms"));
}

TEST(Verify, refuses_what_is_no_transcript) {
  const Json honest = Json::parse(transcripts::written({tables()}));
  const auto refused = [](const std::string& text) {
    const auto report = verify(text);
    return !report.ok() && report.error().code == base::Code::kInvalidInput;
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("[]"));
  EXPECT_TRUE(refused(std::string(1'000'000, '[')));
  EXPECT_TRUE(refused("{\"tarn\":\"clearing\",\"tarn\":\"clearing\"}"));
  for (const auto& [key, value] : honest.items()) {
    Json json = honest;
    json.erase(key);
    EXPECT_TRUE(refused(json.dump())) << key;
    json[key] = nullptr;
    EXPECT_TRUE(refused(json.dump())) << key;
  }
  for (const auto& [key, value] : honest["calls"][0].items()) {
    Json json = honest;
    json["calls"][0].erase(key);
    EXPECT_TRUE(refused(json.dump()) || fails(json, "bound")) << key;
  }
  Json json = honest;
  json["more"] = 1;
  EXPECT_TRUE(refused(json.dump()));
  json = honest;
  json["calls"][0]["trades"][0]["bid"] = 99;
  EXPECT_TRUE(refused(json.dump()));
  json = honest;
  json["calls"][0]["welfare"] = "01";
  EXPECT_TRUE(refused(json.dump()));
}

// 20,000 bids that could each start at a thousand times on any of 2,000 asks: nothing that a file of a few megabytes may
// make us count.
TEST(Verify, does_not_begin_what_would_take_hours) {
  Json json = Json::parse(transcripts::written({tables()}));
  Json& call = json["calls"][0];
  for (const char* side : {"bids", "asks"}) {
    Json order = call[side][0];
    order["earliest"] = 0;
    order["latest_end"] = 1'000;
    order["min_slots"] = 1;
    order["max_slots"] = 200;
    call[side] = Json::array();
    for (int i = 0; i < (side == std::string("bids") ? 20'000 : 2'000); ++i) {
      order["order"] = std::to_string((side == std::string("bids") ? 100'000 : 1'000) + i);
      call[side].push_back(order);
    }
  }
  call["trades"] = Json::array();
  call["dual"] = std::vector<int>(2'000'000, 0);
  EXPECT_TRUE(fails(json, "bound"));
}

}  // namespace
}  // namespace verify
