#include <algorithm>
#include <array>
#include <map>

#include "verify/checks.h"
#include "verify/curves.h"

namespace verify {
namespace {

constexpr Wide kMostClarkeSteps = 500'000'000;

std::int64_t middle(std::int64_t a, std::int64_t b) { return (a + b) / 2; }
auto at(std::int64_t pays, std::int64_t gets) {
  return [pays, gets](const Order&, const Order&) { return std::pair(pays, gets); };
}

class Rule {
 public:
  Rule(const Call& call, const Digest& seed)
      : call_(call), seed_(seed), curves_(curves_of(call, seed, everybody(call.bids), everybody(call.asks))) {}

  Fault check(std::string& text) {
    text = "Exactly the trades and prices that the rule gives.";
    if (call_.upper_bound != optimum()) return "the bound is not the most that these orders allow";
    if (call_.mechanism == "uniform") return compared(uniform());
    if (call_.mechanism == "pay-as-bid") return compared(pay_as_bid());
    if (call_.mechanism == "mcafee") return compared(mcafee());
    if (call_.mechanism == "sbba") return compared(sbba());
    if (call_.mechanism == "muda") return compared(muda());
    return vcg(text);
  }

 private:
  std::int64_t optimum() const { return curves_.units == 0 ? 0 : curves_.surplus * slots(); }
  std::int64_t slots() const { return call_.bids.front().latest_end - call_.bids.front().earliest; }

  Fault compared(std::vector<Trade> expected) const {
    std::ranges::sort(expected, {}, [](const Trade& t) { return std::pair(t.bid, t.ask); });
    const auto fields = [](const Trade& t) {
      return std::array<std::int64_t, 5>{t.units, t.start, t.slots, t.pays, t.gets};
    };
    for (std::size_t i = 0; i < std::max(expected.size(), call_.trades.size()); ++i) {
      if (i >= expected.size()) return order_name(call_.bids[call_.trades[i].bid]) + " trades, and should not";
      const Trade& t = expected[i];
      const std::string who = order_name(call_.bids[t.bid]) + " with " + order_name(call_.asks[t.ask]);
      if (i >= call_.trades.size() || std::pair(call_.trades[i].bid, call_.trades[i].ask) != std::pair(t.bid, t.ask))
        return who + " should trade, and does not, or others do";
      if (fields(call_.trades[i]) != fields(t)) return who + " trades other units or at another price than the rule's";
    }
    return std::nullopt;
  }

  std::vector<Trade> uniform() const {
    std::vector<Trade> out;
    if (curves_.units == 0) return out;
    const std::int64_t price = curves_.lo() + (curves_.hi() - curves_.lo()) * call_.kappa_permille / 1'000;
    pair_off(call_, curves_.bids, curves_.asks, curves_.units, at(price, price), out);
    return out;
  }

  std::vector<Trade> pay_as_bid() const {
    std::vector<Trade> out;
    pair_off(
        call_, curves_.bids, curves_.asks, curves_.units,
        [](const Order& bid, const Order& ask) {
          return std::pair(middle(bid.price, ask.price), middle(bid.price, ask.price));
        },
        out);
    return out;
  }

  std::vector<Trade> mcafee() const {
    std::vector<Trade> out;
    if (curves_.units == 0) return out;
    if (curves_.next_bid && curves_.next_ask) {
      const std::int64_t price = middle(*curves_.next_bid, *curves_.next_ask);
      if (price >= curves_.ask && price <= curves_.bid) {
        pair_off(call_, curves_.bids, curves_.asks, curves_.units, at(price, price), out);
        return out;
      }
    }
    pair_off(call_, curves_.bids, curves_.asks, curves_.units - 1, at(curves_.bid, curves_.ask), out);
    return out;
  }

