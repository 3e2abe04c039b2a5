#include "market/clock.h"

#include <algorithm>

#include "market/clearing.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/orders.h"
#include "market/recharge.h"

namespace market {
namespace {

constexpr std::int64_t kTellAgainMs = 60'000, kErasureMs = 3'600'000;
constexpr std::size_t kMostTold = 10'000;
constexpr int kTriesOfACall = 3;

base::Error taken_over() {
  return {base::Code::kCancelled, "another process runs the market's clock: stop this one, or let it wait"};
}

}  // namespace

// Pages of what is due, so that one row that cannot be helped hides none behind it.
template <class Row>
base::Status Clock::each_due(const std::function<Rows<Row>(Transaction&, const Page&)>& page,
                             const std::function<base::Status(const Row&)>& work) {
  for (Page next{0, kMaxPage};;) {
    std::vector<Row> rows;
    TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
      TARN_ASSIGN(rows, page(store, next));
      return {};
    }));
    for (const Row& row : rows) TARN_TRY(work(row));
    if (rows.size() < next.limit) return {};
    next.after = rows.back().id;
  }
}

void Clock::failed(std::string_view what, const std::string& subject, const base::Error& error) {
  ++round_.failed;
  const std::string about = std::string(what) + " " + subject;
  const auto told = told_.find(about);
  if (told != told_.end() && context_.now < told->second + kTellAgainMs) return;
  if (told_.size() >= kMostTold) told_.clear();
  told_[about] = context_.now;
  log_.error("market_work_failed", {{"work", what}, {"subject", subject}, {"error", error.message}});
}

base::Status Clock::piece(std::string_view what, const std::string& subject, const Body& body) {
  bool ours = true;
  const base::Status written = store_.write([&](Transaction& store) -> base::Status {
    if (fence_) {
      TARN_ASSIGN(const std::int64_t fence, store.fence());
      ours = fence == *fence_;
      if (!ours) return taken_over();
    }
    return body(store);
  });
  if (!ours) return taken_over();
  if (written.ok())
    ++round_.done;
  else
    failed(what, subject, written.error());
  return {};
}

base::Status Clock::run_contracts() {
  return each_due<Contract>(
      [this](Transaction& store, const Page& page) { return store.contracts_due(context_.now, page); },
      [this](const Contract& due) {
        return piece("contract", id_text(IdKind::kContract, due.id), [&](Transaction& store) -> base::Status {
          TARN_ASSIGN(const Contract contract, need_row(store.find_contract(due.id)));
          TARN_TRY(advance(store, context_, contract));
          return {};
        });
      });
}

base::Status Clock::run_orders() {
  return each_due<Order>(
      [this](Transaction& store, const Page& page) { return store.orders_expired(context_.now, page); },
      [this](const Order& due) {
        return piece("order", order_text(due), [&](Transaction& store) -> base::Status {
          TARN_ASSIGN(Order order, need_row(store.find_order(due.id)));
          return close_order(store, context_, order, Order::State::kExpired, "its time has run out");
        });
      });
}

base::Status Clock::run_calls() {
  std::vector<Market> markets;
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(markets, store.markets());
    return {};
  }));
  for (const Market& row : markets) {
    if (!call_is_due(row, context_.now)) continue;
    base::Error why{base::Code::kStorage, "it could not be written"};
    const Body clear = [&](Transaction& store) -> base::Status {
      TARN_ASSIGN(const Market market, need_row(store.find_market(row.id)));
      if (!call_is_due(market, context_.now)) return {};
      const auto cleared = clear_market(store, context_, market);
      if (!cleared.ok()) why = cleared.error();
      return cleared.ok() ? base::Status() : cleared.error();
    };
    const std::size_t failures = round_.failed;
    TARN_TRY(piece("call", row.name, clear));
    // A store that fails may do so for others' work, committed together with this; nothing of it was kept, so it is still
    // due.
    const bool failed = round_.failed > failures;
    if (failed && why.code == base::Code::kStorage && ++tries_[row.id] < kTriesOfACall) continue;
    tries_.erase(row.id);
    if (!failed) continue;
    TARN_TRY(piece("call put off", row.name, [&](Transaction& store) -> base::Status {
      TARN_ASSIGN(const Market market, need_row(store.find_market(row.id)));
      return put_off_call(store, context_, market, why.message);
    }));
  }
  return {};
}

base::Status Clock::run_currencies() {
  std::vector<CurrencyPolicy> policies;
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(policies, store.policies());
    return {};
  }));
  for (const CurrencyPolicy& row : policies) {
    if (!recharge_is_due(row, context_.now)) continue;
    TARN_TRY(piece("currency", std::to_string(row.currency),
                   [&](Transaction& store) { return recharge(store, context_, row.currency); }));
  }
  return {};
}

base::Status Clock::erase_old() {
  if (context_.now < next_erasure_) return {};
  next_erasure_ = context_.now + kErasureMs;
  return piece("erasure", "events", [this](Transaction& store) -> base::Status {
    TARN_TRY(store.erase_events_before(context_.now - settings_.keep_events_ms));
    return store.erase_replies_before(context_.now - settings_.keep_replies_ms);
  });
}

base::Result<Clock::Round> Clock::run_once(std::int64_t now, std::optional<std::int64_t> fence) {
  context_.now = now;
  round_ = {};
  if (fence != fence_) knows_coming_ = false;
  fence_ = fence;
  TARN_TRY(run_contracts());
  TARN_TRY(run_orders());
  TARN_TRY(run_calls());
  TARN_TRY(run_contracts());  // those that a call has just made may begin at once
  TARN_TRY(run_leases());
  TARN_TRY(run_deliveries());
  TARN_TRY(run_currencies());
  TARN_TRY(erase_old());
  round_.next = now + settings_.tick_ms;
  return round_;
}

}  // namespace market
