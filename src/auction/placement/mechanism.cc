#include "auction/placement/mechanism.h"

#include <string>

#include "base/check.h"

namespace auction {

namespace {

constexpr Mechanism kAll[] = {Mechanism::kFirstPrice, Mechanism::kSecondPrice};

Number<PlainBit> number(std::uint64_t value, std::size_t width) {
  CHECK(value >> width == 0);
  Number<PlainBit> bits;
  for (std::size_t i = 0; i < width; ++i) bits.push_back(PlainBit::constant(value >> i & 1));
  return bits;
}

std::uint64_t value_of(const Number<PlainBit>& bits) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) value |= std::uint64_t{bits[i].open()} << i;
  return value;
}

}  // namespace

std::string_view name(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::kFirstPrice: return "first-price";
    case Mechanism::kSecondPrice: return "second-price";
  }
  CHECK(false);
}

base::Result<Mechanism> parse_mechanism(std::string_view text) {
  std::string known;
  for (const Mechanism mechanism : kAll) {
    if (text == name(mechanism)) return mechanism;
    known.append(known.empty() ? "" : ", ").append(name(mechanism));
  }
  return base::Error{base::Code::kInvalidInput, "no such mechanism; there are: " + known};
}

Outcome place_plain(Mechanism mechanism, std::size_t width, const RequesterInput& requester,
                    const std::vector<ProviderInput>& providers) {
  CHECK(width >= kMinWidth && width <= kMaxWidth);
  const Request<PlainBit> request{number(requester.quantity, width), number(requester.max_price, width)};
  std::vector<Offer<PlainBit>> offers;
  for (const ProviderInput& p : providers) offers.push_back({number(p.capacity, width), number(p.price, width)});
  const Placement<PlainBit> placement = place(mechanism, request, offers);

  Outcome outcome;
  if (placement.found.open()) outcome.requester = {value_of(placement.winner), value_of(placement.unit_payment)};
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const auto& told = placement.providers[i];
    const std::uint64_t own_price = told.selected.open() ? providers[i].price : 0;
    outcome.providers.push_back({told.selected.open(), value_of(told.quantity),
                                 mechanism == Mechanism::kFirstPrice ? own_price : value_of(told.unit_payment)});
  }
  return outcome;
}

}  // namespace auction
