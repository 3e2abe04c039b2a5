#include "auction/placement/mechanism.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace auction {

namespace {

using enum Mechanism;
constexpr Mechanism kAll[] = {kFirstPrice,    kSecondPrice,          kSplit, kSplitPartial,
                              kSplitPayAsBid, kSplitPayAsBidPartial, kVcg};
constexpr std::size_t kVcgQuantityWidth = 16;

bool is_uniform(Mechanism mechanism) { return mechanism == kSplit || mechanism == kSplitPartial; }
bool pays_as_bid(Mechanism mechanism) {
  return mechanism == kFirstPrice || mechanism == kSplitPayAsBid || mechanism == kSplitPayAsBidPartial;
}

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

Payment read_payment(Mechanism mechanism, std::size_t width, BitReader& reader) {
  if (mechanism != kVcg) return {reader.number(width)};
  return {reader.number(width + quantity_width(mechanism, width)), Payment::Per::kAward};
}

std::vector<std::uint8_t> open(const Number<PlainBit>& bits) {
  std::vector<std::uint8_t> out;
  for (const PlainBit bit : bits) out.push_back(bit.open() ? 1 : 0);
  return out;
}

}  // namespace

std::string_view name(Mechanism mechanism) {
  switch (mechanism) {
    case kFirstPrice: return "first-price";
    case kSecondPrice: return "second-price";
    case kSplit: return "split";
    case kSplitPartial: return "split-partial";
    case kSplitPayAsBid: return "split-pay-as-bid";
    case kSplitPayAsBidPartial: return "split-pay-as-bid-partial";
    case kVcg: return "vcg";
  }
  CHECK(false);
}

base::Result<Mechanism> parse_mechanism(std::string_view text) {
  for (const Mechanism mechanism : kAll)
    if (text == name(mechanism)) return mechanism;
  return base::Error{base::Code::kInvalidInput, "no such mechanism; there are: " + mechanism_names()};
}

std::string mechanism_names() {
  std::string names;
  for (const Mechanism mechanism : kAll) names.append(names.empty() ? "" : ", ").append(name(mechanism));
  return names;
}

bool has_one_winner(Mechanism mechanism) { return mechanism == kFirstPrice || mechanism == kSecondPrice; }

std::size_t max_width(Mechanism mechanism) { return mechanism == kVcg ? 64 - kVcgQuantityWidth : kMaxWidth; }

base::Status check_width(Mechanism mechanism, std::size_t width) {
  if (width >= kMinWidth && width <= max_width(mechanism)) return {};
  return base::Error{base::Code::kInvalidInput, std::string(name(mechanism)) + " computes with at most " +
                                                    std::to_string(max_width(mechanism)) + " bits, not " +
                                                    std::to_string(width)};
}

std::size_t quantity_width(Mechanism mechanism, std::size_t width) {
  return mechanism == kVcg ? std::min(width, kVcgQuantityWidth) : width;
}

RequesterOutcome decode_requester(Mechanism mechanism, std::size_t width, std::size_t providers,
                                  const RequesterInput& own, std::span<const std::uint8_t> bits) {
  BitReader reader(bits);
  RequesterOutcome out;
  if (has_one_winner(mechanism)) {
    const bool found = reader.number(1) != 0;
    const std::uint64_t winner = reader.number(static_cast<std::size_t>(std::bit_width(providers - 1)));
    const std::uint64_t payment = reader.number(width);
    CHECK(winner < providers);
    if (found) out.awards.push_back({winner, own.quantity, {payment}});
  } else {
    const std::uint64_t uniform = is_uniform(mechanism) ? reader.number(width) : 0;
    for (std::size_t i = 0; i < providers; ++i) {
      const std::uint64_t quantity = reader.number(quantity_width(mechanism, width));
      const Payment payment = is_uniform(mechanism) ? Payment{uniform} : read_payment(mechanism, width, reader);
      if (quantity > 0) out.awards.push_back({i, quantity, payment});
    }
  }
  CHECK(reader.done());
  return out;
}

ProviderOutcome decode_provider(Mechanism mechanism, std::size_t width, const ProviderInput& own,
                                std::span<const std::uint8_t> bits) {
  BitReader reader(bits);
  const bool flagged = has_one_winner(mechanism) && reader.number(1) != 0;
  const std::uint64_t quantity = reader.number(quantity_width(mechanism, width));
  const Payment payment = pays_as_bid(mechanism) ? Payment{own.price} : read_payment(mechanism, width, reader);
  CHECK(reader.done());
  if (has_one_winner(mechanism) ? !flagged : quantity == 0) return {};
  return {true, quantity, payment};
}

Outcome place_plain(Mechanism mechanism, std::size_t width, const RequesterInput& requester,
                    const std::vector<ProviderInput>& providers) {
  CHECK(width >= kMinWidth && width <= max_width(mechanism));
  const std::size_t units = quantity_width(mechanism, width);
  const std::uint64_t most = (std::uint64_t{1} << units) - 1;
  const Request<PlainBit> request{number(requester.quantity, units), number(requester.max_price, width)};
  std::vector<Offer<PlainBit>> offers;
  for (const ProviderInput& p : providers) {
    CHECK(p.capacity >> width == 0);
    offers.push_back({number(std::min(p.capacity, most), units), number(p.price, width)});
  }
  const Told<PlainBit> told = place(mechanism, request, offers);

  Outcome outcome{decode_requester(mechanism, width, providers.size(), requester, open(told.requester)), {}};
  for (std::size_t i = 0; i < providers.size(); ++i)
    outcome.providers.push_back(decode_provider(mechanism, width, providers[i], open(told.providers[i])));
  return outcome;
}

}  // namespace auction