  std::vector<Trade> sbba() const {
    std::vector<Trade> out;
    if (curves_.units == 0) return out;
    if (curves_.next_ask && *curves_.next_ask <= curves_.bid) {
      pair_off(call_, curves_.bids, curves_.asks, curves_.units, at(*curves_.next_ask, *curves_.next_ask), out);
      return out;
    }
    const Lot lot(seed_, Lot::kLeftOut);
    List sellers(curves_.asks.begin(), curves_.asks.begin() + curves_.units);
    const auto highest =
        std::ranges::max_element(sellers, {}, [&](std::size_t ask) { return lot.of(call_.asks[ask].id); });
    sellers.erase(highest);
    pair_off(call_, curves_.bids, sellers, curves_.units - 1, at(curves_.bid, curves_.bid), out);
    return out;
  }

  std::vector<Trade> muda() const {
    const Lot coin(seed_, Lot::kHalf);
    std::array<List, 2> bids, asks;
    for (const std::size_t i : everybody(call_.bids)) bids[coin.of(call_.bids[i].id) & 1].push_back(i);
    for (const std::size_t i : everybody(call_.asks)) asks[coin.of(call_.asks[i].id) & 1].push_back(i);
    std::vector<Trade> out;
    for (std::size_t half : {0U, 1U}) {
      const Curves other = curves_of(call_, seed_, bids[1 - half], asks[1 - half]);
      if (const auto price = equilibrium(other)) trade_half(bids[half], asks[half], *price, out);
    }
    return out;
  }
  static std::optional<std::int64_t> equilibrium(const Curves& c) {
    if (c.units > 0) return middle(c.lo(), c.hi());
    if (c.next_bid && c.next_ask) return middle(*c.next_bid, *c.next_ask);
    return c.next_bid ? c.next_bid : c.next_ask;
  }
  void trade_half(List bids, List asks, std::int64_t price, std::vector<Trade>& out) const {
    std::erase_if(bids, [&](std::size_t i) { return call_.bids[i].price < price; });
    std::erase_if(asks, [&](std::size_t i) { return call_.asks[i].price > price; });
    const Lot turn(seed_, Lot::kTurn);
    std::ranges::sort(bids, {}, [&](std::size_t i) { return turn.of(call_.bids[i].id); });
    std::ranges::sort(asks, {}, [&](std::size_t i) { return turn.of(call_.asks[i].id); });
    std::int64_t wanted = 0, there = 0;
    for (const std::size_t i : bids) wanted += call_.bids[i].max_units;
    for (const std::size_t i : asks) there += call_.asks[i].max_units;
    pair_off(call_, bids, asks, std::min(wanted, there), at(price, price), out);
  }

