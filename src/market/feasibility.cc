#include "market/feasibility.h"

#include <algorithm>

#include "base/check.h"
#include "ledger/rules.h"
#include "market/lookup.h"
#include "market/market_account.h"
#include "market/orders.h"

namespace market {
namespace {

// Of what is there and not frozen; what has no limit never runs out.
bool can_pay(std::int64_t available, bool frozen, std::int64_t amount) {
  return amount <= 0 || (!frozen && available >= amount);
}

}  // namespace

base::Result<Source*> Feasibility::source(const Order& offer) {
  const std::pair<Id, Id> of{offer.lot, offer.terms.contract.value_or(0)};
  const auto known = sources_.find(of);
  if (known != sources_.end()) return &known->second;
  TARN_ASSIGN(Source fresh, source_of(store_, context_, offer));
  return &sources_.emplace(of, std::move(fresh)).first->second;
}

base::Result<Feasibility::Purse*> Feasibility::purse(ledger::Id account) {
  const auto known = purses_.find(account);
  if (known != purses_.end()) return &known->second;
  TARN_ASSIGN(const ledger::Account row, ledger::Rules(store_, context_.now).account(account));
  return &purses_.emplace(account, Purse{ledger::available(row), row.frozen}).first->second;
}

base::Result<Feasibility::Wanted> Feasibility::wanted(std::span<const Match> deals) {
  Wanted out;
  for (const Match& deal : deals) {
    TARN_TRY(check_window(market_, deal));
    TARN_ASSIGN(Source* const from, source(deal.offer));
    out[from] += deal.units;
  }
  for (const auto& [from, units] : out) TARN_TRY(is_free(*from, {deals[0].start, deals[0].end}, units));
  return out;
}

// What is set aside for the bid pays for its deals, and for what is left of it.
base::Status Feasibility::pay(const Order& bid, std::span<const Match> deals) {
  std::int64_t pays = 0, adds = 0;
  for (const Match& deal : deals) {
    pays += deal.pays;
    adds += std::max<std::int64_t>(0, deal.gets - deal.pays);
  }
  if (bid.units_left > 0) pays += worst_cost(market_, bid);
  ledger::Rules ledger(store_, context_.now);
  std::int64_t set_aside = 0;
  if (bid.escrow) {
    TARN_ASSIGN(set_aside, ledger.left(*bid.escrow));
  }
  TARN_ASSIGN(const ledger::Account buyer, ledger.member_account(market_.currency, bid.terms.organisation));
  TARN_ASSIGN(Purse* const buyers, purse(buyer.id));
  TARN_ASSIGN(const ledger::Account own, market_account(store_, market_));
  TARN_ASSIGN(Purse* const markets, purse(own.id));
  const bool limited = buyers->available != ledger::kUnlimited;
  if (!can_pay(limited ? buyers->available + set_aside : ledger::kUnlimited, buyers->frozen, pays))
    return conflict("the account of the buyer is frozen, or has too little money for it");
  if (!can_pay(markets->available, markets->frozen, adds))
    return conflict("the account of the market is frozen, or has too little money for it");
  if (limited) buyers->available += set_aside - pays;
  if (markets->available != ledger::kUnlimited) markets->available -= adds;
  return {};
}

base::Status Feasibility::take(const Order& bid, std::span<const Match> deals) {
  CHECK(!deals.empty());
  TARN_ASSIGN(const Wanted units, wanted(deals));
  TARN_TRY(pay(bid, deals));
  for (const auto& [from, some] : units) CHECK(from->promised.add(deals[0].start, deals[0].end, some));
  return {};
}

}  // namespace market
