#include "auction/clearing/certificate.h"

#include <algorithm>

#include "auction/clearing/winner_problem.h"
#include "auction/clearing/winner_relaxation.h"
#include "base/check.h"

namespace auction::clearing {

Slot slots_of(const Call& call) {
  Slot end = 0;
  for (const Order& ask : call.asks) end = std::max(end, ask.latest_end);
  return end;
}

std::int64_t bound_of_prices(const Call& call, std::span<const std::int64_t> prices) {
  const WinnerProblem problem(call);
  std::uint64_t work = 0;
  Relaxation relaxation(problem, work);
  const std::int64_t plain = relaxation.bound();
  if (prices.empty()) return plain;
  relaxation.set_prices(call, prices);
  return std::min(plain, relaxation.bound());
}

}  // namespace auction::clearing
