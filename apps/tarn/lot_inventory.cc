#include "tarn/lot_inventory.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/sha256.h"

namespace tarn {
namespace {

using Kind = InventoryQuestion::Kind;
constexpr std::string_view kDomain = "tarn reservation of a lot v1";

// Whether the market has certainly not done what it was asked for.
bool refused(base::Code code) {
  switch (code) {
    case base::Code::kInvalidInput:
    case base::Code::kUnauthenticated:
    case base::Code::kForbidden:
    case base::Code::kNotFound:
    case base::Code::kConflict: return true;
    default: return false;
  }
}

}  // namespace

inventory::Id reservation_of_lot(const crypto::PublicKey& owner, std::string_view lot) {
  const crypto::Digest digest = crypto::sha256(base::Writer().text(kDomain).raw(owner).text(lot).bytes());
  inventory::Id out{};
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

base::Status reserve_for_lot(const AskInventory& ask, const LotUnits& lot,
                             const std::function<base::Status()>& register_lot) {
  const inventory::Reservation wanted{reservation_of_lot(lot.owner, lot.lot),
                                      lot.offer,
                                      lot.units,
                                      lot.from_unix_ms,
                                      lot.until_unix_ms,
                                      "lot " + lot.lot};
  TARN_ASSIGN(const InventoryAnswer before, ask({}));
  const auto& there = before.reservations;
  const bool again = std::any_of(there.begin(), there.end(), [&](const auto& r) { return r.id == wanted.id; });
  const auto reserved = ask({Kind::kReserve, wanted});
  if (!reserved.ok()) return reserved.error();
  base::Status registered = register_lot();
  if (registered.ok() || again) return registered;
  if (!refused(registered.error().code))
    return base::Error{registered.error().code,
                       registered.error().message +
                           "; its units stay reserved, since the lot may have been registered: "
                           "do the same again"};
  const auto released = ask({Kind::kRelease, wanted});
  if (!released.ok())
    return base::Error{registered.error().code,
                       registered.error().message + "; its units are still reserved: " + released.error().message};
  return registered;
}

base::Status release_for_lot(const AskInventory& ask, const crypto::PublicKey& owner, std::string_view lot) {
  InventoryQuestion question{Kind::kRelease, {}};
  question.reservation.id = reservation_of_lot(owner, lot);
  const auto released = ask(question);
  return released.ok() ? base::Status{} : released.error();
}

}  // namespace tarn
