#include "auction/clearing/winner_search.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "auction/clearing/winner_flow.h"
#include "base/check.h"

namespace auction::clearing {
namespace {

constexpr int kRootSteps = 400;
constexpr int kNodeSteps = 4;
constexpr std::size_t kFewOptions = 24;
constexpr std::size_t kMostOptions = 100'000;
constexpr std::int64_t kAnything = -(std::int64_t{1} << 62);

}  // namespace

// A bid and all that it may still do, most gain first; nothing at all is an option without parts.
struct WinnerSearch::Branch {
  Index bid = 0;
  std::int64_t best_gain = 0;
  std::vector<Relaxation::Option> options;
  std::size_t count = std::numeric_limits<std::size_t>::max();
};

WinnerSearch::WinnerSearch(const WinnerProblem& problem, const Seed& seed, std::uint64_t& work,
                           std::uint64_t work_limit)
    : problem_(problem),
      work_(work),
      work_limit_(work_limit),
      dice_(mix(seed, 0x77696e6e657273)),
      relaxation_(problem, work),
      now_(problem.bids.size()) {}

Winners WinnerSearch::run() {
  best_.choices.resize(problem_.bids.size());
  best_.prices.assign(problem_.capacity.size(), 0);
  if (!by_flow()) {
    best_.dual_bound = relaxation_.bound();
    greedy_starts();
    adopt(std::vector<Choice>(now_.size()));
    std::vector<Index> everybody(problem_.bids.size());
    std::iota(everybody.begin(), everybody.end(), Index{0});
    const std::uint64_t left = work_limit_ - std::min(work_, work_limit_);
    best_.dual_bound =
        std::min(best_.dual_bound, relaxation_.descend(everybody, best_.welfare, kRootSteps, work_ + left * 3 / 10));
    best_.prices = relaxation_.prices();
    greedy_starts();
    const std::uint64_t rest = work_limit_ - std::min(work_, work_limit_);
    improve(work_ + std::min(rest / 10, work_));
    best_.proven = branch_and_bound(work_ + (work_limit_ - std::min(work_, work_limit_)) * 3 / 4);
    relaxation_.restore(best_.prices);
    if (!best_.proven) improve(work_limit_);
    best_.proven = best_.proven || best_.welfare == best_.dual_bound;
  }
  CHECK(best_.dual_bound >= best_.welfare);
  best_.bound = best_.proven ? best_.welfare : best_.dual_bound;
  serve_those_without_gain();
  return std::move(best_);
}

// The prices of the flow show that it is right; if they should not, there is still the search.
bool WinnerSearch::by_flow() {
  auto winners = winners_by_flow(problem_, work_, work_limit_);
  if (!winners) return false;
  relaxation_.restore(winners->prices);
  best_.dual_bound = relaxation_.bound();
  best_.prices = std::move(winners->prices);
  adopt(winners->choices);
  keep_if_better();
  best_.proven = best_.welfare == best_.dual_bound;
  return best_.proven;
}

void WinnerSearch::serve(Index bid, Choice choice) {
  relaxation_.take(choice);
  welfare_now_ += problem_.surplus(bid, choice);
  now_[bid] = std::move(choice);
}

void WinnerSearch::drop(Index bid) {
  if (now_[bid].parts.empty()) return;
  relaxation_.give_back(now_[bid]);
  welfare_now_ -= problem_.surplus(bid, now_[bid]);
  now_[bid].parts.clear();
}

void WinnerSearch::adopt(const std::vector<Choice>& choices) {
  for (Index bid = 0; bid < now_.size(); ++bid) drop(bid);
  for (Index bid = 0; bid < now_.size(); ++bid)
    if (!choices[bid].parts.empty()) serve(bid, choices[bid]);
}

void WinnerSearch::keep_if_better() {
  if (welfare_now_ <= best_.welfare) return;
  best_.welfare = welfare_now_;
  best_.choices = now_;
}

void WinnerSearch::rebuild(const std::vector<Index>& order, Relaxation::Pricing pricing) {
  const std::int64_t above = pricing == Relaxation::Pricing::kAll ? kAnything : 0;
  for (const Index bid : order) {
    if (!now_[bid].parts.empty()) continue;
    relaxation_.best(bid, pricing, above, found_);
    if (!found_.choice.parts.empty() && problem_.surplus(bid, found_.choice) > 0) serve(bid, found_.choice);
  }
}

// By what they would gain if they were alone, in all and for each unit and slot; choosing by the reserves and by the prices.
void WinnerSearch::greedy_starts() {
  struct Rank {
    std::int64_t gain = 0, density = 0;
    Index bid = 0;
  };
  for (const auto pricing : {Relaxation::Pricing::kReservesAlone, Relaxation::Pricing::kAll}) {
    adopt(std::vector<Choice>(now_.size()));
    std::vector<Rank> ranks;
    for (Index bid = 0; bid < now_.size(); ++bid) {
      if (work_ >= work_limit_) return;
      relaxation_.best(bid, pricing, 0, found_);
      std::int64_t area = 0;
      for (const Part& part : found_.choice.parts) area += static_cast<std::int64_t>(part.units) * found_.choice.slots;
      ranks.push_back({found_.gain, area > 0 ? found_.gain / area : 0, bid});
    }
    for (const auto by : {&Rank::gain, &Rank::density}) {
      if (work_ >= work_limit_) return;
      std::ranges::sort(ranks, {}, [by](const Rank& rank) { return std::pair(-(rank.*by), rank.bid); });
      std::vector<Index> order;
      for (const Rank& rank : ranks) order.push_back(rank.bid);
      adopt(std::vector<Choice>(now_.size()));
      rebuild(order, pricing);
      rebuild(order, Relaxation::Pricing::kReservesAlone);
      keep_if_better();
    }
  }
}

bool WinnerSearch::overlap(Index a, Index b) const {
  const Order &one = problem_.bids[a], &other = problem_.bids[b];
  return one.earliest < other.latest_end && other.earliest < one.latest_end;
}

std::vector<Index> WinnerSearch::served_near(Index centre) {
  std::vector<Index> near;
  for (Index bid = 0; bid < now_.size(); ++bid)
    if (bid != centre && !now_[bid].parts.empty() && overlap(bid, centre)) near.push_back(bid);
  const std::size_t some = std::min<std::size_t>(near.size(), 1 + dice_.below(5));
  for (std::size_t i = 0; i < some; ++i) std::swap(near[i], near[i + dice_.below(near.size() - i)]);
  near.resize(some);
  return near;
}

std::vector<Index> WinnerSearch::unserved_near(Index centre) {
  constexpr std::size_t kMost = 10;
  std::vector<Index> near;
  for (Index bid = 0; bid < now_.size(); ++bid)
    if (bid != centre && now_[bid].parts.empty() && overlap(bid, centre)) near.push_back(bid);
  const std::size_t some = std::min(near.size(), kMost);
  for (std::size_t i = 0; i < some; ++i) std::swap(near[i], near[i + dice_.below(near.size() - i)]);
  near.resize(some);
  return near;
}

// Takes some bids out around one, and serves them and others anew in some order; undone if that is worse.
bool WinnerSearch::neighbourhood() {
  const auto centre = static_cast<Index>(dice_.below(now_.size()));
  std::vector<Index> out = served_near(centre);
  out.push_back(centre);
  const std::int64_t before = welfare_now_;
  std::vector<Choice> old;
  for (const Index bid : out) {
    old.push_back(now_[bid]);
    drop(bid);
  }
  std::vector<Index> order = unserved_near(centre);
  order.insert(order.end(), out.begin(), out.end() - 1);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[dice_.below(i)]);
  order.insert(order.begin(), centre);
  const auto pricing = dice_.below(2) == 0 ? Relaxation::Pricing::kAll : Relaxation::Pricing::kReservesAlone;
  rebuild(order, pricing);
  work_ += now_.size();
  if (welfare_now_ >= before) return welfare_now_ > before;
  for (const Index bid : order) drop(bid);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!old[i].parts.empty()) serve(out[i], std::move(old[i]));
  return false;
}

