// SqlStore: a database with its writers and its readers (commit_group.h, reader_pool.h), over one of two engines with the
// same tables:
//   SQLite      one file on this machine's disk; for one service
//   PostgreSQL  a server, which others look after and copy; for a service that may move between machines
// Writes are serial, and those that come together share one commit. On PostgreSQL a lock of the whole database makes them
// so, also among services: with it every rule sees what it would see alone, nothing has to be tried again as under
// SERIALIZABLE, and ids become visible in the order of their numbers, which cursors rely on. Reads have a snapshot and
// wait for no writer. While a server is away every call is kStorage; when it is back, the next call finds it.
// Bodies may be called on another thread than their caller's, and must not call the store themselves.
// Errors of opening: kInvalidInput (settings), kStorage (the database is another's, a newer tarn's, damaged or away).
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/commit_group.h"
#include "store/reader_pool.h"
#include "store/sql_dialect.h"

namespace store {

struct SqlStoreSettings {
  std::string path;        // SQLite: the file
  std::string connection;  // PostgreSQL: a URL or key=value words as libpq has them, without a password: that is in the
                           // file that PGPASSFILE or passfile names. Exactly one of the two is set.
};

struct SqlStoreKind {
  std::string_view name;                                                // "isolation"
  std::string_view title;                                               // "isolation database": in messages
  std::uint32_t application_id = 0;                                     // SQLite's
  std::string_view loss;                                                // what is lost with the database, in messages
  std::span<const std::string_view> (*migrations)(SqlDialect dialect);  // isolation_schema.h
};

class SqlStore {
 public:
  static base::Result<std::unique_ptr<SqlStore>> open(const SqlStoreSettings& settings, const SqlStoreKind& kind);
  // Whether anything is kept there, of whichever version; a file that is there counts. Refuses a server's database that is
  // another's. Makes and writes nothing.
  static base::Result<bool> exists(const SqlStoreSettings& settings, const SqlStoreKind& kind);
  // Only to look, also while a service runs: makes nothing, raises nothing, writes nothing, and refuses tables of another
  // version.
  static base::Result<std::unique_ptr<ReaderPool>> open_readers(const SqlStoreSettings& settings,
                                                                const SqlStoreKind& kind);
  SqlStore(std::unique_ptr<SqlConnection> writer, ReaderPool::Open open_reader)
      : writers_(std::move(writer)), readers_(std::move(open_reader)) {}

  base::Status write(const CommitGroup::Body& body) { return writers_.run(body); }
  base::Status read(const ReaderPool::Body& body) { return readers_.run(body); }

 private:
  CommitGroup writers_;
  ReaderPool readers_;
};

}  // namespace store
