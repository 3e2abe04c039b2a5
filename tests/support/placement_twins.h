// What the placement mechanisms mean, in a few lines each over plain numbers: sort, fill, pay. The tests hold the
// templates, the circuits and the secure sessions against these.
#pragma once

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "auction/placement/mechanism.h"

namespace twins {

using auction::Mechanism;
using auction::Outcome;
using auction::ProviderInput;
using auction::RequesterInput;
using Offers = std::vector<ProviderInput>;

// How many units each provides if the cheapest within the limit provide all they have until the quantity is met.
inline std::vector<std::uint64_t> filled(const RequesterInput& request, const Offers& offers) {
  std::vector<std::size_t> order(offers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return std::pair(offers[a].price, a) < std::pair(offers[b].price, b); });
  std::vector<std::uint64_t> units(offers.size());
  std::uint64_t missing = request.quantity;
  for (const std::size_t i : order)
    if (offers[i].price <= request.max_price) missing -= units[i] = std::min(missing, offers[i].capacity);
  return units;
}

inline std::uint64_t total(const std::vector<std::uint64_t>& units) {
  return std::accumulate(units.begin(), units.end(), std::uint64_t{0});
}

// What the quantity costs at least, if what nobody offers can be had at the limit.
inline std::uint64_t cost(const RequesterInput& request, const Offers& offers) {
  const auto units = filled(request, offers);
  std::uint64_t sum = (request.quantity - total(units)) * request.max_price;
  for (std::size_t i = 0; i < offers.size(); ++i) sum += units[i] * offers[i].price;
  return sum;
}

inline auction::Payment payment(Mechanism mechanism, std::size_t winner, const std::vector<std::uint64_t>& units,
                                const RequesterInput& request, const Offers& offers) {
  if (mechanism == Mechanism::kVcg) {
    Offers without = offers;
    without[winner].capacity = 0;
    const std::uint64_t others = cost(request, offers) - units[winner] * offers[winner].price;
    return {cost(request, without) - others, auction::Payment::Per::kAward};
  }
  if (mechanism == Mechanism::kSplitPayAsBid || mechanism == Mechanism::kSplitPayAsBidPartial)
    return {offers[winner].price};
  std::uint64_t highest = 0;
  for (std::size_t i = 0; i < offers.size(); ++i)
    if (units[i] > 0) highest = std::max(highest, offers[i].price);
  return {highest};
}

// The mechanisms with several winners.
inline Outcome several_winners(Mechanism mechanism, const RequesterInput& request, const Offers& offers) {
  const bool partial = mechanism == Mechanism::kSplitPartial || mechanism == Mechanism::kSplitPayAsBidPartial;
  const auto units = filled(request, offers);
  Outcome outcome{{}, std::vector<auction::ProviderOutcome>(offers.size())};
  if (!partial && total(units) < request.quantity) return outcome;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    if (units[i] == 0) continue;
    outcome.providers[i] = {true, units[i], payment(mechanism, i, units, request, offers)};
    outcome.requester.awards.push_back({i, units[i], outcome.providers[i].payment});
  }
  return outcome;
}

// The mechanisms with one.
inline Outcome one_winner(Mechanism mechanism, const RequesterInput& request, const Offers& offers) {
  const auto best_but = [&](std::size_t without) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < offers.size(); ++i) {
      const bool eligible =
          i != without && offers[i].capacity >= request.quantity && offers[i].price <= request.max_price;
      if (eligible && (!best || offers[i].price < offers[*best].price)) best = i;
    }
    return best;
  };
  Outcome outcome{{}, std::vector<auction::ProviderOutcome>(offers.size())};
  const auto winner = best_but(offers.size());
  if (!winner) return outcome;
  const auto second = best_but(*winner);
  const std::uint64_t reserve = second ? offers[*second].price : request.max_price;
  const std::uint64_t payment = mechanism == Mechanism::kFirstPrice ? offers[*winner].price : reserve;
  outcome.requester.awards = {{*winner, request.quantity, {payment}}};
  outcome.providers[*winner] = {true, request.quantity, {payment}};
  return outcome;
}

inline Outcome outcome(Mechanism mechanism, const RequesterInput& request, const Offers& offers) {
  const bool one = mechanism == Mechanism::kFirstPrice || mechanism == Mechanism::kSecondPrice;
  return one ? one_winner(mechanism, request, offers) : several_winners(mechanism, request, offers);
}

}  // namespace twins
