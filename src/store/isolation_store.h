// Where the isolation service keeps everything, over one of two engines with the same tables (isolation_schema.h):
//   SQLite      one file on this machine's disk; for one service
//   PostgreSQL  a server, which others look after and copy; for a service that may move between machines
// Writes are serial, and those that come together share one commit (commit_group.h). On PostgreSQL a lock of the whole
// database makes them so, also among services: with it every rule sees what it would see alone, nothing has to be tried
// again as under SERIALIZABLE, and ids become visible in the order of their numbers, which cursors rely on. Reads have a
// snapshot and wait for no writer (reader_pool.h). While a server is away every call is kStorage; when it is back, the
// next call finds it.
// Bodies may be called on another thread than their caller's, and must not call the store themselves.
// Errors of opening: kInvalidInput (settings), kStorage (the database is another's, a newer tarn's, damaged or away).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "isolation/store.h"

namespace store {

struct IsolationStoreSettings {
  std::string path;        // SQLite: the file
  std::string connection;  // PostgreSQL: a URL or key=value words as libpq has them, without a password: that is in the
                           // file that PGPASSFILE or passfile names. Exactly one of the two is set.
};

base::Result<std::unique_ptr<isolation::Store>> open_isolation_store(const IsolationStoreSettings& settings);

}  // namespace store
