// Markets: what the operator sets up, and under which rules.
#include <algorithm>

#include "ledger/rules.h"
#include "market/grid.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/market_account.h"
#include "market/orders.h"
#include "market/query.h"
#include "market/rules.h"
#include "market/seeds.h"

namespace market {
namespace {

using auction::clearing::Payments;

constexpr std::int64_t kLeastPeriodMs = 1'000, kMostPeriodMs = 31 * kDayMs;
constexpr std::int64_t kMostHorizonMs = 10 * 366 * kDayMs;
constexpr std::uint32_t kWhole = 10'000;  // basis points
constexpr std::uint32_t kMostOpenOrders = 10'000;
constexpr std::uint64_t kMostWork = 1'000'000'000;  // a call's, in one transaction

base::Status check_clearing(const Market& market) {
  const auction::clearing::Settings& settings = market.clearing;
  const bool known = settings.mechanism >= Mechanism::kClaim && settings.mechanism <= Mechanism::kCombinatorial;
  if (!known) return invalid("mechanism", "is none that there is");
  if (settings.kappa_permille > 1'000) return invalid("kappa", "is 0 to 1,000 thousandths");
  if (settings.payments < Payments::kPayAsBid || settings.payments > Payments::kVcg)
    return invalid("payments", "is pay-as-bid, threshold or vcg");
  if (settings.deficit_cap < 0 || settings.deficit_cap > ledger::kMaxAmount / 1'000)
    return invalid("deficit_cap", "is an amount of credits, not negative");
  if (settings.work_limit < 1 || settings.work_limit > kMostWork)
    return invalid("work_limit", "is 1 to 1,000,000,000 steps");
  const bool at_once = settings.mechanism == Mechanism::kClaim || settings.mechanism == Mechanism::kContinuous;
  if (market.call_period_ms == 0 && !at_once)
    return invalid("call_period", "is needed: only claim and continuous do without calls");
  if (market.call_period_ms != 0 && (market.call_period_ms < kLeastPeriodMs || market.call_period_ms > kMostPeriodMs))
    return invalid("call_period", "is a second to 31 days");
  return {};
}

base::Status check_limits(const Market& market) {
  if (market.horizon_ms < market.slot_ms || market.horizon_ms > kMostHorizonMs ||
      market.horizon_ms / market.slot_ms >= auction::clearing::kMaxSlots)
    return invalid("horizon", "is at least a slot, and at most ten years or 99,999 slots");
  if (market.max_duration_ms < market.slot_ms || market.max_duration_ms > market.horizon_ms)
    return invalid("max_duration", "is at least a slot, and at most the horizon");
  if (market.max_open_orders < 1 || market.max_open_orders > kMostOpenOrders)
    return invalid("max_open_orders", "is 1 to 10,000");
  if (market.fee_bp > kWhole) return invalid("fee", "is at most the whole");
  for (const std::uint32_t penalty :
       {market.penalties.failure_bp, market.penalties.reclaim_bp, market.penalties.cancel_bp})
    if (penalty > kWhole) return invalid("penalties", "are at most the whole of what is not delivered");
  return {};
}

base::Status check_market(const Market& market) {
  if (!is_market_name(market.name))
    return invalid("name", "has 1 to 63 characters of a-z 0-9 -, and begins with a letter or digit");
  TARN_TRY(check_slot(market.slot_ms));
  TARN_TRY(check_clearing(market));
  TARN_TRY(check_limits(market));
  if (const auto product = Query::parse(market.product); !product.ok())
    return invalid("product", product.error().message);
  return {};
}

// Calls come at whole periods, so everybody knows when.
std::int64_t next_call(const Market& market, std::int64_t now) {
  return market.call_period_ms == 0 ? 0 : (now / market.call_period_ms + 1) * market.call_period_ms;
}

// What the market may add in all: where a mechanism has deficits, any number of capped ones; where one balances over a
// whole call, what its single contracts lack, which others of the call bring once they are delivered.
std::int64_t own_credit_limit(const Market& market) {
  const auction::clearing::Settings& settings = market.clearing;
  const bool by_call = settings.mechanism == Mechanism::kVcg ||
                       (settings.mechanism == Mechanism::kCombinatorial && settings.payments != Payments::kPayAsBid);
  return by_call || settings.deficit_cap > 0 ? ledger::kUnlimited : 0;
}

}  // namespace

Rows<Market> Rules::markets() {
  TARN_TRY(allowed(caller_, Action::kShowMarkets));
  return store_.markets();
}

base::Result<Market> Rules::market(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kShowMarkets));
  return need(store_.find_market_named(name), "market", name);
}

base::Result<Market> Rules::create_market(Market market) {
  TARN_TRY(allowed(caller_, Action::kManageMarkets));
  TARN_TRY(check_market(market));
  TARN_TRY(need(store_.find_currency(market.currency), "currency", std::to_string(market.currency)));
  TARN_ASSIGN(const std::vector<Market> others, store_.markets());
  if (others.size() >= context_.limits->markets) return conflict("there are as many markets as can be");
  TARN_ASSIGN(const std::optional<Market> same, store_.find_market_named(market.name));
  if (same) return conflict("there is a " + named("market", market.name) + " already: choose another name");
  market.id = 0;
  market.state = Market::State::kOpen;
  market.next_call = next_call(market, context_.now);
  market.revision = 1;
  market.created = context_.now;
  market.next_number = 1;
  TARN_ASSIGN(market.id, store_.insert_market(market));
  TARN_TRY(commit_to_seed(store_, context_, market));
  TARN_TRY(store_.update_market(market));
  ledger::NewAccount account;
  account.currency = market.currency;
  account.kind = ledger::AccountKind::kMarket;
  account.name = market_account_name(market);
  account.credit_limit = own_credit_limit(market);
  TARN_TRY(ledger::Rules(store_, context_.now).open_account(account));
  TARN_TRY(note_everybody(store_, context_, "market.created", {id_text(IdKind::kMarket, market.id), market.id},
                          market.name + ", " + commitment_text(market)));
  return market;
}

base::Result<Market> Rules::change_market(std::string_view name, Market market) {
  TARN_TRY(allowed(caller_, Action::kManageMarkets));
  TARN_ASSIGN(const Market before, need(store_.find_market_named(name), "market", name));
  if (before.state != Market::State::kOpen) return conflict(named("market", name) + " is closed");
  market.name = before.name;
  TARN_TRY(check_market(market));
  if (market.currency != before.currency) return invalid("currency", "cannot be changed: make another market");
  if (market.slot_ms != before.slot_ms) return invalid("slot", "cannot be changed: make another market");
  market.id = before.id;
  market.state = before.state;
  market.created = before.created;
  market.seed_commitment = before.seed_commitment;
  market.next_number = before.next_number;
  market.revision = before.revision + 1;
  const bool same_period = market.call_period_ms == before.call_period_ms;
  market.next_call = same_period ? before.next_call : next_call(market, context_.now);
  TARN_TRY(store_.update_market(market));
  // A deficit that there was stays one.
  if (own_credit_limit(market) > own_credit_limit(before)) {
    TARN_ASSIGN(const ledger::Account account, market_account(store_, market));
    TARN_TRY(ledger::Rules(store_, context_.now).set_credit_limit(account.id, own_credit_limit(market)));
  }
  const std::string reason = "the market has other rules now, revision " + std::to_string(market.revision) +
                             ": look at them, and sign the order anew";
  TARN_TRY(close_orders(store_, context_, {.market = market.id}, reason));
  TARN_TRY(note_everybody(store_, context_, "market.changed", {id_text(IdKind::kMarket, market.id), market.id},
                          "revision " + std::to_string(market.revision)));
  return market;
}

base::Status Rules::close_market(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kManageMarkets));
  TARN_ASSIGN(Market market, need(store_.find_market_named(name), "market", name));
  if (market.state == Market::State::kClosed) return {};
  market.state = Market::State::kClosed;
  market.next_call = 0;
  TARN_TRY(store_.update_market(market));
  TARN_TRY(close_orders(store_, context_, {.market = market.id}, "the market was closed"));
  return note_everybody(store_, context_, "market.closed", {id_text(IdKind::kMarket, market.id), market.id},
                        market.name);
}

}  // namespace market
