#include "market/market_account.h"

#include "market/lookup.h"

namespace market {

std::string market_account_name(const Market& market) { return "market/" + market.name; }

base::Result<ledger::Account> market_account(Transaction& store, const Market& market) {
  return need_row(store.find_account(market.currency, market_account_name(market)));
}

base::Result<Accounts> accounts_of(Transaction& store, const Context& context, const Market& market,
                                   const OrganisationId& buyer, const OrganisationId& seller) {
  ledger::Rules ledger(store, context.now);
  Accounts out;
  TARN_ASSIGN(const ledger::Account pays, ledger.member_account(market.currency, buyer));
  TARN_ASSIGN(const ledger::Account gets, ledger.member_account(market.currency, seller));
  TARN_ASSIGN(const ledger::Account own, market_account(store, market));
  out.buyer = pays.id;
  out.seller = gets.id;
  out.market = own.id;
  return out;
}

}  // namespace market
