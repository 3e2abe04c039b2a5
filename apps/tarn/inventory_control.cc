#include "tarn/inventory_control.h"

#include "base/encoding.h"

namespace tarn {
namespace {

using inventory::Reservation;
using inventory::Totals;
using Kind = InventoryQuestion::Kind;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxName = 64, kMaxPurpose = 100, kMaxMessage = 1'000;
constexpr auto kLastCode = static_cast<std::uint8_t>(base::Code::kConflict);

void write(base::Writer& out, const Reservation& r) {
  out.raw(r.id).text(r.offer).u64(r.units);
  out.u64(static_cast<std::uint64_t>(r.from_unix_ms)).u64(static_cast<std::uint64_t>(r.until_unix_ms)).text(r.purpose);
}
Reservation read_reservation(base::Reader& in) {
  Reservation out;
  out.id = in.array<16>();
  out.offer = in.text(kMaxName);
  out.units = in.u64();
  out.from_unix_ms = static_cast<std::int64_t>(in.u64());
  out.until_unix_ms = static_cast<std::int64_t>(in.u64());
  out.purpose = in.text(kMaxPurpose);
  return out;
}

void write(base::Writer& out, const Totals& t) {
  out.text(t.offer);
  for (const std::uint64_t units : {t.capacity, t.free, t.held, t.leased, t.reserved, t.reserved_at_most})
    out.u64(units);
}
Totals read_totals(base::Reader& in) {
  Totals out;
  out.offer = in.text(kMaxName);
  for (std::uint64_t* units : {&out.capacity, &out.free, &out.held, &out.leased, &out.reserved, &out.reserved_at_most})
    *units = in.u64();
  return out;
}

}  // namespace

base::Bytes InventoryQuestion::encode() const {
  base::Writer out;
  out.u8(kVersion).u8(static_cast<std::uint8_t>(kind));
  if (kind == Kind::kReserve) write(out, reservation);
  if (kind == Kind::kRelease) out.raw(reservation.id);
  return out.take();
}

std::optional<InventoryQuestion> InventoryQuestion::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  InventoryQuestion out;
  const std::uint8_t version = in.u8(), kind = in.u8();
  out.kind = static_cast<Kind>(kind);
  if (out.kind == Kind::kReserve) out.reservation = read_reservation(in);
  if (out.kind == Kind::kRelease) out.reservation.id = in.array<16>();
  const bool known =
      kind >= static_cast<std::uint8_t>(Kind::kShow) && kind <= static_cast<std::uint8_t>(Kind::kRelease);
  if (version != kVersion || !known || !in.done()) return std::nullopt;
  return out;
}

base::Bytes InventoryAnswer::encode() const {
  base::Writer out;
  out.u8(kVersion).u8(error ? static_cast<std::uint8_t>(1 + static_cast<int>(error->code)) : 0);
  out.text(error ? std::string_view(error->message).substr(0, kMaxMessage) : "");
  out.u32(static_cast<std::uint32_t>(totals.size()));
  for (const Totals& t : totals) write(out, t);
  out.u32(static_cast<std::uint32_t>(reservations.size()));
  for (const Reservation& r : reservations) write(out, r);
  return out.take();
}

std::optional<InventoryAnswer> InventoryAnswer::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  InventoryAnswer out;
  const std::uint8_t version = in.u8(), code = in.u8();
  const std::string message = in.text(kMaxMessage);
  if (version != kVersion || code > kLastCode + 1 || (code == 0 && !message.empty())) return std::nullopt;
  if (code != 0) out.error = base::Error{static_cast<base::Code>(code - 1), message};
  for (std::uint32_t n = in.u32(); n > 0 && in.good(); --n) out.totals.push_back(read_totals(in));
  for (std::uint32_t n = in.u32(); n > 0 && in.good(); --n) out.reservations.push_back(read_reservation(in));
  if (!in.done()) return std::nullopt;
  return out;
}

InventoryAnswer answer(const InventoryQuestion& question, inventory::Inventory& inventory, std::int64_t now) {
  InventoryAnswer out;
  base::Status done;
  if (question.kind == Kind::kReserve) done = inventory.reserve(question.reservation, now);
  if (question.kind == Kind::kRelease) done = inventory.release_reservation(question.reservation.id);
  if (!done.ok()) out.error = done.error();
  out.totals = inventory.totals(now);
  out.reservations = inventory.reservations();
  return out;
}

}  // namespace tarn
