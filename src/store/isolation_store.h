// Where the isolation service keeps everything, over SQLite or PostgreSQL (sql_store.h; its tables: isolation_schema.h).
// Errors of opening, threads: as sql_store.h.
#pragma once

#include <memory>

#include "base/result.h"
#include "isolation/store.h"
#include "store/sql_store.h"

namespace store {

using IsolationStoreSettings = SqlStoreSettings;

base::Result<std::unique_ptr<isolation::Store>> open_isolation_store(const IsolationStoreSettings& settings);

}  // namespace store
