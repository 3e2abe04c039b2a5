#include "store/reputation_file.h"

#include <algorithm>

namespace store {
namespace {

constexpr std::string_view kTables = R"(
  CREATE TABLE peers (
    key BLOB PRIMARY KEY CHECK (length(key) = 32), score REAL NOT NULL,
    last INTEGER NOT NULL CHECK (last BETWEEN 1 AND 4), last_unix_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE offences (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL, offence INTEGER NOT NULL CHECK (offence BETWEEN 1 AND 4),
    unix_ms INTEGER NOT NULL, size INTEGER NOT NULL, evidence BLOB NOT NULL) STRICT;
)";
constexpr std::string_view kMigrations[] = {kTables};
constexpr DatabaseKind kKind{.name = "reputation list",
                             .application_id = 0x54524e52,  // TRNR
                             .migrations = kMigrations,
                             .exclusive = false,
                             .loss = "who cheated is then forgotten"};

}  // namespace

base::Result<std::unique_ptr<ReputationFile>> ReputationFile::open(const std::string& path) {
  TARN_ASSIGN(auto database, Database::open(path, kKind));
  std::unique_ptr<ReputationFile> out(new ReputationFile(std::move(database)));
  TARN_TRY(out->load());
  return out;
}

base::Status ReputationFile::load() {
  TARN_ASSIGN(Statement rows, database_->query("SELECT key, score, last, last_unix_ms FROM peers"));
  for (;;) {
    TARN_ASSIGN(const bool row, rows.next());
    if (!row) return {};
    Entry entry;
    TARN_TRY(rows.array(0, entry.key));
    entry.score = rows.real(1);
    entry.last = static_cast<pool::Offence>(rows.integer(2));
    entry.last_unix_ms = rows.integer(3);
    if (!(entry.score >= 0 && entry.score < 1e9)) return database_->damaged();
    entries_[entry.key] = entry;
  }
}

double ReputationFile::score(const crypto::PublicKey& key, std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  return found == entries_.end() ? 0 : pool::decayed(found->second.score, found->second.last_unix_ms, now);
}

base::Status ReputationFile::record(const crypto::PublicKey& key, pool::Offence offence, std::int64_t now,
                                    base::Bytes evidence) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  const double before =
      found == entries_.end() ? 0 : pool::decayed(found->second.score, found->second.last_unix_ms, now);
  const Entry entry{key, std::min(before + pool::weight(offence), 1e6), offence, now};
  if (evidence.size() > kMaxEvidenceBytes) evidence.clear();
  TARN_TRY(database_->transaction([&] { return write(entry, evidence); }));
  entries_[key] = entry;
  if (entries_.size() > kMaxPeers)
    entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.second.last_unix_ms < b.second.last_unix_ms;
    }));
  return {};
}

base::Status ReputationFile::write(const Entry& entry, base::ByteView evidence) {
  TARN_TRY(database_->run("INSERT OR REPLACE INTO peers (key, score, last, last_unix_ms) VALUES (?, ?, ?, ?)",
                          base::ByteView(entry.key), entry.score, static_cast<std::uint32_t>(entry.last),
                          entry.last_unix_ms));
  TARN_TRY(
      database_->run("DELETE FROM peers WHERE key NOT IN "
                     "(SELECT key FROM peers ORDER BY last_unix_ms DESC LIMIT ?)",
                     std::uint64_t{kMaxPeers}));
  TARN_TRY(database_->run("INSERT INTO offences (key, offence, unix_ms, size, evidence) VALUES (?, ?, ?, ?, ?)",
                          base::ByteView(entry.key), static_cast<std::uint32_t>(entry.last), entry.last_unix_ms,
                          std::uint64_t{evidence.size()}, evidence));
  return database_->run(
      "DELETE FROM offences WHERE number IN (SELECT number FROM (SELECT number, "
      "row_number() OVER newest AS rank, sum(size) OVER newest AS bytes FROM offences "
      "WINDOW newest AS (ORDER BY number DESC)) WHERE rank > ? OR bytes > ?)",
      std::uint64_t{kMaxRecords}, std::uint64_t{kMaxEvidenceBytes});
}

std::vector<pool::Reputation::Entry> ReputationFile::list(std::int64_t now) const {
  std::vector<Entry> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : entries_) out.push_back(entry);
  }
  for (Entry& entry : out) entry.score = pool::decayed(entry.score, entry.last_unix_ms, now);
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.score > b.score; });
  return out;
}

base::Result<std::vector<ReputationFile::Record>> ReputationFile::records(const crypto::PublicKey& key) {
  const std::lock_guard lock(mutex_);
  TARN_ASSIGN(Statement rows,
              database_->query("SELECT offence, unix_ms, evidence FROM offences WHERE key = ? ORDER BY number DESC",
                               base::ByteView(key)));
  std::vector<Record> out;
  for (;;) {
    TARN_ASSIGN(const bool row, rows.next());
    if (!row) return out;
    out.push_back({static_cast<pool::Offence>(rows.integer(0)), rows.integer(1), rows.bytes(2)});
  }
}

}  // namespace store