  // Who trades is as in uniform, what for is each one's contribution; beyond the cap it is mcafee's, or nothing.
  Fault vcg(std::string& text) {
    const auto single = [](const Order& o) { return o.max_units == 1; };
    const bool singles = std::ranges::all_of(call_.bids, single) && std::ranges::all_of(call_.asks, single);
    std::map<std::size_t, std::int64_t> pays, gets;
    const Wide steps = static_cast<Wide>(curves_.bids.size() + curves_.asks.size()) * 2 *
                       static_cast<Wide>(curves_.bids.size() + curves_.asks.size());
    if (steps > kMostClarkeSteps) {
      text = "Limits and budget only: too many orders to compute each one's contribution again here.";
      return std::nullopt;
    }
    std::vector<Trade> all;
    pair_off(call_, curves_.bids, curves_.asks, curves_.units, at(0, 0), all);
    Wide deficit = contributions(all, pays, gets);
    if (deficit > call_.deficit_cap) {
      if (call_.truthful) return "beyond the cap payments are not truthful";
      return compared(singles ? mcafee() : std::vector<Trade>());
    }
    std::map<std::size_t, std::int64_t> paid, got;
    std::vector<Trade> mine = call_.trades;
    for (Trade& t : mine) {
      paid[t.bid] += t.pays;
      got[t.ask] += t.gets;
      t.pays = t.gets = 0;
    }
    if (paid != pays || got != gets) return "not everybody is left exactly its contribution";
    return same_partners(std::move(all), mine);
  }
  static Fault same_partners(std::vector<Trade> expected, const std::vector<Trade>& mine) {
    std::ranges::sort(expected, {}, [](const Trade& t) { return std::pair(t.bid, t.ask); });
    const bool same = std::ranges::equal(expected, mine, [](const Trade& a, const Trade& b) {
      return a.bid == b.bid && a.ask == b.ask && a.units == b.units && a.start == b.start && a.slots == b.slots;
    });
    return same ? Fault() : Fault("other orders trade than the rule says");
  }
  std::int64_t without(std::optional<std::size_t> bid, std::optional<std::size_t> ask) const {
    Curves others;
    for (const std::size_t i : curves_.bids)
      if (i != bid) others.bids.push_back(i);
    for (const std::size_t i : curves_.asks)
      if (i != ask) others.asks.push_back(i);
    cross(call_, others);
    return others.surplus * slots();
  }
  Wide contributions(const std::vector<Trade>& all, std::map<std::size_t, std::int64_t>& pays,
                     std::map<std::size_t, std::int64_t>& gets) const {
    for (const Trade& t : all) {
      pays[t.bid] += call_.limit(t);
      gets[t.ask] += call_.reserve(t);
    }
    Wide deficit = 0;
    for (auto& [bid, amount] : pays) {
      amount -= optimum() - without(bid, std::nullopt);
      deficit -= amount;
    }
    for (auto& [ask, amount] : gets) {
      amount += optimum() - without(std::nullopt, ask);
      deficit += amount;
    }
    return deficit;
  }

  const Call& call_;
  const Digest& seed_;
  Curves curves_;
};

Fault at_arrival(const Call& call, std::string& text) {
  const bool claim = call.mechanism == "claim";
  text = claim ? "Every trade is at the ask's price. Who came in time is not checked."
               : "Every trade is at the price of the order that came first. Who met whom is not checked.";
  for (const Trade& t : call.trades) {
    const Order &bid = call.bids[t.bid], &ask = call.asks[t.ask];
    const bool ask_first = std::pair(ask.arrival, ask.id) < std::pair(bid.arrival, bid.id);
    const std::int64_t amount = claim || ask_first ? call.reserve(t) : call.limit(t);
    if (t.pays != amount || t.gets != amount) return order_name(bid) + " trades at another price than the rule's";
  }
  return std::nullopt;
}

Fault combinatorial(const Call& call, std::string& text) {
  if (call.payments != "pay-as-bid") {
    text = "Limits and budget only: contributions follow from solving again.";
    return std::nullopt;
  }
  text = "Each bid served shares its surplus evenly with its sellers.";
  std::map<std::size_t, std::array<std::int64_t, 4>> sums;  // limit, reserve, pays, gets
  for (const Trade& t : call.trades) {
    auto& [limit, reserve, pays, gets] = sums[t.bid];
    limit += call.limit(t), reserve += call.reserve(t), pays += t.pays, gets += t.gets;
  }
  for (const auto& [bid, sum] : sums) {
    const auto& [limit, reserve, pays, gets] = sum;
    if (pays != limit - (limit - reserve) / 2 || gets != pays)
      return order_name(call.bids[bid]) + " does not pay half of its surplus";
  }
  return std::nullopt;
}

}  // namespace

Fault prices_fault(const Call& call, const Digest& seed, std::string& text) {
  if (call.mechanism == "combinatorial") return combinatorial(call, text);
  if (call.mechanism == "claim" || call.mechanism == "continuous") return at_arrival(call, text);
  if (call.bids.empty() || call.asks.empty()) {
    text = "Nobody to trade with.";
    return call.trades.empty() && call.upper_bound == 0 ? Fault() : Fault("there is nobody to trade with");
  }
  return Rule(call, seed).check(text);
}

}  // namespace verify
