// Placement with one winner, written once for the open and for circuits (Bit as in oblivious.h).
// A provider is eligible if its capacity covers the quantity; the cheapest eligible one whose price is within the
// requester's limit wins, ties go to the lower index (public order), and no winner is a result like any other.
//   first_price: the winner is paid its own price (Angler's rule).
//   second_price: reverse Vickrey (1961) with the requester's limit as reserve: it is paid the second-lowest eligible
//   price or the limit, whichever is less, so that naming its true price is its best choice.
// Width and number of providers are public; everything else may be secret. AND gates at width w for m providers:
//   first_price 4wm + 2m − 1: a chain, because there the limit is just the first to be beaten, and no gate is spent on
//   "nobody so far". second_price about 6wm: a tournament whose runner-up is among the log m that the winner beat.
// Depth costs nothing: the protocol has constant rounds.
#pragma once

#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "auction/placement/oblivious.h"
#include "auction/placement/roles.h"
#include "base/check.h"

namespace auction {

namespace detail {

template <class Bit>
Bit covers(const Offer<Bit>& offer, const Request<Bit>& request) {
  return ~less_than(offer.capacity, request.quantity);
}

// What both mechanisms tell, from one flag a provider, at most one of them set. The requester: whether somebody was
// found, its index, the payment. Without a winner these are 0 and the requester's own limit: that tells it nothing and
// spares a mask. A provider: whether it is selected, and the quantity or 0.
template <class Bit>
Told<Bit> tell(const Request<Bit>& request, const std::vector<Bit>& wins, Bit found, const Number<Bit>& payment) {
  Number<Bit> winner(static_cast<std::size_t>(std::bit_width(wins.size() - 1)));
  Told<Bit> out;
  for (std::size_t i = 0; i < wins.size(); ++i) {
    for (std::size_t b = 0; b < winner.size(); ++b)
      if (i >> b & 1) winner[b] = winner[b] ^ wins[i];
    out.providers.push_back({wins[i]});
    append(out.providers.back(), masked(wins[i], request.quantity));
  }
  out.requester = {found};
  append(out.requester, winner);
  append(out.requester, payment);
  return out;
}

// A price with, as the most significant bit, whether its provider is not eligible: one order for both.
template <class Bit>
Number<Bit> rank_of(Number<Bit> price, Bit ineligible) {
  price.push_back(ineligible);
  return price;
}

template <class Bit>
class Tournament {
 public:
  explicit Tournament(std::vector<Number<Bit>> ranks) : ranks_(std::move(ranks)), right_wins_(ranks_.size()) {}

  struct Side {
    Number<Bit> rank;
    std::vector<Number<Bit>> beaten;  // everyone who lost directly to this side's winner: the runner-up is among them
  };
  Side play() { return play(0, ranks_.size()); }

  // One flag a contestant: set for the winner, provided that `found` is.
  std::vector<Bit> winners(Bit found) const {
    std::vector<Bit> wins(ranks_.size());
    hand_down(0, ranks_.size(), found, wins);
    return wins;
  }

 private:
  static std::size_t middle(std::size_t first, std::size_t last) { return first + std::bit_ceil(last - first) / 2; }

  Side play(std::size_t first, std::size_t last) {
    if (last - first == 1) return {ranks_[first], {}};
    const Side left = play(first, middle(first, last)), right = play(middle(first, last), last);
    const Bit right_wins = less_than(right.rank, left.rank);  // strictly: ties stay left
    right_wins_[middle(first, last)] = right_wins;
    Side out{select(right_wins, right.rank, left.rank), {}};
    for (std::size_t i = 0; i < left.beaten.size(); ++i) {  // the left side is never the shallower one
      const bool both = i < right.beaten.size();
      out.beaten.push_back(select(right_wins, both ? right.beaten[i] : nobody(left.beaten[i]), left.beaten[i]));
    }
    out.beaten.push_back(xor_of(out.rank, xor_of(left.rank, right.rank)));  // of two, whichever the winner is not
    return out;
  }

  // Stands where a side has no entry to select: ineligible, and else equal to the other's, which costs nothing.
  static Number<Bit> nobody(Number<Bit> like) {
    like.back() = Bit::constant(true);
    return like;
  }

  void hand_down(std::size_t first, std::size_t last, Bit wins, std::vector<Bit>& out) const {
    if (last - first == 1) {
      out[first] = wins;
      return;
    }
    const Bit right = wins & right_wins_[middle(first, last)];
    hand_down(first, middle(first, last), wins ^ right, out);
    hand_down(middle(first, last), last, right, out);
  }

  std::vector<Number<Bit>> ranks_;
  std::vector<Bit> right_wins_;  // by the middle of the span: each span has its own
};

}  // namespace detail

template <class Bit>
Told<Bit> first_price(const Request<Bit>& request, const std::vector<Offer<Bit>>& offers) {
  CHECK(!offers.empty());
  // From the last provider to the first, whoever asks no more than the best so far takes the lead; the limit starts.
  Number<Bit> best = request.max_price;
  std::vector<Bit> leads(offers.size());
  for (std::size_t i = offers.size(); i-- > 0;) {
    const Bit covers = detail::covers(offers[i], request), dearer = less_than(best, offers[i].price);
    leads[i] = covers & ~dearer;
    best = select(leads[i], offers[i].price, best);
  }
  // The last to take the lead, hence the lowest index, has won.
  Bit nobody = Bit::constant(true);
  std::vector<Bit> wins;
  for (const Bit& lead : leads) {
    const Bit still_nobody = nobody & ~lead;
    wins.push_back(nobody ^ still_nobody);
    nobody = still_nobody;
  }
  return detail::tell(request, wins, ~nobody, best);
}

template <class Bit>
Told<Bit> second_price(const Request<Bit>& request, const std::vector<Offer<Bit>>& offers) {
  CHECK(!offers.empty());
  std::vector<Number<Bit>> ranks;
  for (const Offer<Bit>& offer : offers) ranks.push_back(detail::rank_of(offer.price, ~detail::covers(offer, request)));
  detail::Tournament<Bit> tournament(std::move(ranks));
  const auto best = tournament.play();

  const auto eligible = [](const Number<Bit>& price) { return detail::rank_of(price, Bit::constant(false)); };
  const Bit found = ~less_than(eligible(request.max_price), best.rank);
  // The limit, lowered by every beaten rank below it. Without a winner nobody is below, and it stays the limit.
  Number<Bit> payment = request.max_price;
  for (const Number<Bit>& rank : best.beaten) {
    const Number<Bit> price(rank.begin(), rank.end() - 1);
    payment = select(less_than(rank, eligible(payment)), price, payment);
  }
  const std::vector<Bit> wins = tournament.winners(found);
  Told<Bit> out = detail::tell(request, wins, found, payment);
  for (std::size_t i = 0; i < wins.size(); ++i) append(out.providers[i], masked(wins[i], payment));
  return out;
}

}  // namespace auction
