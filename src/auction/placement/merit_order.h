// Offers in merit order, cheapest first and ties in the public order, and how far a quantity reaches into them; over a
// Bit as in oblivious.h. What is said of a place goes back to the offer that stands there through the same exchanges.
// Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M): 1, 3, 5, 9, 16, 59 exchanges
// for 2, 3, 4, 5, 7, 15 offers. Capacities of width c, prices of width p: c + 2p and a few AND gates an exchange.
#pragma once

#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "auction/placement/arithmetic.h"
#include "auction/placement/roles.h"

namespace auction {

// Pairs of places, the lower first, that sort `count` values if each pair is put in order in turn.
inline std::vector<std::pair<std::size_t, std::size_t>> exchanges(std::size_t count) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  const std::size_t top = std::bit_ceil(count) / 2;
  for (std::size_t p = top; p > 0; p /= 2) {
    std::size_t r = 0, d = p;
    for (std::size_t q = top;; q /= 2) {
      for (std::size_t i = 0; i + d < count; ++i)
        if ((i & p) == r) out.push_back({i, i + d});
      if (q == p) break;
      d = q - p;
      r = p;
    }
  }
  return out;
}

template <class Bit>
class MeritOrder {
 public:
  explicit MeritOrder(const std::vector<Offer<Bit>>& offers);

  std::size_t size() const { return capacities_.size(); }
  const Number<Bit>& capacity(std::size_t place) const { return capacities_[place]; }
  Number<Bit> price(std::size_t place) const { return {ranks_[place].begin() + index_bits_, ranks_[place].end()}; }

  // From one value a place to one value an offer, in the public order. An AND gate a bit and exchange.
  std::vector<Number<Bit>> to_offers(std::vector<Number<Bit>> values) const;

 private:
  static void exchange(Bit bit, Number<Bit>& x, Number<Bit>& y) {
    const Number<Bit> both = masked(bit, xor_of(x, y));
    x = xor_of(x, both);
    y = xor_of(y, both);
  }

  std::ptrdiff_t index_bits_;
  std::vector<Number<Bit>> ranks_, capacities_;  // a rank: the offer's index, and above it the price
  std::vector<Bit> exchanged_;                   // whether each of exchanges() was one
};

template <class Bit>
MeritOrder<Bit>::MeritOrder(const std::vector<Offer<Bit>>& offers)
    : index_bits_(static_cast<std::ptrdiff_t>(std::bit_width(offers.size() - 1))) {
  for (std::size_t i = 0; i < offers.size(); ++i) {
    Number<Bit> rank;
    for (std::ptrdiff_t b = 0; b < index_bits_; ++b) rank.push_back(Bit::constant(i >> b & 1));
    append(rank, offers[i].price);
    ranks_.push_back(rank);
    capacities_.push_back(offers[i].capacity);
  }
  for (const auto& [low, high] : exchanges(offers.size())) {
    exchanged_.push_back(less_than(ranks_[high], ranks_[low]));
    exchange(exchanged_.back(), ranks_[low], ranks_[high]);
    exchange(exchanged_.back(), capacities_[low], capacities_[high]);
  }
}

template <class Bit>
std::vector<Number<Bit>> MeritOrder<Bit>::to_offers(std::vector<Number<Bit>> values) const {
  const auto pairs = exchanges(size());
  for (std::size_t i = pairs.size(); i-- > 0;) exchange(exchanged_[i], values[pairs[i].first], values[pairs[i].second]);
  return values;
}

// By place: who is needed for the quantity.
template <class Bit>
struct Fill {
  std::vector<Bit> needed;           // all before it are not enough
  std::vector<Bit> last;             // the one that completes the quantity; none if there is not enough
  std::vector<Number<Bit>> surplus;  // its capacity and all before, less the quantity: two's complement, never wraps
  Bit met;                           // there is a last one
  Number<Bit> remainder;             // what the last one provides, else 0
  Number<Bit> price;                 // the last one's, else 0
};

template <class Bit>
Fill<Bit> fill(const Number<Bit>& quantity, const MeritOrder<Bit>& order) {
  const std::size_t width = quantity.size(), wide = width + static_cast<std::size_t>(std::bit_width(order.size())) + 1;
  Fill<Bit> out;
  out.remainder.resize(width);
  out.price.resize(order.price(0).size());
  Number<Bit> lacking(width);          // the surplus before the last one: its remainder with the sign changed
  Bit needed = is_positive(quantity);  // for nothing nobody is needed
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Number<Bit> more = resized(order.capacity(k), wide);
    out.surplus.push_back(k == 0 ? difference(more, resized(quantity, wide)) : sum(out.surplus[k - 1], more));
    const Bit enough = ~out.surplus[k].back();
    const Bit last = k == 0 ? enough & needed : enough ^ out.met;
    if (k > 0) lacking = xor_of(lacking, masked(last, resized(out.surplus[k - 1], width)));
    out.price = xor_of(out.price, masked(last, order.price(k)));
    out.needed.push_back(needed);
    out.last.push_back(last);
    out.met = enough;
    needed = ~enough;
  }
  const Number<Bit> first = masked(out.last[0], quantity);
  out.remainder = xor_of(first, difference(Number<Bit>(width), lacking));
  return out;
}

// By offer: what it provides, from whether its place is taken whole and whether it provides the remainder.
template <class Bit>
Number<Bit> provided(const Offer<Bit>& offer, Bit whole, Bit last, const Number<Bit>& remainder) {
  const Number<Bit> all = masked(whole, offer.capacity);
  return xor_of(all, masked(last, remainder));
}

}  // namespace auction
