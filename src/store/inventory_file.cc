#include "store/inventory_file.h"

namespace store {
namespace {

using inventory::Changes;
using inventory::Hold;
using Lease = inventory::Lease;
using inventory::Reservation;

constexpr std::string_view kTables = R"(
  CREATE TABLE holds (
    id BLOB PRIMARY KEY CHECK (length(id) = 16), offer TEXT NOT NULL, units INTEGER NOT NULL,
    unit_price INTEGER NOT NULL, until_unix_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE leases (
    id BLOB PRIMARY KEY CHECK (length(id) = 16), offer TEXT NOT NULL, requester BLOB NOT NULL, units INTEGER NOT NULL,
    hourly_payment INTEGER NOT NULL, start_unix_ms INTEGER NOT NULL, end_unix_ms INTEGER NOT NULL,
    confirm_by_unix_ms INTEGER NOT NULL, revision INTEGER NOT NULL, state INTEGER NOT NULL CHECK (state IN (1, 2, 3)),
    document BLOB NOT NULL) STRICT;
)";
// Delivery: whether a lease is made real, of what unit, and a state for what is being taken away (4).
constexpr std::string_view kDelivered = R"(
  ALTER TABLE holds ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1));
  ALTER TABLE leases RENAME TO former_leases;
  CREATE TABLE leases (
    id BLOB PRIMARY KEY CHECK (length(id) = 16), offer TEXT NOT NULL, requester BLOB NOT NULL, units INTEGER NOT NULL,
    hourly_payment INTEGER NOT NULL, start_unix_ms INTEGER NOT NULL, end_unix_ms INTEGER NOT NULL,
    confirm_by_unix_ms INTEGER NOT NULL, revision INTEGER NOT NULL, state INTEGER NOT NULL CHECK (state IN (1, 2, 3, 4)),
    document BLOB NOT NULL, unit BLOB NOT NULL, delivered INTEGER NOT NULL CHECK (delivered IN (0, 1))) STRICT;
  INSERT INTO leases SELECT *, x'', 0 FROM former_leases;
  DROP TABLE former_leases;
)";
// Reservations, and how long what becomes of a hold may last: of a hold that was there before, no longer than itself.
constexpr std::string_view kReserved = R"(
  ALTER TABLE holds ADD COLUMN lease_until_unix_ms INTEGER NOT NULL DEFAULT 0;
  UPDATE holds SET lease_until_unix_ms = until_unix_ms;
  CREATE TABLE reservations (
    id BLOB PRIMARY KEY CHECK (length(id) = 16), offer TEXT NOT NULL, units INTEGER NOT NULL,
    from_unix_ms INTEGER NOT NULL, until_unix_ms INTEGER NOT NULL, purpose TEXT NOT NULL) STRICT, WITHOUT ROWID;
)";
constexpr std::string_view kMigrations[] = {kTables, kDelivered, kReserved};
constexpr DatabaseKind kKind{.name = "inventory",
                             .application_id = 0x54524e49,  // TRNI
                             .migrations = kMigrations,
                             .exclusive = true,
                             .loss = "what is leased is then forgotten"};

base::Result<std::vector<Hold>> load_holds(Database& database) {
  TARN_ASSIGN(
      Statement rows,
      database.query("SELECT id, offer, units, unit_price, until_unix_ms, delivered, lease_until_unix_ms FROM holds"));
  std::vector<Hold> out;
  for (;;) {
    TARN_ASSIGN(const bool row, rows.next());
    if (!row) return out;
    Hold& hold = out.emplace_back();
    TARN_TRY(rows.array(0, hold.id));
    hold.offer = rows.text(1);
    hold.units = static_cast<std::uint64_t>(rows.integer(2));
    hold.unit_price = static_cast<std::uint64_t>(rows.integer(3));
    hold.until_unix_ms = rows.integer(4);
    hold.delivered = rows.integer(5) != 0;
    hold.lease_until_unix_ms = rows.integer(6);
  }
}

