// Placement over several winners, over a Bit as in oblivious.h: the cheapest offers within the requester's limit provide
// all they have, ties in the public order, until the quantity is met; the last of them what is missing.
//   all-or-none: nothing unless the whole quantity is met. partial: as much of it as there is.
//   uniform: every winner is paid the highest price among them for each unit. pay-as-bid: each its own price.
// A winner is who provides at least one unit: an offer of nothing is told nothing, wherever its price lies.
// Told: the requester every provider's quantity and the uniform price or each winner's; a provider its own quantity, 0
// if it has not won, and the uniform price. pool/placement_circuit.h has the sizes.
#pragma once

#include <cstddef>
#include <vector>

#include "auction/placement/merit_order.h"

namespace auction {

struct SplitRule {
  bool uniform, partial;
};

namespace detail {

// By place: whether it wins and whether it is the last, and the highest price among the winners.
template <class Bit>
struct Split {
  std::vector<Number<Bit>> flags;
  Number<Bit> price;
};

template <class Bit>
Split<Bit> split_places(bool partial, const Request<Bit>& request, const MeritOrder<Bit>& order,
                        const Fill<Bit>& fill) {
  const auto within = [&](const Number<Bit>& price) { return ~less_than(request.max_price, price); };
  const Bit whole = fill.met & within(fill.price);
  Split<Bit> out{{}, masked(whole, fill.price)};
  if (partial) out.price = Number<Bit>(fill.price.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Number<Bit> price = order.price(k);
    const Bit allowed = partial ? within(price) : whole;
    const Bit last = fill.last[k] & allowed, needed = fill.needed[k] & allowed;
    const Bit wins = needed & is_positive(order.capacity(k));
    if (partial) out.price = select(wins, price, out.price);
    out.flags.push_back({wins, last});
  }
  return out;
}

}  // namespace detail

template <class Bit>
Told<Bit> split(SplitRule rule, const Request<Bit>& request, const std::vector<Offer<Bit>>& offers) {
  const MeritOrder<Bit> order(offers);
  const Fill<Bit> filled = fill(request.quantity, order);
  const detail::Split<Bit> places = detail::split_places(rule.partial, request, order, filled);
  const std::vector<Number<Bit>> flags = order.to_offers(places.flags);
  Told<Bit> out;
  if (rule.uniform) out.requester = places.price;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Bit wins = flags[i][0], last = flags[i][1];
    const Number<Bit> quantity = provided(offers[i], wins ^ last, last, filled.remainder);
    append(out.requester, quantity);
    if (!rule.uniform) append(out.requester, masked(wins, offers[i].price));
    out.providers.push_back(quantity);
    if (rule.uniform) append(out.providers[i], masked(wins, places.price));
  }
  return out;
}

}  // namespace auction
