// The placement mechanisms by name, their inputs and outcomes as plain values, and the open evaluation: the very
// templates that the secure computation runs as a circuit (single_winner.h), so that both always agree.
// Amounts are unsigned integers of one public width; units are the resource class's. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
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

// What a winner is paid. Which of the two is the mechanism's, not the outcome's.
struct Payment {
  enum class Per : std::uint8_t { kUnit, kAward };  // for each unit; for all units of the award together
  std::uint64_t amount = 0;
  Per per = Per::kUnit;
  bool operator==(const Payment&) const = default;
};
struct Award {
  std::size_t provider = 0;  // index among the providers
  std::uint64_t quantity = 0;
  Payment payment;
  bool operator==(const Award&) const = default;
};
struct RequesterOutcome {
  std::vector<Award> awards;  // in the providers' order; empty: no match
  bool operator==(const RequesterOutcome&) const = default;
};
struct ProviderOutcome {
  bool selected = false;
  std::uint64_t quantity = 0;  // this and the payment: as initialised unless selected
  Payment payment;
  bool operator==(const ProviderOutcome&) const = default;
};
struct Outcome {
  RequesterOutcome requester;
  std::vector<ProviderOutcome> providers;
  bool operator==(const Outcome&) const = default;
};

template <class Bit>
Told<Bit> place(Mechanism mechanism, const Request<Bit>& request, const std::vector<Offer<Bit>>& offers) {
  return mechanism == Mechanism::kFirstPrice ? first_price(request, offers) : second_price(request, offers);
}

// What a party was told by place() of the same arguments, with its own input: bits that it did not make are a bug.
RequesterOutcome decode_requester(Mechanism mechanism, std::size_t width, std::size_t providers,
                                  const RequesterInput& own, std::span<const std::uint8_t> bits);
ProviderOutcome decode_provider(Mechanism mechanism, std::size_t width, const ProviderInput& own,
                                std::span<const std::uint8_t> bits);

// At least one provider; every amount must fit the width (kMinWidth … kMaxWidth).
Outcome place_plain(Mechanism mechanism, std::size_t width, const RequesterInput& requester,
                    const std::vector<ProviderInput>& providers);

}  // namespace auction