base::Result<std::vector<Reservation>> load_reservations(Database& database) {
  TARN_ASSIGN(Statement rows,
              database.query("SELECT id, offer, units, from_unix_ms, until_unix_ms, purpose FROM reservations"));
  std::vector<Reservation> out;
  for (;;) {
    TARN_ASSIGN(const bool row, rows.next());
    if (!row) return out;
    Reservation& reservation = out.emplace_back();
    TARN_TRY(rows.array(0, reservation.id));
    reservation.offer = rows.text(1);
    reservation.units = static_cast<std::uint64_t>(rows.integer(2));
    reservation.from_unix_ms = rows.integer(3);
    reservation.until_unix_ms = rows.integer(4);
    reservation.purpose = rows.text(5);
  }
}

// Leases from before there was delivery have none, and need none.
base::Status read_unit(const Database& database, const base::Bytes& encoded, Lease& lease) {
  if (encoded.empty() && !lease.delivered) return {};
  auto unit = model::ResourceClass::decode(encoded);
  if (!unit) return database.damaged();
  lease.unit = std::move(*unit);
  return {};
}

base::Result<std::vector<Lease>> load_leases(Database& database) {
  TARN_ASSIGN(Statement rows,
              database.query("SELECT id, requester, offer, units, hourly_payment, start_unix_ms, end_unix_ms, "
                             "confirm_by_unix_ms, revision, state, document, unit, delivered FROM leases"));
  std::vector<Lease> out;
  for (;;) {
    TARN_ASSIGN(const bool row, rows.next());
    if (!row) return out;
    Lease& lease = out.emplace_back();
    TARN_TRY(rows.array(0, lease.id));
    TARN_TRY(rows.array(1, lease.requester));
    lease.offer = rows.text(2);
    lease.units = static_cast<std::uint64_t>(rows.integer(3));
    lease.hourly_payment = static_cast<std::uint64_t>(rows.integer(4));
    lease.start_unix_ms = rows.integer(5);
    lease.end_unix_ms = rows.integer(6);
    lease.confirm_by_unix_ms = rows.integer(7);
    lease.revision = static_cast<std::uint32_t>(rows.integer(8));
    lease.state = static_cast<Lease::State>(rows.integer(9));
    lease.document = rows.bytes(10);
    lease.delivered = rows.integer(12) != 0;
    TARN_TRY(read_unit(database, rows.bytes(11), lease));
  }
}

base::Bytes encoded(const model::ResourceClass& unit) { return unit.amounts.empty() ? base::Bytes{} : unit.encode(); }

base::Status write_reservations(Database& database, const Changes& changes) {
  for (const auto& id : changes.reservations_gone)
    TARN_TRY(database.run("DELETE FROM reservations WHERE id = ?", base::ByteView(id)));
  for (const Reservation& reservation : changes.reservations)
    TARN_TRY(database.run(
        "INSERT INTO reservations (id, offer, units, from_unix_ms, until_unix_ms, purpose) VALUES (?, ?, ?, ?, ?, ?)",
        base::ByteView(reservation.id), std::string_view(reservation.offer), reservation.units,
        reservation.from_unix_ms, reservation.until_unix_ms, std::string_view(reservation.purpose)));
  return {};
}

base::Status write_rows(Database& database, const Changes& changes) {
  for (const auto& id : changes.holds_gone)
    TARN_TRY(database.run("DELETE FROM holds WHERE id = ?", base::ByteView(id)));
  for (const auto& id : changes.leases_gone)
    TARN_TRY(database.run("DELETE FROM leases WHERE id = ?", base::ByteView(id)));
  for (const Hold& hold : changes.holds)
    TARN_TRY(
        database.run("INSERT OR REPLACE INTO holds (id, offer, units, unit_price, until_unix_ms, delivered, "
                     "lease_until_unix_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
                     base::ByteView(hold.id), std::string_view(hold.offer), hold.units, hold.unit_price,
                     hold.until_unix_ms, std::uint32_t{hold.delivered}, hold.lease_until_unix_ms));
  for (const Lease& lease : changes.leases)
    TARN_TRY(database.run(
        "INSERT OR REPLACE INTO leases (id, requester, offer, units, hourly_payment, start_unix_ms, "
        "end_unix_ms, confirm_by_unix_ms, revision, state, document, unit, delivered) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        base::ByteView(lease.id), base::ByteView(lease.requester), std::string_view(lease.offer), lease.units,
        lease.hourly_payment, lease.start_unix_ms, lease.end_unix_ms, lease.confirm_by_unix_ms, lease.revision,
        static_cast<std::uint32_t>(lease.state), base::ByteView(lease.document), base::ByteView(encoded(lease.unit)),
        std::uint32_t{lease.delivered}));
  return write_reservations(database, changes);
}

