// Ids as people and the API see them: what it is, an underscore, and the store's row: "mkt_3", "bid_12". One text for each
// id: parse takes only what text() makes. Pure, any thread. Errors: kInvalidInput, which shows how such an id looks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "market/types.h"

namespace market {

enum class IdKind : std::uint8_t {
  kMarket = 1,
  kLot,
  kBid,
  kOffer,
  kContract,
  kLease,
  kClearing,
  kToken,
  kAccount,
  kTransfer,
};

std::string_view prefix(IdKind kind);  // "mkt", without the underscore
std::string id_text(IdKind kind, Id id);
base::Result<Id> parse_id(IdKind kind, std::string_view text);

inline IdKind order_kind(Side side) { return side == Side::kBid ? IdKind::kBid : IdKind::kOffer; }
std::string order_text(const Order& order);  // "bid_12" or "off_12"
base::Result<std::pair<Side, Id>> parse_order_id(std::string_view text);

}  // namespace market
