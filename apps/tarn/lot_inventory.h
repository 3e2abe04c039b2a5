// A lot at a market, and the units of the owner's inventory behind it: reserved first and registered then, so that what
// the market sells nobody else was sold. The reservation's id follows from the owner and the lot's name: whoever is
// interrupted does the same again, and nothing is reserved twice.
// Errors: those of the inventory and of whoever registers. One thread.
#pragma once

#include <functional>

#include "crypto/identity.h"
#include "tarn/inventory_control.h"

namespace tarn {

struct LotUnits {
  crypto::PublicKey owner{};
  std::string lot;    // its name, unique for its owner
  std::string offer;  // of the inventory: Lot::inventory_offer
  std::uint64_t units = 0;
  std::int64_t from_unix_ms = 0, until_unix_ms = 0;
};

// InventoryDesk::ask of a desk that the command has opened.
using AskInventory = std::function<base::Result<InventoryAnswer>(const InventoryQuestion&)>;

inventory::Id reservation_of_lot(const crypto::PublicKey& owner, std::string_view lot);

// Reserves, and then calls `register_lot`. If the market refuses, the units are released, unless they were reserved
// before the call; if nobody knows (it did not answer), they are kept, and the error says to do it again.
base::Status reserve_for_lot(const AskInventory& ask, const LotUnits& lot,
                             const std::function<base::Status()>& register_lot);

// Once the lot sells nothing any more: it is withdrawn, and no contract of it runs.
base::Status release_for_lot(const AskInventory& ask, const crypto::PublicKey& owner, std::string_view lot);

}  // namespace tarn
