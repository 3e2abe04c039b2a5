// MarketLeader: which of the processes that serve one market calls and settles. On PostgreSQL it is the one whose session
// holds a lock of the database; when that session ends, however it does, the next one gets it. On SQLite there is one
// process (its state directory is locked), and it leads.
// A leader that was cut off may not know it yet. So each turn has a number, which grows (market::Transaction::fence()):
// whatever a leader does has to check within its transaction that fence() is still the number of its turn.
// Errors: kInvalidInput (settings), kStorage (the database is away: nobody knows who leads, so oneself does not).
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "market/store.h"
#include "store/market_store.h"
#include "store/sql.h"

namespace store {

class MarketLeader {
 public:
  // `market` is the store that these settings opened; it has to outlive the leader.
  MarketLeader(MarketStoreSettings settings, market::Store& market) : settings_(std::move(settings)), market_(market) {}

  // The number of this process's turn, which begins now if it is free; nothing: another process leads. To be asked
  // before each round of work.
  base::Result<std::optional<std::int64_t>> lead();
  void resign();  // lets another one lead

 private:
  base::Result<bool> holds_lock();
  base::Result<std::int64_t> begin_turn();

  MarketStoreSettings settings_;
  market::Store& market_;
  std::unique_ptr<SqlConnection> session_;  // PostgreSQL: it is what holds the lock
  std::optional<std::int64_t> turn_;
};

}  // namespace store
