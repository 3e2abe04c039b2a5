#include "market/recharge.h"

#include "ledger/policy.h"
#include "market/lookup.h"

namespace market {

bool recharge_is_due(const CurrencyPolicy& policy, std::int64_t now) {
  if (policy.policy.kind != CreditPolicy::Kind::kRecharging) return false;
  return policy.next_recharge <= now || policy.next_recharge > ledger::next_recharge(policy.policy, now, now);
}

base::Status recharge(Transaction& store, const Context& context, ledger::Id currency) {
  TARN_ASSIGN(CurrencyPolicy policy, need_row(store.find_policy(currency)));
  if (!recharge_is_due(policy, context.now)) return {};
  if (policy.next_recharge > context.now) {
    policy.next_recharge = ledger::next_recharge(policy.policy, context.now, context.now);
    return store.put_policy(policy);
  }
  ledger::Rules ledger(store, context.now);
  TARN_ASSIGN(const ledger::Account issuer, ledger.issuer(currency));
  TARN_ASSIGN(const std::vector<ledger::Account> accounts, all_rows<ledger::Account>(kAllRows, [&](const Page& page) {
                return store.accounts(page.after, page.limit);
              }));
  for (const ledger::Account& account : accounts) {
    if (account.currency != currency || account.kind != ledger::AccountKind::kMember) continue;
    const auto transfer = ledger::due_recharge(policy.policy, issuer, account, policy.next_recharge);
    if (transfer) TARN_TRY(ledger.make(*transfer));
  }
  policy.next_recharge = ledger::next_recharge(policy.policy, policy.next_recharge, context.now);
  return store.put_policy(policy);
}

}  // namespace market
