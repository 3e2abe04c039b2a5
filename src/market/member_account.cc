#include "market/member_account.h"

#include "ledger/policy.h"
#include "ledger/rules.h"
#include "market/lookup.h"
#include "market/rules.h"

namespace market {
base::Status open_member_account(Transaction& store, const Context& context, const CurrencyPolicy& currency,
                                 const OrganisationId& member) {
  ledger::Rules ledger(store, context.now);
  ledger::NewAccount wanted;
  wanted.currency = currency.currency;
  wanted.organisation = member;
  wanted.credit_limit = currency.policy.credit_limit;
  TARN_ASSIGN(const ledger::Account account, ledger.open_account(wanted));
  TARN_ASSIGN(const ledger::Account issuer, ledger.issuer(currency.currency));
  const auto first = ledger::due_on_joining(currency.policy, issuer, account, context.now);
  if (first) TARN_TRY(ledger.make(*first));
  return {};
}

Rows<Member> all_members(Transaction& store) {
  std::vector<Member> all;
  for (std::string after;;) {
    TARN_ASSIGN(const std::vector<Member> some, store.members(after, kMaxPage));
    all.insert(all.end(), some.begin(), some.end());
    if (some.size() < kMaxPage) return all;
    after = some.back().name;
  }
}

}  // namespace market
