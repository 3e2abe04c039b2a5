// Lots: what an owner has promised to bring.
#include "market/grid.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/orders.h"
#include "market/query.h"
#include "market/rules.h"

namespace market {
namespace {

base::Status check_lot(const Lot& lot, std::int64_t now) {
  TARN_TRY(check_name("name", lot.name));
  if (lot.kind != Lot::Kind::kUnits && lot.kind != Lot::Kind::kServer) return invalid("kind", "is units or server");
  if (lot.capacity < 1 || lot.capacity > auction::clearing::kMaxUnits)
    return invalid("capacity", "is 1 to 1,000,000 units");
  if (lot.kind == Lot::Kind::kServer && lot.capacity != 1) return invalid("capacity", "of a server is 1");
  TARN_TRY(check_attributes(lot.attributes));
  if (lot.from < 0 || lot.from >= lot.until || lot.until > kMostTime || lot.until <= now)
    return invalid("until", "has to be after from, and later than now (UTC)");
  if (!lot.inventory_offer.empty()) TARN_TRY(check_name("inventory_offer", lot.inventory_offer));
  return {};
}

}  // namespace

Rows<Lot> Rules::lots(const Page& page) {
  if (may(caller_, Action::kShowEverything)) return store_.lots(std::nullopt, bounded(page));
  TARN_TRY(allowed(caller_, Action::kShowOwn, caller_.organisation));
  return store_.lots(caller_.organisation, bounded(page));
}

base::Result<Lot> Rules::lot(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kShowOwn, caller_.organisation));
  if (!caller_.organisation) return invalid("lot", "a lot's name is its owner's: ask as one, or for the list");
  return need(store_.find_lot_named(*caller_.organisation, name), "lot", name);
}

base::Result<Lot> Rules::create_lot(Lot lot) {
  TARN_TRY(allowed(caller_, Action::kManageLots, caller_.organisation));
  lot.owner = *caller_.organisation;
  TARN_TRY(check_lot(lot, context_.now));
  TARN_ASSIGN(const Member member, need(store_.find_member(lot.owner), "member", lot.owner.text()));
  if (member.suspended) return conflict("this organisation is suspended: ask the operator");
  TARN_ASSIGN(const std::optional<Lot> same, store_.find_lot_named(lot.owner, lot.name));
  if (same) return conflict("there is a " + named("lot", lot.name) + " already: choose another name");
  const std::size_t most = context_.limits->lots_a_member;
  TARN_ASSIGN(const std::size_t others, store_.count_lots(lot.owner));
  if (others >= most) return conflict("there are as many lots as a member may have");
  lot.id = 0;
  lot.state = Lot::State::kOpen;
  lot.created = context_.now;
  TARN_ASSIGN(lot.id, store_.insert_lot(lot));
  TARN_TRY(note(store_, context_, "lot.created", {id_text(IdKind::kLot, lot.id)}, lot.name, {lot.owner}));
  return lot;
}

// Resales of what was sold of it are offers of its buyers, and stay.
base::Status Rules::withdraw_lot(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kManageLots, caller_.organisation));
  TARN_ASSIGN(Lot lot, need(store_.find_lot_named(*caller_.organisation, name), "lot", name));
  if (lot.state == Lot::State::kWithdrawn) return {};
  lot.state = Lot::State::kWithdrawn;
  TARN_TRY(store_.update_lot(lot));
  TARN_TRY(close_orders(store_, context_, {.lot = lot.id, .organisation = lot.owner}, "its lot was withdrawn"));
  return note(store_, context_, "lot.withdrawn", {id_text(IdKind::kLot, lot.id)}, lot.name, {lot.owner});
}

}  // namespace market
