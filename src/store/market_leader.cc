#include "store/market_leader.h"

#include <string>

#include "store/sql_postgres.h"

namespace store {
namespace {

// A session's own note that it holds the lock is gone with the session, as the lock is; so it cannot say what is not.
constexpr std::string_view kNoted = "SELECT coalesce(current_setting('tarn.leads', true), '') = 'yes'";
constexpr std::string_view kNote = "SELECT set_config('tarn.leads', 'yes', false)";
constexpr std::string_view kTry = "SELECT pg_try_advisory_lock(8386109690374254442)";  // ours alone, in each database

base::Result<bool> is_true(SqlConnection& session, std::string_view sql) {
  bool found = false;
  TARN_TRY(session.query(sql, {}, [&](const SqlRow& row) {
    found = row.text(0) == "t";
    return true;
  }));
  return found;
}

}  // namespace

base::Result<std::optional<std::int64_t>> MarketLeader::lead() {
  const base::Result<bool> holds = holds_lock();
  if (!holds.ok() || !*holds) resign();
  if (!holds.ok()) return holds.error();
  if (!*holds) return std::optional<std::int64_t>();
  if (turn_) return turn_;
  const base::Result<std::int64_t> turn = begin_turn();
  if (!turn.ok()) {
    resign();
    return turn.error();
  }
  turn_ = *turn;
  return turn_;
}

void MarketLeader::resign() {
  session_.reset();
  turn_.reset();
}

// Forgets the turn if the lock is of a new session: another process may have led meanwhile.
base::Result<bool> MarketLeader::holds_lock() {
  if (settings_.connection.empty()) return true;
  if (session_ == nullptr) {
    TARN_ASSIGN(session_, open_postgres(settings_.connection));
  }
  TARN_TRY(session_->begin(SqlConnection::Access::kRead));
  TARN_ASSIGN(const bool noted, is_true(*session_, kNoted));
  if (!noted) turn_.reset();
  bool holds = noted;
  if (!noted) {
    TARN_ASSIGN(holds, is_true(*session_, kTry));
  }
  if (!noted && holds) TARN_TRY(session_->query(kNote, {}, {}));
  TARN_TRY(session_->commit());
  return holds;
}

base::Result<std::int64_t> MarketLeader::begin_turn() {
  std::int64_t turn = 0;
  TARN_TRY(market_.write([&](market::Transaction& t) -> base::Status {
    TARN_ASSIGN(turn, t.advance_fence());
    return {};
  }));
  return turn;
}

}  // namespace store
