// The placement mechanisms by name, their inputs and outcomes as plain values, and the open evaluation: the very
// templates that the secure computation runs as a circuit (single_winner.h, split.h, vcg.h), so that both always agree.
// docs/mechanisms.md compares them.
// Amounts are unsigned integers of one public width; units are the resource class's. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auction/placement/single_winner.h"
#include "auction/placement/split.h"
#include "auction/placement/vcg.h"
#include "base/result.h"

namespace auction {

enum class Mechanism {
  kFirstPrice,
  kSecondPrice,
  kSplit,  // uniform, all-or-none
  kSplitPartial,
  kSplitPayAsBid,
  kSplitPayAsBidPartial,
  kVcg
};

std::string_view name(Mechanism mechanism);
base::Result<Mechanism> parse_mechanism(std::string_view name);
std::string mechanism_names();  // all, with commas
bool has_one_winner(Mechanism mechanism);

constexpr std::size_t kMinWidth = 1, kMaxWidth = 63, kDefaultWidth = 32;  // bits of every amount
// kMaxWidth, or less where quantity times price has to fit 64 bits.
std::size_t max_width(Mechanism mechanism);
base::Status check_width(Mechanism mechanism, std::size_t width);  // of who means to use the mechanism
// Bits of quantities and capacities: the width, but at most 16 in vcg, whose multiplications this halves. A capacity
// beyond that is worth no more than 65,535 units, since nobody can want so many.
std::size_t quantity_width(Mechanism mechanism, std::size_t width);

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

// Quantities are quantity_width() wide, prices the width. At least one offer.
template <class Bit>
Told<Bit> place(Mechanism mechanism, const Request<Bit>& request, const std::vector<Offer<Bit>>& offers) {
  switch (mechanism) {
    case Mechanism::kFirstPrice: return first_price(request, offers);
    case Mechanism::kSecondPrice: return second_price(request, offers);
    case Mechanism::kSplit: return split({.uniform = true, .partial = false}, request, offers);
    case Mechanism::kSplitPartial: return split({.uniform = true, .partial = true}, request, offers);
    case Mechanism::kSplitPayAsBid: return split({.uniform = false, .partial = false}, request, offers);
    case Mechanism::kSplitPayAsBidPartial: return split({.uniform = false, .partial = true}, request, offers);
    case Mechanism::kVcg: return vcg(request, offers);
  }
  CHECK(false);
}

// What a party was told by place() of the same arguments, with its own input: bits that it did not make are a bug.
RequesterOutcome decode_requester(Mechanism mechanism, std::size_t width, std::size_t providers,
                                  const RequesterInput& own, std::span<const std::uint8_t> bits);
ProviderOutcome decode_provider(Mechanism mechanism, std::size_t width, const ProviderInput& own,
                                std::span<const std::uint8_t> bits);

// At least one provider; every amount must fit the width (kMinWidth … max_width()), the quantity its own.
Outcome place_plain(Mechanism mechanism, std::size_t width, const RequesterInput& requester,
                    const std::vector<ProviderInput>& providers);

}  // namespace auction