void WinnerSearch::improve(std::uint64_t until) {
  if (now_.empty() || problem_.asks.empty()) return;
  adopt(best_.choices);
  while (work_ < until && best_.welfare < best_.dual_bound)
    if (neighbourhood()) keep_if_better();
}

bool WinnerSearch::branch_and_bound(std::uint64_t until) {
  if (best_.welfare == best_.dual_bound) return true;
  adopt(std::vector<Choice>(now_.size()));
  std::vector<Index> everybody(now_.size());
  std::iota(everybody.begin(), everybody.end(), Index{0});
  branch_until_ = until;
  given_up_ = false;
  branch(std::move(everybody), 0);
  adopt(std::vector<Choice>(now_.size()));
  return !given_up_;
}

// Leaves out who can only go without, and finds who has the fewest options left. False: nobody has to be looked at, or
// somebody has too many to list.
bool WinnerSearch::narrow(std::vector<Index>& there, std::int64_t slack, Branch& out) {
  std::vector<Index> rest;
  Branch one;
  for (const Index bid : there) {
    relaxation_.best(bid, Relaxation::Pricing::kAll, 0, found_);
    one.bid = bid;
    one.best_gain = found_.gain;
    const bool few = relaxation_.options(bid, one.best_gain - slack + 1, kFewOptions, one.options);
    const bool without = one.best_gain < slack;
    if (without && one.options.empty()) continue;
    rest.push_back(bid);
    one.count = few ? one.options.size() + (without ? 1 : 0) : kFewOptions + 2;
    if (one.count < out.count || (one.count == out.count && one.best_gain > out.best_gain)) std::swap(out, one);
  }
  there = std::move(rest);
  if (there.empty()) return false;
  if (out.count == kFewOptions + 2 &&
      !relaxation_.options(out.bid, out.best_gain - slack + 1, kMostOptions, out.options)) {
    given_up_ = true;
    return false;
  }
  if (out.best_gain < slack) {
    const auto place = std::ranges::find_if(out.options, [](const auto& option) { return option.gain <= 0; });
    out.options.insert(place, Relaxation::Option{});
  }
  return true;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as there are bids
void WinnerSearch::branch(std::vector<Index> there, std::int64_t so_far) {
  if (work_ >= branch_until_) given_up_ = true;
  if (given_up_) return;
  keep_if_better();
  const std::int64_t bound = so_far + relaxation_.descend(there, best_.welfare - so_far, kNodeSteps, branch_until_);
  if (bound <= best_.welfare) return;
  Branch chosen;
  if (narrow(there, bound - best_.welfare, chosen)) descend_into(chosen, there, so_far, bound);
}

// NOLINTNEXTLINE(misc-no-recursion): see branch()
void WinnerSearch::descend_into(const Branch& chosen, const std::vector<Index>& there, std::int64_t so_far,
                                std::int64_t bound) {
  std::vector<Index> others;
  for (const Index bid : there)
    if (bid != chosen.bid) others.push_back(bid);
  const std::vector<std::int64_t> prices = relaxation_.prices();
  for (const Relaxation::Option& option : chosen.options) {
    if (bound - (chosen.best_gain - option.gain) <= best_.welfare) break;
    if (given_up_) return;
    relaxation_.restore(prices);
    if (!option.choice.parts.empty()) serve(chosen.bid, option.choice);
    branch(others, so_far + problem_.surplus(chosen.bid, option.choice));
    drop(chosen.bid);
  }
}

// Those to whom a trade is worth just nothing get it: a limit that is reached is reached.
void WinnerSearch::serve_those_without_gain() {
  adopt(best_.choices);
  for (Index bid = 0; bid < now_.size(); ++bid) {
    if (!now_[bid].parts.empty()) continue;
    relaxation_.best(bid, Relaxation::Pricing::kReservesAlone, -1, found_);
    if (!found_.choice.parts.empty()) serve(bid, found_.choice);
  }
  best_.choices = now_;
  best_.welfare = welfare_now_;
  best_.bound = std::max(best_.bound, best_.welfare);
}

}  // namespace auction::clearing
