#include "market/ids.h"

#include <array>
#include <charconv>

#include "base/check.h"

namespace market {
namespace {

constexpr std::array<std::string_view, 10> kPrefixes{"mkt", "lot", "bid", "off", "ctr",
                                                     "lse", "clr", "tok", "acc", "xfr"};

// Only what std::to_string makes of a positive number.
bool read(std::string_view digits, Id& id) {
  if (digits.empty() || digits.front() < '1' || digits.front() > '9') return false;
  const auto end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, id);
  return result.ec == std::errc{} && result.ptr == end;
}

}  // namespace

std::string_view prefix(IdKind kind) {
  const std::size_t index = static_cast<std::size_t>(kind) - 1;
  CHECK(index < kPrefixes.size());
  return kPrefixes[index];
}

std::string id_text(IdKind kind, Id id) { return std::string(prefix(kind)) + "_" + std::to_string(id); }

base::Result<Id> parse_id(IdKind kind, std::string_view text) {
  const std::string_view start = prefix(kind);
  Id id = 0;
  if (text.starts_with(start) && text.substr(start.size()).starts_with('_') && read(text.substr(start.size() + 1), id))
    return id;
  return base::Error{base::Code::kInvalidInput, "expected an id as " + id_text(kind, 12)};
}

std::string order_text(const Order& order) { return id_text(order_kind(order.terms.side), order.id); }

base::Result<std::pair<Side, Id>> parse_order_id(std::string_view text) {
  for (const Side side : {Side::kBid, Side::kOffer})
    if (const auto id = parse_id(order_kind(side), text); id.ok()) return std::pair(side, *id);
  return base::Error{base::Code::kInvalidInput, "expected an id as bid_12 or off_12"};
}

}  // namespace market