bool nothing(const Changes& c) {
  return c.holds_gone.empty() && c.leases_gone.empty() && c.reservations_gone.empty() && c.holds.empty() &&
         c.leases.empty() && c.reservations.empty();
}

}  // namespace

base::Result<std::unique_ptr<InventoryFile>> InventoryFile::open(const std::string& path,
                                                                 std::vector<inventory::Offer> offers) {
  TARN_ASSIGN(auto database, Database::open(path, kKind));
  TARN_ASSIGN(auto holds, load_holds(*database));
  TARN_ASSIGN(auto leases, load_leases(*database));
  TARN_ASSIGN(auto reservations, load_reservations(*database));
  auto book = inventory::Book::open(std::move(offers), std::move(holds), std::move(leases), std::move(reservations));
  if (!book.ok()) return book.error().code == base::Code::kStorage ? database->damaged() : book.error();
  return std::unique_ptr<InventoryFile>(new InventoryFile(std::move(database), std::move(*book)));
}

base::Status InventoryFile::write(const base::Result<Changes>& changes) {
  if (!changes.ok()) return changes.error();
  if (nothing(*changes)) return {};
  TARN_TRY(database_->transaction([&] { return write_rows(*database_, *changes); }));
  book_.apply(*changes);
  return {};
}

base::Result<Hold> InventoryFile::hold(const Id& id, const inventory::Wanted& wanted, std::int64_t now,
                                       std::int64_t until) {
  const std::lock_guard lock(mutex_);
  TARN_ASSIGN(const Changes changes, book_.hold(id, wanted, now, until));
  TARN_TRY(write(changes));
  return changes.holds.empty() ? Hold{id, "", 0, 0, until} : changes.holds[0];
}
base::Status InventoryFile::release_hold(const Id& id) {
  const std::lock_guard lock(mutex_);
  return write(book_.release_hold(id));
}
base::Status InventoryFile::lease(const Id& hold, const Lease& lease, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  return write(book_.lease(hold, lease, now));
}
base::Status InventoryFile::confirm(const Id& lease, base::Bytes document, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  return write(book_.confirm(lease, std::move(document), now));
}
base::Status InventoryFile::renew(const Id& lease, std::uint32_t revision, std::int64_t end, base::Bytes document,
                                  std::int64_t now) {
  const std::lock_guard lock(mutex_);
  return write(book_.renew(lease, revision, end, std::move(document), now));
}
base::Status InventoryFile::may_renew(const Id& lease, std::int64_t end, std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  return book_.may_renew(lease, end, now);
}
base::Status InventoryFile::end_lease(const Id& lease, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  return write(book_.end_lease(lease, now));
}
base::Status InventoryFile::returned(const Id& lease) {
  const std::lock_guard lock(mutex_);
  return write(book_.returned(lease));
}
base::Status InventoryFile::reserve(const Reservation& reservation, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  return write(book_.reserve(reservation, now));
}
base::Status InventoryFile::release_reservation(const Id& id) {
  const std::lock_guard lock(mutex_);
  return write(book_.release_reservation(id));
}
base::Result<std::vector<Lease>> InventoryFile::expire(std::int64_t now) {
  const std::lock_guard lock(mutex_);
  Changes changes = book_.expire(now);
  TARN_TRY(write(changes));
  return std::move(changes.leases);
}

std::optional<Lease> InventoryFile::find(const Id& lease) const {
  const std::lock_guard lock(mutex_);
  return book_.find(lease);
}
std::vector<Lease> InventoryFile::leases() const {
  const std::lock_guard lock(mutex_);
  return book_.leases();
}
std::vector<inventory::Reservation> InventoryFile::reservations() const {
  const std::lock_guard lock(mutex_);
  return book_.reservations();
}
std::vector<inventory::Totals> InventoryFile::totals(std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  return book_.totals(now);
}
std::vector<inventory::Offer> InventoryFile::offers() const {
  const std::lock_guard lock(mutex_);
  return book_.offers();
}
base::Status InventoryFile::set_offers(std::vector<inventory::Offer> offers) {
  const std::lock_guard lock(mutex_);
  return book_.set_offers(std::move(offers));
}

}  // namespace store
