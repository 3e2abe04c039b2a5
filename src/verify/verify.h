// Re-checks the transcript of a clearing (docs/market/transcript.md) without solving it again and without trusting who
// wrote it: this room shares no code with the mechanisms, so a mistake there is not made here a second time.
// What is checked:
//   commitment, seed  the operator's seed is the one committed to, and ties were settled by it and by all orders
//   seen              the commitment is the one that was seen before, if one was
//   orders            each order of a call is listed with its digest, once
//   terms             orders and market are such as the mechanism takes
//   trades            windows, lengths, units, one piece, sites, eligible asks, blackouts
//   capacity          no unit of an ask in two trades at a time
//   limits            nobody pays above the limit or gets below the reserve
//   budget            adds up, and is what the mechanism promises
//   welfare, bound    recomputed; of combinatorial the bound from the prices, so the gap is certified
//   prices            who trades and for how much, as the mechanism's rule has it
// What cannot be checked here is said in the texts: that a search which claims the optimum has found it (what is certain is
// the bound), which of those who came first were served, contributions behind vcg and threshold payments of combinatorial.
// And a transcript cannot show an order that its operator never listed: look for your own digest among `orders`.
// Hostile input: at most kMostBytes; time and memory in proportion to it, and a limit on what is computed.
// Pure, any thread. Errors: kInvalidInput: not a transcript; what is not true in one is a failed check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/sha256.h"

namespace verify {

inline constexpr std::size_t kMostBytes = std::size_t{256} << 20;
inline constexpr std::size_t kMostValues = 20'000'000;  // numbers, texts, lists …
inline constexpr std::uint64_t kMostSteps = 4'000'000'000;

struct Check {
  std::string name;      // "trades"
  std::size_t call = 0;  // from 1; 0: of the whole document
  bool ok = false;
  std::string text;  // what was found, a sentence
};
struct Report {
  std::uint64_t market = 0, number = 0;
  std::string at;
  std::size_t calls = 0, trades = 0;
  std::vector<Check> checks;
  bool ok() const;
};

// `seen`: the commitment that the market showed before the call; without it nobody knows that it is the same one.
base::Result<Report> verify(std::string_view json, const std::optional<crypto::Digest>& seen = {});

}  // namespace verify
