// Placement over several winners, each paid its externality (Vickrey 1961, Clarke 1971, Groves 1973), over a Bit as in
// oblivious.h. The cheapest offers within the requester's limit provide the whole quantity or nobody does. A winner is
// paid, for all its units together, what they would have cost without it: the cheapest units of others that are not
// bought, in merit order, and beyond these the requester's limit, as if somebody had no end of units at that price.
// So no price that it names changes what a unit is worth to it, only whether it is bought, and its true one is the best.
// Of a unit bought from places with prices p_0 ≤ p_1 ≤ … that have u_0, u_1, … units left, the cost of the first t is,
// with U_s = u_0 + … + u_s, the last of them taken at place s:
//   C(t) = p_s t − Σ_{j<s} (p_{j+1} − p_j) U_j
// A place that is bought whole has nothing left, so it needs the product p_s t and any other place a product of the sum:
// each place one multiplication, whose operands are selected. The last winner has both and its own units left, which
// are no substitute for itself: it is paid C(capacity) − price · left. All in all m + 2 multiplications for m offers.
// Told: the requester every provider's quantity and payment, a provider its own; 0 if it has not won.
#pragma once

#include <cstddef>
#include <vector>

#include "auction/placement/merit_order.h"

namespace auction {

namespace detail {

// What the next units beyond the purchase cost: the places' prices, at most the limit, and the units left up to each.
template <class Bit>
struct Substitutes {
  std::vector<Number<Bit>> prices;  // ascending; the limit behind the last place
  std::vector<Number<Bit>> steps;   // from each to the next
  std::vector<Number<Bit>> left;    // U_s. Its upper bits may be lost: more than a quantity is never used up
  std::vector<Number<Bit>> before;  // Σ_{j<s} steps_j · left_j
};

template <class Bit>
Substitutes<Bit> substitutes(const Number<Bit>& limit, const MeritOrder<Bit>& order, const Fill<Bit>& fill) {
  Substitutes<Bit> out;
  for (std::size_t s = 0; s < order.size(); ++s) {
    const Number<Bit> price = order.price(s);
    const Bit above = less_than(limit, price);
    out.prices.push_back(select(above, limit, price));
    out.left.push_back(resized(fill.surplus[s], order.capacity(s).size()));
  }
  out.prices.push_back(limit);
  for (std::size_t s = 0; s < order.size(); ++s) out.steps.push_back(difference(out.prices[s + 1], out.prices[s]));
  return out;
}

// Where the substitutes for all that `place` has end: the price there, and `before` there.
template <class Bit>
struct End {
  Number<Bit> price, before;
};

// For each place behind `place`, whether the units left up to there are too few for all that `place` has.
template <class Bit>
std::vector<Bit> too_few(std::size_t place, const MeritOrder<Bit>& order, const Fill<Bit>& fill) {
  std::vector<Bit> out(order.size());
  for (std::size_t s = place + 1; s < order.size(); ++s) {
    Number<Bit> left = fill.surplus[s], need = resized(order.capacity(place), left.size());
    left.back() = ~left.back();  // less_than of signed numbers: a negative surplus leaves nothing
    need.back() = ~need.back();
    out[s] = less_than(left, need);
  }
  return out;
}

// The entry of the first place behind `place` that is not too few, of `entries` with one more than there are places.
template <class Bit>
Number<Bit> entry_at_end(std::size_t place, const std::vector<Bit>& few, const std::vector<Number<Bit>>& entries) {
  Number<Bit> out = entries.back();
  for (std::size_t s = few.size(); s-- > place + 1;) out = select(few[s], out, entries[s]);
  return out;
}

template <class Bit>
Number<Bit> one_of(const std::vector<Bit>& flags, const std::vector<Number<Bit>>& values) {
  Number<Bit> out(values[0].size());
  for (std::size_t i = 0; i < flags.size(); ++i) out = xor_of(out, masked(flags[i], values[i]));
  return out;
}

// By place, before anybody knows whether the price of the last one is within the limit.
template <class Bit>
std::vector<Number<Bit>> externalities(const Number<Bit>& limit, const MeritOrder<Bit>& order, const Fill<Bit>& fill) {
  Substitutes<Bit> rest = substitutes(limit, order, fill);
  const std::size_t total = limit.size() + order.capacity(0).size();
  std::vector<std::vector<Bit>> few;
  std::vector<Number<Bit>> prices, capacities, products, payments;
  rest.before.push_back(Number<Bit>(total));
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Bit whole = fill.needed[k] ^ fill.last[k];
    few.push_back(too_few(k, order, fill));
    capacities.push_back(order.capacity(k));
    prices.push_back(entry_at_end(k, few[k], rest.prices));
    const Number<Bit> price = select(whole, prices[k], rest.steps[k]);
    const Number<Bit> units = select(whole, capacities[k], rest.left[k]);
    products.push_back(product(price, units));
    rest.before.push_back(sum(rest.before[k], masked(~whole, products[k])));
  }
  std::vector<Number<Bit>> befores;
  for (std::size_t k = 0; k < order.size(); ++k) befores.push_back(entry_at_end(k, few[k], rest.before));

  const Number<Bit> end_price = one_of(fill.last, prices), capacity = one_of(fill.last, capacities),
                    before = one_of(fill.last, befores), left = one_of(fill.last, rest.left);
  const Number<Bit> with_own = difference(product(end_price, capacity), before);
  const Number<Bit> to_last = difference(with_own, product(fill.price, left));
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Bit whole = fill.needed[k] ^ fill.last[k];
    const Number<Bit> to_whole = masked(whole, difference(products[k], befores[k]));
    payments.push_back(xor_of(to_whole, masked(fill.last[k], to_last)));
  }
  return payments;
}

}  // namespace detail

template <class Bit>
Told<Bit> vcg(const Request<Bit>& request, const std::vector<Offer<Bit>>& offers) {
  const MeritOrder<Bit> order(offers);
  Fill<Bit> filled = fill(request.quantity, order);
  const Bit dear = less_than(request.max_price, filled.price);
  const Bit whole = filled.met & ~dear;
  for (std::size_t k = 0; k < order.size(); ++k) {
    filled.needed[k] = filled.needed[k] & whole;
    filled.last[k] = filled.last[k] & whole;
  }
  std::vector<Number<Bit>> told = detail::externalities(request.max_price, order, filled);
  for (std::size_t k = 0; k < order.size(); ++k) append(told[k], {filled.needed[k], filled.last[k]});
  told = order.to_offers(told);
  Told<Bit> out;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Bit last = told[i].back(), needed = told[i][told[i].size() - 2];
    out.providers.push_back(provided(offers[i], needed ^ last, last, filled.remainder));
    append(out.providers[i], resized(told[i], told[i].size() - 2));
    append(out.requester, out.providers[i]);
  }
  return out;
}

}  // namespace auction
