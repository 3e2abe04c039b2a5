#include "verify/checks.h"

namespace verify {

Fault limits_fault(const Call& call) {
  for (const Trade& trade : call.trades) {
    if (trade.pays < 0 || trade.pays > call.limit(trade))
      return order_name(call.bids[trade.bid]) + " pays more than its limit, or less than nothing";
    if (trade.gets < call.reserve(trade) || trade.gets > std::int64_t{1} << 62)
      return order_name(call.asks[trade.ask]) + " gets less than its reserve, or more than there is";
  }
  return std::nullopt;
}

Fault budget_fault(const Call& call) {
  Wide sum = 0;
  for (const Trade& trade : call.trades) sum += static_cast<Wide>(trade.pays) - trade.gets;
  if (sum != call.budget) return "what is paid minus what is got is not the budget that is claimed";
  const bool by_vcg = call.mechanism == "vcg" || (call.mechanism == "combinatorial" && call.payments == "vcg");
  if (by_vcg && sum < -static_cast<Wide>(call.deficit_cap)) return "the market adds more than its cap";
  if (call.mechanism == "mcafee" && sum < 0) return "the market adds money";
  if (!by_vcg && call.mechanism != "mcafee" && sum != 0) return "what is paid is not what is got";
  return std::nullopt;
}

Fault welfare_fault(const Call& call) {
  Wide sum = 0;
  for (const Trade& trade : call.trades) sum += static_cast<Wide>(call.limit(trade)) - call.reserve(trade);
  if (sum != call.welfare) return "limits minus reserves of what trades are not the welfare that is claimed";
  return std::nullopt;
}

Fault truthful_fault(const Call& call) {
  if (!call.truthful) return std::nullopt;
  if (call.mechanism == "combinatorial") {
    if (call.payments != "vcg") return "these payments are truthful for nobody";
    if (call.upper_bound != call.welfare) return "without the optimum, payments are not truthful";
    return std::nullopt;
  }
  for (const char* mechanism : {"vcg", "mcafee", "sbba", "muda"})
    if (call.mechanism == mechanism) return std::nullopt;
  return "this mechanism is truthful for nobody";
}

}  // namespace verify
