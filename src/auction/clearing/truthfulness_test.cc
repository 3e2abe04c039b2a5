// Who gains by not telling the truth: a small world is searched, for every trader every price and number of units, while
// all other reports, and the seed, stay as they are. Units beyond what a buyer needs are worth nothing to it; a seller
// offers no more than it has.
#include <gtest/gtest.h>

#include "auction/clearing/mechanism.h"
#include "support/clearing_calls.h"

namespace auction::clearing {
namespace {

using namespace clearing_calls;

std::int64_t gain(const Call& truth, const Outcome& outcome, Side side, Index trader) {
  const Order& own = side == Side::kBid ? truth.bids[trader] : truth.asks[trader];
  std::int64_t units = 0, money = 0;
  for (const Trade& trade : outcome.trades) {
    if ((side == Side::kBid ? trade.bid : trade.ask) != trader) continue;
    units += trade.units;
    money += side == Side::kBid ? -trade.pays : trade.gets;
  }
  const std::int64_t slots = own.latest_end - own.earliest;
  const std::int64_t needed = std::min<std::int64_t>(units, own.max_units);
  return money + (side == Side::kBid ? needed : -units) * own.price * slots;
}

struct Found {
  std::size_t reports = 0, gains = 0, untruthful = 0;  // calls of which the mechanism says so itself
};

void search(Call& said, const Call& truth, Side side, Index trader, std::int64_t honest, const World& world,
            Found& found) {
  Order& report = side == Side::kBid ? said.bids[trader] : said.asks[trader];
  const Order own = report;
  const std::uint32_t most = !properties(truth.settings.mechanism).several_units ? 1
                             : side == Side::kBid                                ? own.max_units + 1
                                                                                 : own.max_units;
  for (std::uint32_t units = 1; units <= most; ++units) {
    for (std::int64_t price = 0; price <= static_cast<std::int64_t>(world.most_price) + 1; ++price) {
      report.price = price;
      report.max_units = units;
      ++found.reports;
      found.gains += gain(truth, clear(said).value(), side, trader) > honest ? 1U : 0U;
    }
  }
  report = own;
}

Found searched(Mechanism mechanism, int draws, const World& world) {
  Chance chance(static_cast<std::uint64_t>(mechanism) + 77);
  Found found;
  for (int draw = 0; draw < draws; ++draw) {
    const Call truth = one_product(mechanism, chance, world);
    const Outcome honest = clear(truth).value();
    const bool promised = properties(mechanism).truthful != Truthful::kNo;
    if (promised && !honest.truthful) {
      ++found.untruthful;
      continue;
    }
    Call said = truth;
    for (const Side side : {Side::kBid, Side::kAsk})
      for (Index trader = 0; trader < (side == Side::kBid ? truth.bids : truth.asks).size(); ++trader)
        search(said, truth, side, trader, gain(truth, honest, side, trader), world, found);
  }
  return found;
}

constexpr World kSmall{.most_orders = 5, .most_price = 7, .most_units = 3};

class MarketTruthfulness : public testing::TestWithParam<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(Each, MarketTruthfulness, testing::ValuesIn(kSingleProduct), label);

TEST_P(MarketTruthfulness, IsWhatTheMechanismPromisesAndNoMore) {
  const Found found = searched(GetParam(), 1200, kSmall);
  EXPECT_GT(found.reports, 10'000U);
  if (properties(GetParam()).truthful == Truthful::kNo) {
    EXPECT_GT(found.gains, 0U) << "the search finds what there is";
  } else {
    EXPECT_EQ(found.gains, 0U);
  }
  EXPECT_EQ(found.untruthful > 0, GetParam() == Mechanism::kVcg) << "only the cap of a deficit breaks a promise";
}

// Beyond the cap somebody can gain: by a lower deficit that brings VCG's prices back. So the outcome may not claim more.
TEST(MarketTruth, DoesNotHoldWhereTheDeficitHitItsCap) {
  Chance chance(5);
  std::size_t gains = 0;
  for (int draw = 0; draw < 1500; ++draw) {
    const Call truth = one_product(Mechanism::kVcg, chance, kSmall);
    const Outcome honest = clear(truth).value();
    if (honest.truthful) continue;
    Found found;
    Call said = truth;
    for (Index trader = 0; trader < truth.bids.size(); ++trader)
      search(said, truth, Side::kBid, trader, gain(truth, honest, Side::kBid, trader), kSmall, found);
    gains += found.gains;
  }
  EXPECT_GT(gains, 0U);
}

// Why mcafee and sbba refuse them: as two orders of one organisation, a second one moves the price of the first.
TEST(MarketTruth, OfSingleUnitMechanismsNeedsOneOrderAnOrganisation) {
  Call call;
  const auto add = [&](std::vector<Order>& orders, std::uint64_t id, std::int64_t price) {
    Order& order = orders.emplace_back();
    order.id = id;
    order.organisation = static_cast<std::uint32_t>(id);
    order.price = price;
  };
  call.settings.mechanism = Mechanism::kMcafee;
  add(call.bids, 1, 10);
  add(call.bids, 2, 10);
  add(call.asks, 3, 2);
  add(call.asks, 4, 5);
  const std::int64_t alone = gain(call, clear(call).value(), Side::kAsk, 0);
  add(call.bids, 5, 4);
  add(call.asks, 6, 11);  // the seller's own, under another name
  EXPECT_GT(gain(call, clear(call).value(), Side::kAsk, 0), alone);
  call.asks.back().organisation = 3;
  EXPECT_EQ(clear(call).error().code, base::Code::kInvalidInput);
}

}  // namespace
}  // namespace auction::clearing
