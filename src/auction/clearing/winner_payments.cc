#include "auction/clearing/winner_payments.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "auction/clearing/mix.h"
#include "auction/clearing/winner_problem.h"
#include "base/check.h"

namespace auction::clearing {
namespace {

std::int64_t area(const Trade& trade) { return static_cast<std::int64_t>(trade.units) * trade.slots; }
std::int64_t limit(const Call& call, const Trade& trade) { return call.bids[trade.bid].price * area(trade); }
std::int64_t reserve(const Call& call, const Trade& trade) { return call.asks[trade.ask].price * area(trade); }
std::int64_t surplus(const Call& call, const Trade& trade) { return limit(call, trade) - reserve(call, trade); }

// A side of a trade that an organisation has.
struct Role {
  std::size_t trade = 0;
  bool buys = false;
};

std::map<std::uint32_t, std::vector<Role>> parts_by_organisation(const Call& call, std::span<const Trade> trades) {
  std::map<std::uint32_t, std::vector<Role>> parts;
  for (std::size_t k = 0; k < trades.size(); ++k) {
    parts[call.bids[trades[k].bid].organisation].push_back({k, true});
    parts[call.asks[trades[k].ask].organisation].push_back({k, false});
  }
  return parts;
}

void leave(const Call& call, std::span<const Role> parts, std::int64_t amount, std::vector<Trade>& trades) {
  std::vector<std::int64_t> weights;
  for (const Role& part : parts) weights.push_back(surplus(call, trades[part.trade]));
  const bool none = std::ranges::all_of(weights, [](std::int64_t w) { return w == 0; });
  if (none)
    for (std::size_t i = 0; i < parts.size(); ++i) weights[i] = parts[i].buys ? 0 : 1;
  const std::vector<std::int64_t> split = spread(amount, weights);
  std::int64_t rest = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Trade& trade = trades[parts[i].trade];
    const std::int64_t discount = parts[i].buys ? std::min(split[i], limit(call, trade)) : 0;
    trade.pays -= discount;
    if (!parts[i].buys) trade.gets += split[i];
    rest += parts[i].buys ? split[i] - discount : 0;
  }
  // Nobody is paid for buying. One who only buys never comes here: its part is at most its trades' surplus.
  const auto seller = std::ranges::find(parts, false, &Role::buys);
  CHECK(rest == 0 || seller != parts.end());
  if (rest > 0) trades[seller->trade].gets += rest;
}

}  // namespace

std::vector<std::int64_t> spread(std::int64_t amount, std::span<const std::int64_t> weights) {
  CHECK(amount >= 0);
  Wide whole = 0;
  for (const std::int64_t w : weights) whole += w;
  const bool even = whole == 0;
  if (even) whole = static_cast<Wide>(weights.size());
  std::vector<std::int64_t> parts;
  Wide before = 0;
  std::int64_t given = 0;
  for (const std::int64_t w : weights) {
    before += even ? 1 : w;
    const auto until_here = static_cast<std::int64_t>(amount * before / whole);
    parts.push_back(until_here - given);
    given = until_here;
  }
  return parts;
}

void pay_as_bid(const Call& call, std::vector<Trade>& trades) {
  for (std::size_t first = 0, next = 0; first < trades.size(); first = next) {
    while (next < trades.size() && trades[next].bid == trades[first].bid) ++next;
    const std::span<Trade> mine = std::span(trades).subspan(first, next - first);
    std::int64_t sum = 0;
    std::vector<std::int64_t> weights;
    for (const Trade& trade : mine) {
      sum += surplus(call, trade);
      weights.push_back(surplus(call, trade));
    }
    const std::vector<std::int64_t> discounts = spread(sum / 2, weights);
    for (std::size_t k = 0; k < mine.size(); ++k) {
      mine[k].pays = mine[k].gets = limit(call, mine[k]) - discounts[k];
    }
  }
}

std::vector<Contribution> most_contributions(const Call& call, std::span<const Trade> trades) {
  std::map<Index, std::int64_t> of_bid;
  for (const Trade& trade : trades) of_bid[trade.bid] += surplus(call, trade);
  std::vector<Contribution> contributions;
  for (const auto& [organisation, parts] : parts_by_organisation(call, trades)) {
    std::set<Index> bids;
    for (const Role& part : parts) bids.insert(trades[part.trade].bid);
    Contribution& contribution = contributions.emplace_back(Contribution{organisation, 0});
    for (const Index bid : bids) contribution.amount += of_bid[bid];
  }
  return contributions;
}

void leave_contributions(const Call& call, std::span<const Contribution> left, std::vector<Trade>& trades) {
  for (Trade& trade : trades) {
    trade.pays = limit(call, trade);
    trade.gets = reserve(call, trade);
  }
  const auto parts = parts_by_organisation(call, trades);
  for (const Contribution& contribution : left)
    leave(call, parts.at(contribution.organisation), contribution.amount, trades);
}

namespace {

// More than everybody's contribution is there: the rest goes to whose trades have surplus that is not theirs yet.
std::vector<Contribution> with_rest(const Call& call, std::span<const Trade> trades,
                                    std::span<const Contribution> contributions, std::int64_t rest) {
  const auto parts = parts_by_organisation(call, trades);
  std::vector<std::int64_t> room;
  for (const Contribution& contribution : contributions) {
    std::int64_t all = 0;
    for (const Role& part : parts.at(contribution.organisation)) all += surplus(call, trades[part.trade]);
    room.push_back(std::max<std::int64_t>(0, all - contribution.amount));
  }
  const std::vector<std::int64_t> more = spread(rest, room);
  std::vector<Contribution> out(contributions.begin(), contributions.end());
  for (std::size_t i = 0; i < out.size(); ++i) out[i].amount += more[i];
  return out;
}

}  // namespace

std::vector<Contribution> threshold(const Call& call, std::span<const Trade> trades,
                                    std::span<const Contribution> contributions, std::int64_t total) {
  const auto left_with = [&](std::int64_t cut) {
    Wide sum = 0;
    for (const Contribution& c : contributions) sum += std::max<std::int64_t>(0, c.amount - cut);
    return sum;
  };
  if (left_with(0) <= total)
    return with_rest(call, trades, contributions, total - static_cast<std::int64_t>(left_with(0)));
  std::int64_t low = 0, cut = 0;  // left_with(low) > total ≥ left_with(cut)
  for (const Contribution& c : contributions) cut = std::max(cut, c.amount);
  while (cut - low > 1) {
    const std::int64_t middle = low + (cut - low) / 2;
    (left_with(middle) > total ? low : cut) = middle;
  }
  std::int64_t rest = total - static_cast<std::int64_t>(left_with(cut));
  std::vector<Contribution> out(contributions.begin(), contributions.end());
  std::vector<std::size_t> order(out.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(mix(call.seed, out[i].organisation), i); });
  for (const std::size_t i : order) {
    const bool one_more = rest > 0 && out[i].amount >= cut;
    out[i].amount = std::max<std::int64_t>(0, out[i].amount - cut) + (one_more ? 1 : 0);
    rest -= one_more ? 1 : 0;
  }
  return out;
}

}  // namespace auction::clearing
