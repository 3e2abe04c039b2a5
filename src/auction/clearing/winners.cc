#include "auction/clearing/winners.h"

#include <algorithm>
#include <string>

#include "auction/clearing/certificate.h"
#include "auction/clearing/winner_payments.h"
#include "auction/clearing/winner_search.h"

namespace auction::clearing {
namespace {

// In the order of their orders' ids, in which what rounding leaves over is given out.
std::vector<Trade> trades_of(const Call& call, const WinnerProblem& problem, const Winners& winners) {
  std::vector<Trade> trades;
  for (Index bid = 0; bid < winners.choices.size(); ++bid) {
    const Choice& choice = winners.choices[bid];
    for (const Part& part : choice.parts)
      trades.push_back(
          {problem.bid_in_call[bid], problem.ask_in_call[part.ask], part.units, choice.start, choice.slots});
  }
  std::ranges::sort(trades, {}, [&](const Trade& t) { return std::pair(call.bids[t.bid].id, call.asks[t.ask].id); });
  return trades;
}

// Hundredths of a per cent, rounded up.
std::string gap_text(std::int64_t welfare, std::int64_t bound) {
  const Wide gap = bound - welfare;
  const auto hundredths = static_cast<std::int64_t>((gap * 10'000 + bound - 1) / bound);
  const std::string cents = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + (cents.size() < 2 ? ".0" : ".") + cents + " %";
}

struct Contributions {
  std::vector<Contribution> each;
  bool proven = true;
};

Contributions contributions_of(const Call& call, const Outcome& outcome, std::uint64_t& work) {
  Contributions found{most_contributions(call, outcome.trades)};
  if (found.each.empty()) return found;
  const std::uint64_t left = call.settings.work_limit - std::min(work, call.settings.work_limit);
  const std::uint64_t part = left / found.each.size();
  for (Contribution& contribution : found.each) {
    const WinnerProblem others(call, &contribution.organisation);
    const Winners winners = WinnerSearch(others, call.seed, work, work + part).run();
    contribution.amount = std::clamp<std::int64_t>(outcome.welfare - winners.welfare, 0, contribution.amount);
    found.proven = found.proven && winners.proven;
  }
  return found;
}

void add_note(Outcome& outcome, std::string_view sentence) {
  if (!outcome.note.empty()) outcome.note += ' ';
  outcome.note += sentence;
}

void pay_by_contribution(const Call& call, Outcome& outcome, bool proven) {
  const Contributions contributions = contributions_of(call, outcome, outcome.work);
  Wide sum = 0;
  for (const Contribution& one : contributions.each) sum += one.amount;
  const bool vcg = call.settings.payments == Payments::kVcg;
  const Wide deficit = sum - outcome.welfare;
  if (vcg && deficit <= call.settings.deficit_cap) {
    leave_contributions(call, contributions.each, outcome.trades);
    outcome.truthful = proven && contributions.proven;
    if (!outcome.truthful) add_note(outcome, "Not all that payments follow from was proven, so they are not truthful.");
    return;
  }
  const std::int64_t total = outcome.welfare + (vcg ? call.settings.deficit_cap : 0);
  leave_contributions(call, threshold(call, outcome.trades, contributions.each, total), outcome.trades);
  if (vcg)
    add_note(outcome,
             "The market would have to add more than its cap: payments are by the threshold rule, and not truthful.");
}

base::Status check_size(const Call& call) {
  if (!call.asks.empty() && slots_of(call) > kMostWinnerCells / call.asks.size())
    return base::Error{base::Code::kInvalidInput,
                       "the call is too large for a combinatorial market: use longer slots or a shorter horizon"};
  return {};
}

}  // namespace

base::Result<Outcome> clear_combinatorial(const Call& call) {
  TARN_TRY(check_size(call));
  Outcome outcome;
  const WinnerProblem problem(call);
  const bool all_for_winners = call.settings.payments == Payments::kPayAsBid;
  const std::uint64_t limit = call.settings.work_limit / (all_for_winners ? 1 : 2);
  const Winners winners = WinnerSearch(problem, call.seed, outcome.work, limit).run();
  outcome.trades = trades_of(call, problem, winners);
  outcome.welfare = winners.welfare;
  outcome.upper_bound = winners.bound;
  outcome.dual = problem.in_call(call, winners.prices);
  if (!winners.proven)
    outcome.note = "Stopped at the work limit: the best outcome has at most " +
                   gap_text(winners.welfare, winners.bound) + " more.";
  if (all_for_winners) {
    pay_as_bid(call, outcome.trades);
  } else {
    pay_by_contribution(call, outcome, winners.proven);
  }
  for (const Trade& trade : outcome.trades) outcome.budget += trade.pays - trade.gets;
  std::ranges::sort(outcome.trades, {}, [](const Trade& trade) { return std::pair(trade.bid, trade.ask); });
  return outcome;
}

}  // namespace auction::clearing
