// The open mechanisms: from a Call to who trades with whom and for how much. Pure and deterministic: the same call gives
// the same outcome, and except where first come, first served is the rule (Properties::arrival_matters) the order in which
// orders arrived or are listed changes nothing.
// Each mechanism says in Properties what it promises, and for which orders; admit() refuses all others, so a promise holds
// for whatever is cleared.
//   claim          first come, first served at the ask's price, which the bid's limit has to reach
//   continuous     price-time priority at the resting order's price (continuous_book.h is the same, order by order)
//   uniform        k-double auction: all at lo + κ (hi − lo)
//   pay-as-bid     the i-th dearest bid with the i-th cheapest ask, each pair at its midpoint
//   vcg            buyers pay what they cost the others, sellers get what they save them (single units: lo and hi); the
//                  market adds the difference, up to a cap
//   mcafee         McAfee 1992, A dominant strategy double auction
//   sbba           Segal-Halevi, Hassidim, Aumann 2016, SBBA: a strongly-budget-balanced double-auction mechanism
//   muda           Segal-Halevi, Hassidim, Aumann 2018, MUDA: a truthful multi-unit double-auction mechanism
//   combinatorial  windows, durations, all or none, different servers: winner determination (winners.h)
//   sbba, muda, and equal prices everywhere else but in claim and continuous, are settled by draws from the seed (lottery.h)
//   vcg with a deficit beyond its cap clears as mcafee does, or, with orders of several units, trades nothing (note)
//
// The single-product mechanisms, uniform … muda, see each order as max_units equal units of the whole window at `price`, b
// falling and s rising; k is the last unit with b_k ≥ s_k, lo = max(s_k, b_{k+1}), hi = min(b_k, s_{k+1}), where a missing b
// is 0 and a missing s infinite; trades with b = s are made. Prices are whole: uniform lo + ⌊κ (hi − lo)⌋, and each midpoint
// ⌊(b + s) / 2⌋, so that the half that cannot be split stays with the buyer. Buyer and seller always have the same price
// where the budget is 0, so nothing is lost. vcg's payments are whole anyway; an order's is spread over its trades so that
// each is within its limit.
// What holds for a draw holds for every seed; only the efficiency of sbba and muda is an expectation over it.
// Threads: any. Errors: kInvalidInput, naming the order and what to do; nothing else.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auction/clearing/order.h"
#include "base/result.h"

namespace auction::clearing {

enum class Budget : std::uint8_t { kBalanced, kSurplus, kDeficit };
enum class Truthful : std::uint8_t { kNo, kYes, kAtExactOptimum };
enum class Efficient : std::uint8_t { kNo, kOnReports, kAllButOneTrade, kAsymptotically, kAtExactOptimum };

struct Properties {
  std::string_view name;  // "uniform"
  bool individually_rational = true;
  Truthful truthful = Truthful::kNo;
  Efficient efficient = Efficient::kNo;
  Budget budget = Budget::kBalanced;
  bool arrival_matters = false;
  // Which orders: others are refused. Without windows, all orders of a call have the same window, and want all of it:
  // max_slots is its length.
  bool windows = false;                // sliding starts, different durations, blackouts, asks that differ, same_site
  bool all_or_none = false;            // min_units > 1
  bool several_units = true;           // max_units > 1
  bool several_orders = true;          // of an organisation in one call, on one side or both
  std::string_view truthful_for = {};  // which orders, in words; empty: none
};
const Properties& properties(Mechanism mechanism);
std::optional<Mechanism> mechanism_named(std::string_view name);
std::string_view payments_name(Payments payments);
std::optional<Payments> payments_named(std::string_view name);

enum class Side : std::uint8_t { kBid = 1, kAsk };
// Whether a mechanism takes such an order at all; what depends on the others of the call, admit() says.
base::Status admit_order(Mechanism mechanism, Side side, const Order& order);
// Whether clear() can be called: every order, tables, limits, and orders of one organisation where only one is allowed.
base::Status admit(const Call& call);

struct Outcome {
  std::vector<Trade> trades;  // by bid, then ask
  std::int64_t welfare = 0;   // limits of the bids served minus reserves of the asks that serve, over units and slots
  // No outcome of this call has more welfare. The optimum, but for orders with windows: there = welfare if it is proven.
  std::int64_t upper_bound = 0;
  std::int64_t budget = 0;  // Σ pays − Σ gets: what the market keeps, or, negative, adds
  bool truthful = false;    // whether what Properties::truthful promises holds for this very outcome
  std::string note;         // why not, or what was done instead; a sentence
  // kCombinatorial: prices of an ask's unit and slot, [ask × slots + slot], from which upper_bound follows (certificate.h,
  // and verify/, which computes it anew). Empty elsewhere.
  std::vector<std::int64_t> dual;
  std::uint64_t work = 0;  // steps
};
base::Result<Outcome> clear(const Call& call);

}  // namespace auction::clearing
