#include "auction/placement/mechanism.h"

#include <bit>
#include <string>

#include "base/check.h"

namespace auction {

namespace {

constexpr Mechanism kAll[] = {Mechanism::kFirstPrice, Mechanism::kSecondPrice};

class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bits) : bits_(bits) {}
  std::uint64_t number(std::size_t width) {
    CHECK(width <= bits_.size());
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{bits_[i]} << i;
    bits_ = bits_.subspan(width);
    return value;
  }
  bool done() const { return bits_.empty(); }

 private:
  std::span<const std::uint8_t> bits_;
};

Number<PlainBit> number(std::uint64_t value, std::size_t width) {
  CHECK(value >> width == 0);
  Number<PlainBit> bits;
  for (std::size_t i = 0; i < width; ++i) bits.push_back(PlainBit::constant(value >> i & 1));
  return bits;
}

std::vector<std::uint8_t> open(const Number<PlainBit>& bits) {
  std::vector<std::uint8_t> out;
  for (const PlainBit bit : bits) out.push_back(bit.open() ? 1 : 0);
  return out;
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

RequesterOutcome decode_requester(Mechanism, std::size_t width, std::size_t providers, const RequesterInput& own,
                                  std::span<const std::uint8_t> bits) {
  BitReader reader(bits);
  const bool found = reader.number(1) != 0;
  const std::uint64_t winner = reader.number(static_cast<std::size_t>(std::bit_width(providers - 1)));
  const std::uint64_t payment = reader.number(width);
  CHECK(reader.done() && winner < providers);
  RequesterOutcome out;
  if (found) out.awards.push_back({winner, own.quantity, {payment}});
  return out;
}

ProviderOutcome decode_provider(Mechanism mechanism, std::size_t width, const ProviderInput& own,
                                std::span<const std::uint8_t> bits) {
  BitReader reader(bits);
  const bool selected = reader.number(1) != 0;
  const std::uint64_t quantity = reader.number(width);
  const std::uint64_t payment = mechanism == Mechanism::kFirstPrice ? own.price : reader.number(width);
  CHECK(reader.done());
  if (!selected) return {};
  return {true, quantity, {payment}};
}

Outcome place_plain(Mechanism mechanism, std::size_t width, const RequesterInput& requester,
                    const std::vector<ProviderInput>& providers) {
  CHECK(width >= kMinWidth && width <= kMaxWidth);
  const Request<PlainBit> request{number(requester.quantity, width), number(requester.max_price, width)};
  std::vector<Offer<PlainBit>> offers;
  for (const ProviderInput& p : providers) offers.push_back({number(p.capacity, width), number(p.price, width)});
  const Told<PlainBit> told = place(mechanism, request, offers);

  Outcome outcome{decode_requester(mechanism, width, providers.size(), requester, open(told.requester)), {}};
  for (std::size_t i = 0; i < providers.size(); ++i)
    outcome.providers.push_back(decode_provider(mechanism, width, providers[i], open(told.providers[i])));
  return outcome;
}

}  // namespace auction
