// What a market writes down of a clearing convinces a stranger: `verify`, which shares no code with market or auction.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "auction/clearing/mechanism.h"
#include "support/market_town.h"
#include "verify/verify.h"

namespace {

using auction::clearing::Mechanism;
using support::MarketTown;
using support::Party;

// A market of this mechanism with orders that it takes, cleared twice: the second time with what was left.
std::vector<std::string> transcripts(Mechanism mechanism) {
  const auto& has = auction::clearing::properties(mechanism);
  MarketTown town;
  town.make_market("hours", [&](market::Market& market) {
    market.clearing.mechanism = mechanism;
    market.clearing.deficit_cap = 100 * MarketTown::kCredit;
    market.clearing.work_limit = 100'000;
  });
  const int members = *rc::gen::inRange(2, 8);
  for (int i = 0; i < members; ++i) {
    Party& party = town.join("member" + std::to_string(i));
    const auto units = has.several_units ? *rc::gen::inRange<std::uint32_t>(1, 5) : 1u;
    const std::int64_t price = 10'000 * *rc::gen::inRange(1, 9);
    if (*rc::gen::arbitrary<bool>()) {
      town.lot(party, "lot", 4, {MarketTown::kStart, town.hour(100)}, {{"site", i % 2 == 0 ? "bos" : "nyc"}});
      market::Terms offer = town.offer("hours", "lot", std::min(units, 4u), price);
      if (has.windows)
        offer = MarketTown::lasting(MarketTown::in_window(offer, town.hour(0), town.hour(6)), MarketTown::kHour,
                                    6 * MarketTown::kHour);
      town.accepted(party, offer);
    } else {
      market::Terms bid = town.bid("hours", units, price);
      if (has.windows)
        bid = MarketTown::lasting(MarketTown::in_window(bid, town.hour(1), town.hour(5)), MarketTown::kHour,
                                  2 * MarketTown::kHour);
      if (has.windows && *rc::gen::arbitrary<bool>()) bid.query = "site = bos";
      if (has.all_or_none) bid.min_units = *rc::gen::inRange<std::uint32_t>(1, units + 1);
      town.accepted(party, bid);
    }
  }
  const std::string first = town.clear("hours").transcript;
  return {first, town.clear("hours").transcript};
}

RC_GTEST_PROP(MarketTranscript, IsFoundTrueByWhoSharesNoCodeWithIt, ()) {
  const auto mechanism = *rc::gen::element(Mechanism::kClaim, Mechanism::kContinuous, Mechanism::kUniform,
                                           Mechanism::kPayAsBid, Mechanism::kVcg, Mechanism::kMcafee, Mechanism::kSbba,
                                           Mechanism::kMuda, Mechanism::kCombinatorial);
  for (const std::string& transcript : transcripts(mechanism)) {
    const auto report = verify::verify(transcript);
    RC_ASSERT(report.ok());
    for (const verify::Check& check : report->checks)
      if (!check.ok) RC_FAIL(check.name + ": " + check.text);
  }
}

}  // namespace
