// The checks of one call, each by itself: nothing, or the first thing that is wrong, as a sentence without a full stop.
// verify.h says what they are. Those that index by trades rely on read_transcript(), which has seen to the indices.
// Pure, any thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "verify/transcript.h"

namespace verify {

using Fault = std::optional<std::string>;

std::string order_name(const Order& order);
std::int64_t slots_of(const Call& call);  // the width of `dual`

Fault terms_fault(const Call& call);     // checks_terms.cc
Fault trades_fault(const Call& call);    // checks_trades.cc
Fault capacity_fault(const Call& call);  // checks_trades.cc
Fault limits_fault(const Call& call);    // checks_amounts.cc
Fault budget_fault(const Call& call);    // checks_amounts.cc
Fault welfare_fault(const Call& call);   // checks_amounts.cc
Fault truthful_fault(const Call& call);  // checks_amounts.cc

// The bound that follows from `dual`, computed anew. kInvalidInput: more than `steps` steps, from which it takes its own.
base::Result<std::int64_t> bound_of_dual(const Call& call, std::uint64_t& steps);  // bound.cc
Fault bound_fault(const Call& call, std::uint64_t& steps);                         // bound.cc

// Who trades and what is paid, by the mechanism's rule; `seed` has drawn what it draws. `text`: what was checked.
Fault prices_fault(const Call& call, const Digest& seed, std::string& text);  // prices.cc

}  // namespace verify
