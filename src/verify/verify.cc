#include "verify/verify.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/encoding.h"
#include "crypto/sha256.h"
#include "verify/checks.h"
#include "verify/transcript.h"

namespace verify {
namespace {

Fault commitment_fault(const Transcript& t) {
  base::Writer w;
  w.raw(base::view("tarn clearing commitment v1")).u64(t.market).u64(t.number).raw(t.operator_seed);
  if (crypto::sha256(w.bytes()) != t.commitment) return "the operator's seed is not the one that was committed to";
  return std::nullopt;
}

Fault seed_fault(const Transcript& t) {
  crypto::Sha256 all;
  for (const auto& [id, digest] : t.orders) all.update(digest);
  base::Writer w;
  w.raw(base::view("tarn clearing seed v1")).raw(t.operator_seed).raw(all.finish());
  if (crypto::sha256(w.bytes()) != t.seed) return "the seed does not follow from the operator's and the orders";
  return std::nullopt;
}

Fault orders_fault(const Transcript& t) {
  for (std::size_t i = 1; i < t.orders.size(); ++i)
    if (t.orders[i - 1].first >= t.orders[i].first) return "the list is not ascending by id";
  std::set<Digest> seen;
  for (const auto& [id, digest] : t.orders)
    if (!seen.insert(digest).second) return "two orders have the same digest";
  for (const Call& call : t.calls)
    for (const auto* orders : {&call.bids, &call.asks})
      for (const Order& order : *orders)
        if (!std::ranges::binary_search(t.orders, order.id, {}, &std::pair<std::uint64_t, Digest>::first))
          return order_name(order) + " is in a call, but not listed";
  return std::nullopt;
}

class Findings {
 public:
  Findings(Report& report, std::size_t call) : report_(report), call_(call) {}
  void add(const char* name, const Fault& fault, std::string fine) {
    report_.checks.push_back({name, call_, !fault, fault ? *fault + "." : std::move(fine)});
  }

 private:
  Report& report_;
  std::size_t call_;
};

std::string bound_text(const Call& call) {
  const std::string most = "No outcome has more than " + std::to_string(call.upper_bound) + " micro-credits";
  if (!call.dual_bound || call.upper_bound == *call.dual_bound) return most + ".";
  return "The prices show that no outcome has more than " + std::to_string(*call.dual_bound) +
         " micro-credits; that the " + std::to_string(call.welfare) +
         " found are the optimum is what the search says, which is not checked here.";
}

void check_call(const Call& call, const Digest& seed, std::uint64_t& steps, Findings found) {
  const Fault terms = terms_fault(call);
  found.add("terms", terms,
            std::to_string(call.bids.size()) + " bids and " + std::to_string(call.asks.size()) + " asks, such as " +
                call.mechanism + " takes.");
  if (terms) return;  // no rule says what should be
  found.add("trades", trades_fault(call), std::to_string(call.trades.size()) + " trades, each as its orders allow.");
  found.add("capacity", capacity_fault(call), "No unit is sold twice.");
  found.add("limits", limits_fault(call), "Nobody pays above the limit or gets below the reserve.");
  found.add("budget", budget_fault(call), "What is paid minus what is got is " + std::to_string(call.budget) + ".");
  found.add("welfare", welfare_fault(call), "It is " + std::to_string(call.welfare) + " micro-credits.");
  found.add("bound", bound_fault(call, steps), bound_text(call));
  std::string text;
  const Fault prices = prices_fault(call, seed, text);
  found.add("prices", prices, text);
  found.add("truthful", truthful_fault(call),
            call.truthful ? "Claimed, where the mechanism can be." : "Not claimed for this outcome.");
}

}  // namespace

bool Report::ok() const { return std::ranges::all_of(checks, &Check::ok); }

base::Result<Report> verify(std::string_view json, const std::optional<crypto::Digest>& seen) {
  TARN_ASSIGN(const Transcript transcript, read_transcript(json));
  Report report{transcript.market, transcript.number, transcript.at, transcript.calls.size(), 0, {}};
  Findings whole(report, 0);
  whole.add("commitment", commitment_fault(transcript), "The operator's seed is the one that was committed to.");
  if (seen)
    whole.add("seen",
              transcript.commitment == *seen ? Fault() : "it is not the commitment that was seen before the call",
              "The commitment is the one that was seen before the call.");
  whole.add("seed", seed_fault(transcript), "It follows from the operator's seed and all orders.");
  whole.add("orders", orders_fault(transcript), std::to_string(transcript.orders.size()) + " orders are listed.");
  std::uint64_t steps = kMostSteps;
  for (std::size_t i = 0; i < transcript.calls.size(); ++i) {
    check_call(transcript.calls[i], transcript.seed, steps, Findings(report, i + 1));
    report.trades += transcript.calls[i].trades.size();
  }
  return report;
}

}  // namespace verify
