// The placement mechanisms by name, their inputs and outcomes as plain values, and the open evaluation: the very
// templates that the secure computation runs as a circuit (single_winner.h), so that both always agree.
// Amounts are unsigned integers of one public width; units are the resource class's. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "auction/placement/single_winner.h"
#include "base/result.h"

namespace auction {

enum class Mechanism { kFirstPrice, kSecondPrice };

std::string_view name(Mechanism mechanism);
base::Result<Mechanism> parse_mechanism(std::string_view name);

constexpr std::size_t kMinWidth = 1, kMaxWidth = 63, kDefaultWidth = 32;  // bits of every amount

struct RequesterInput {
  std::uint64_t quantity, max_price;  // of the whole request; for one unit
};
struct ProviderInput {
  std::uint64_t capacity, price;  // free units; for one unit
};
struct RequesterOutcome {
  std::optional<std::size_t> winner;  // index among the providers
  std::uint64_t unit_payment = 0;
  bool operator==(const RequesterOutcome&) const = default;
};
struct ProviderOutcome {
  bool selected = false;
  std::uint64_t quantity = 0, unit_payment = 0;
  bool operator==(const ProviderOutcome&) const = default;
};
struct Outcome {
  RequesterOutcome requester;
  std::vector<ProviderOutcome> providers;
  bool operator==(const Outcome&) const = default;
};

template <class Bit>
Placement<Bit> place(Mechanism mechanism, const Request<Bit>& request, const std::vector<Offer<Bit>>& offers) {
  return mechanism == Mechanism::kFirstPrice ? first_price(request, offers) : second_price(request, offers);
}

// At least one provider; every amount must fit the width (kMinWidth … kMaxWidth).
Outcome place_plain(Mechanism mechanism, std::size_t width, const RequesterInput& requester,
                    const std::vector<ProviderInput>& providers);

}  // namespace auction
