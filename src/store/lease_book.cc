#include "store/lease_book.h"

#include <algorithm>

namespace store {
namespace {

constexpr std::string_view kTables = R"(
  CREATE TABLE leases (
    id BLOB PRIMARY KEY CHECK (length(id) = 16), provider BLOB NOT NULL, provider_address TEXT NOT NULL,
    end_unix_ms INTEGER NOT NULL, revision INTEGER NOT NULL, state INTEGER NOT NULL CHECK (state IN (1, 2, 3)),
    document BLOB NOT NULL) STRICT;
)";
constexpr std::string_view kMigrations[] = {kTables};
constexpr DatabaseKind kKind{.name = "lease book",
                             .application_id = 0x54524e4c,  // TRNL
                             .migrations = kMigrations,
                             .exclusive = false,
                             .loss = "leases then run on at their providers, and end there"};

base::Result<std::vector<LeaseRecord>> read(Statement rows) {
  std::vector<LeaseRecord> out;
  for (;;) {
    TARN_ASSIGN(const bool row, rows.next());
    if (!row) return out;
    LeaseRecord& lease = out.emplace_back();
    TARN_TRY(rows.array(0, lease.id));
    TARN_TRY(rows.array(1, lease.provider));
    lease.provider_address = rows.text(2);
    lease.end_unix_ms = rows.integer(3);
    lease.revision = static_cast<std::uint32_t>(rows.integer(4));
    lease.state = static_cast<LeaseRecord::State>(rows.integer(5));
    lease.document = rows.bytes(6);
  }
}

}  // namespace

base::Result<std::unique_ptr<LeaseBook>> LeaseBook::open(const std::string& path) {
  TARN_ASSIGN(auto database, Database::open(path, kKind));
  return std::unique_ptr<LeaseBook>(new LeaseBook(std::move(database)));
}

base::Status LeaseBook::put(const LeaseRecord& lease) {
  const std::lock_guard lock(mutex_);
  return database_->run(
      "INSERT OR REPLACE INTO leases (id, provider, provider_address, end_unix_ms, revision, state, "
      "document) VALUES (?, ?, ?, ?, ?, ?, ?)",
      base::ByteView(lease.id), base::ByteView(lease.provider), std::string_view(lease.provider_address),
      lease.end_unix_ms, lease.revision, static_cast<std::uint32_t>(lease.state), base::ByteView(lease.document));
}

base::Result<LeaseRecord> LeaseBook::find(const inventory::Id& id) { return find(base::to_hex(id)); }

base::Result<LeaseRecord> LeaseBook::find(std::string_view prefix) {
  const bool hexadecimal = std::all_of(prefix.begin(), prefix.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  const base::Error none{base::Code::kInvalidInput, "there is no such lease; see: tarn lease list"};
  if (prefix.empty() || prefix.size() > 2 * std::tuple_size_v<inventory::Id> || !hexadecimal) return none;
  const std::lock_guard lock(mutex_);
  TARN_ASSIGN(
      Statement rows,
      database_->query("SELECT id, provider, provider_address, end_unix_ms, revision, state, document FROM leases "
                       "WHERE substr(hex(id), 1, ?) = upper(?) LIMIT 2",
                       std::uint64_t{prefix.size()}, prefix));
  TARN_ASSIGN(std::vector<LeaseRecord> found, read(std::move(rows)));
  if (found.empty()) return none;
  if (found.size() > 1)
    return base::Error{base::Code::kInvalidInput, "several leases begin like this; write more of the one you mean"};
  return std::move(found[0]);
}

base::Result<std::vector<LeaseRecord>> LeaseBook::list() {
  const std::lock_guard lock(mutex_);
  TARN_ASSIGN(
      Statement rows,
      database_->query("SELECT id, provider, provider_address, end_unix_ms, revision, state, document FROM leases "
                       "ORDER BY end_unix_ms DESC, id"));
  return read(std::move(rows));
}

}  // namespace store
