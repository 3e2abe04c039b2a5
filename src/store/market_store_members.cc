// Members, their tokens and groups, and how their currencies reach them.
#include "store/market_transaction.h"

namespace store {

using namespace market;

Found<Member> SqlMarketTransaction::find_member(const OrganisationId& id) {
  return find<Member>(" WHERE id = ?", {as_value(id)});
}
Found<Member> SqlMarketTransaction::find_member_named(std::string_view name) { return find_by_name<Member>(name); }
Rows<Member> SqlMarketTransaction::members(std::string_view after_name, std::size_t limit) {
  return select<Member>(" WHERE name > ? ORDER BY name LIMIT ?", {after_name, as_limit(limit)});
}
base::Status SqlMarketTransaction::insert_member(const Member& member) {
  SqlValues values = Mapping<Member>::write(member);
  values.push_back(as_value(member.id));
  return one(write("INSERT INTO members (name, suspended, since, id) VALUES (?, ?, ?, ?)", values));
}
base::Status SqlMarketTransaction::update_member(const Member& member) {
  SqlValues values = Mapping<Member>::write(member);
  values.push_back(as_value(member.id));
  return one(write(sql_of<Member>().update, values));
}

Found<ApiToken> SqlMarketTransaction::find_token(base::ByteView hash) {
  return find<ApiToken>(" WHERE hash = ?", {hash});
}
Rows<ApiToken> SqlMarketTransaction::tokens(const std::optional<OrganisationId>& organisation) {
  if (organisation) return select<ApiToken>(" WHERE organisation = ? ORDER BY id", {as_value(*organisation)});
  return select<ApiToken>(" WHERE organisation IS NULL ORDER BY id", {});
}
base::Result<Id> SqlMarketTransaction::insert_token(const ApiToken& token) { return insert(token); }
base::Result<bool> SqlMarketTransaction::erase_token(Id id) {
  TARN_ASSIGN(const std::size_t erased, write(sql_of<ApiToken>().erase, {id}));
  return erased == 1;
}

Found<Group> SqlMarketTransaction::find_group(const OrganisationId& owner, std::string_view name) {
  return find<Group>(" WHERE owner = ? AND name = ?", {as_value(owner), name});
}
Rows<Group> SqlMarketTransaction::groups(const OrganisationId& owner) {
  return select<Group>(" WHERE owner = ? ORDER BY name", {as_value(owner)});
}
base::Result<Id> SqlMarketTransaction::put_group(const Group& group) {
  Id id = 0;
  TARN_TRY(
      write("INSERT INTO buyer_groups (owner, name, members) VALUES (?, ?, ?)"
            " ON CONFLICT (owner, name) DO UPDATE SET members = excluded.members RETURNING id",
            Mapping<Group>::write(group), [&](const SqlRow& row) {
              id = row.integer(0);
              return true;
            }));
  return id;
}
base::Status SqlMarketTransaction::erase_group(Id id) { return erase<Group>(id); }

Rows<CurrencyPolicy> SqlMarketTransaction::policies_where(std::string_view tail, const SqlValues& arguments) {
  std::vector<CurrencyPolicy> found;
  TARN_TRY(
      ask("SELECT currency, kind, amount, period_ms, credit_limit, next_recharge FROM policies" + std::string(tail),
          arguments, [&](const SqlRow& row) {
            SqlColumns in(row);
            found.push_back(
                {in.id(), {in.as<CreditPolicy::Kind>(), in.integer(), in.integer(), in.integer()}, in.integer()});
            return true;
          }));
  return found;
}
Found<CurrencyPolicy> SqlMarketTransaction::find_policy(ledger::Id currency) {
  TARN_ASSIGN(const std::vector<CurrencyPolicy> found, policies_where(" WHERE currency = ?", {currency}));
  return found.empty() ? std::optional<CurrencyPolicy>() : std::optional(found.front());
}
Rows<CurrencyPolicy> SqlMarketTransaction::policies() { return policies_where(" ORDER BY currency", {}); }
base::Status SqlMarketTransaction::put_policy(const CurrencyPolicy& policy) {
  return one(write(
      "INSERT INTO policies (currency, kind, amount, period_ms, credit_limit, next_recharge) VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (currency) DO UPDATE SET kind = excluded.kind, amount = excluded.amount,"
      " period_ms = excluded.period_ms, credit_limit = excluded.credit_limit, next_recharge = excluded.next_recharge",
      {policy.currency, policy.policy.kind, policy.policy.amount, policy.policy.period_ms, policy.policy.credit_limit,
       policy.next_recharge}));
}

}  // namespace store
