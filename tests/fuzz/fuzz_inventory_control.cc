// Questions to an inventory, in any order and of any bytes, between the operations of sessions: what decodes encodes to
// the same bytes, what is refused changes nothing, and no unit is promised twice: at every moment to come what is held,
// leased and reserved is what is put up at most, unless something that was to be over is not freed yet.
#include "fuzz/input.h"
#include "support/memory_inventory.h"
#include "tarn/inventory_control.h"

namespace {

using inventory::Reservation;
using tarn::InventoryAnswer;
using tarn::InventoryQuestion;
using Kind = InventoryQuestion::Kind;

constexpr std::uint64_t kCapacity = 12;

InventoryQuestion question_of(fuzz::Input& in, std::int64_t now) {
  InventoryQuestion out{static_cast<Kind>(1 + in.below(3)), {}};
  out.reservation.id = {in.u8()};
  if (out.kind != Kind::kReserve) return out;
  out.reservation.offer = in.below(8) == 0 ? "other" : "a";
  out.reservation.units = in.below(16);
  out.reservation.from_unix_ms = now - 1'000 + 100 * in.u8();
  out.reservation.until_unix_ms = out.reservation.from_unix_ms - 100 + 100 * in.u8();
  return out;
}

void ask(support::MemoryInventory& inventory, base::ByteView bytes, std::int64_t now) {
  const auto question = InventoryQuestion::decode(bytes);
  if (!question) return;
  CHECK(question->encode() == base::Bytes(bytes.begin(), bytes.end()));
  const std::vector<Reservation> before = inventory.reservations();
  const InventoryAnswer said = answer(*question, inventory, now);
  CHECK(!said.error || said.reservations == before);
  const base::Bytes written = said.encode();
  const auto read = InventoryAnswer::decode(written);
  CHECK(read && read->encode() == written && read->reservations == said.reservations);
}

void work(support::MemoryInventory& inventory, fuzz::Input& in, std::int64_t now) {
  const inventory::Id id = {in.u8()};
  switch (in.below(6)) {
    case 0:
    case 1: {
      inventory::Wanted wanted;
      wanted.unit = *model::ResourceClass::parse("cpu=1");
      wanted.lease_seconds = in.u8();
      (void)inventory.hold(id, wanted, now, now + 100 + in.u8());
      break;
    }
    case 2: {
      inventory::Lease lease;
      lease.id = {in.u8()};
      lease.offer = "a";
      lease.units = in.below(16);
      lease.end_unix_ms = now + 500 * in.u8();
      lease.confirm_by_unix_ms = now + in.u8();
      (void)inventory.lease(id, lease, now);
      break;
    }
    case 3: (void)inventory.confirm(id, {}, now); break;
    case 4: {
      const auto lease = inventory.find(id);
      if (lease) (void)inventory.renew(id, lease->revision + 1, lease->end_unix_ms + 500 * in.u8(), {}, now);
      break;
    }
    default: (void)inventory.release_hold(id); break;
  }
}

// With everything freed that is over, each moment at which something begins or ends.
void nothing_promised_twice(const support::MemoryInventory& inventory, std::int64_t now) {
  std::vector<inventory::Calendar::Step> all;
  for (const auto& hold : inventory.holds()) all.push_back({now, hold.lease_until_unix_ms, hold.units});
  for (const auto& lease : inventory.leases()) all.push_back({now, lease.end_unix_ms, lease.units});
  for (const auto& r : inventory.reservations()) all.push_back({r.from_unix_ms, r.until_unix_ms, r.units});
  const auto sum = inventory::Calendar::sum(all);
  CHECK(sum && sum->peak(now, inventory::Calendar::kForever) <= kCapacity);
  const inventory::Totals t = inventory.totals(now)[0];
  CHECK(t.capacity == kCapacity && t.free + t.held + t.leased + t.reserved == kCapacity);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)InventoryAnswer::decode({data, size});
  fuzz::Input in(data, size);
  inventory::Offer offer;
  offer.name = "a";
  offer.unit = *model::ResourceClass::parse("cpu=1");
  offer.capacity = kCapacity;
  support::MemoryInventory inventory({offer});
  ask(inventory, in.take(in.u8()), 0);
  for (std::int64_t now = 0; in.left() > 0; now += 100 * static_cast<std::int64_t>(in.below(8))) {
    (void)inventory.expire(now);
    if (in.below(2) == 0)
      ask(inventory, question_of(in, now).encode(), now);
    else
      work(inventory, in, now);
    nothing_promised_twice(inventory, now);
  }
  return 0;
}
