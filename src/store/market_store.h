// Where the market and its ledger keep everything, over SQLite or PostgreSQL (sql_store.h; its tables: market_schema.h).
// Errors of opening, threads: as sql_store.h.
#pragma once

#include <memory>

#include "base/result.h"
#include "market/store.h"
#include "store/sql_store.h"

namespace store {

using MarketStoreSettings = SqlStoreSettings;

// SqlStore::exists
base::Result<bool> market_store_exists(const MarketStoreSettings& settings);
base::Result<std::unique_ptr<market::Store>> open_market_store(const MarketStoreSettings& settings);
// Only to look (SqlStore::open_readers): write() is kStorage. A file's errors come with the first read().
base::Result<std::unique_ptr<market::Store>> open_market_books(const MarketStoreSettings& settings);

}  // namespace store
