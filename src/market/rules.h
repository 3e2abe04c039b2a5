// Rules: every call of the market, decided within one transaction of its store. Each checks first that the caller may
// (access.h), then that the state allows it, then changes rows and notes an event; so a call that returns an error has
// changed nothing, and no order of calls breaks an invariant:
//   1 a unit of a lot is in at most one occupying lease at any time, resales aside, whose units are the contract's (calendar.h)
//   2 every open bid has an escrow of all that it may still cost; every live contract one of all that it will still cost
//   3 what buyers paid is what sellers got, the market kept and owners were given as penalties; the ledger adds up
//   4 an order or contract changes its state only along the arrows of types.h, and says why when it closes
//   5 nothing is matched under rules of the market, windows or prices that its terms do not allow
//   6 a member is never above the caps of the market
// What happens by itself when its time comes is clock.h. One bad row never stops the others: what cannot be matched,
// delivered or settled is closed with its reason.
// Errors: kForbidden, kNotFound (also what a caller may not know of), kConflict (the state forbids it; not enough money),
// kInvalidInput (says which field, as "field: why"), kStorage.
// Threads: none of its own; as its Transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "crypto/identity.h"
#include "ledger/rules.h"
#include "ledger/statement.h"
#include "market/access.h"
#include "market/store.h"
#include "market/terms.h"
#include "market/types.h"

namespace market {

struct Limits {
  std::size_t members = 10'000, markets = 1'000, lots_a_member = 10'000, groups_a_member = 100, tokens_a_member = 100;
  // Of a market's open bids, and of its offers, so many: all of them are in each call, and there are no more, since a full
  // market takes none. With windows a call is a table of all bids by all asks.
  std::size_t orders_in_call = 20'000;
  std::size_t combinatorial_orders = 5'000;
  std::size_t products_in_call =
      1'000;  // windows that one clearing clears, one after the other; others wait their turn
  std::size_t rows_in_answer = 1'000'000;  // that one answer about a time adds up
};

struct Context {
  std::int64_t now = 0;
  base::Random* random = nullptr;            // seeds, nonces
  const crypto::Identity* signer = nullptr;  // the market's own: signs contracts
  const Limits* limits = nullptr;
};

struct Depth {
  std::vector<PriceLevel> bids, offers;  // best first
};
struct Candle {
  std::int64_t from = 0, open = 0, high = 0, low = 0, close = 0;
  std::uint64_t units = 0;
  std::uint32_t trades = 0;
};
struct Utilisation {  // of the lots offered in a market, in a window: unit-milliseconds
  std::uint64_t offered = 0, leased = 0;
};
struct ContractView {
  Contract contract;
  std::vector<Lease> leases;
};
using StatementLine = ledger::StatementLine;
using Statement = ledger::Statement;

inline constexpr std::int64_t kLongestSpanMs = 31LL * 86'400'000;

class Rules {
 public:
  Rules(Transaction& store, Caller caller, const Context& context);

  // Members, tokens, groups (rules_members.cc)
  Rows<Member> members(std::string_view after_name, std::size_t limit);
  base::Result<Member> member(const OrganisationId& id);
  base::Result<Member> add_member(const OrganisationId& id, std::string_view name);  // opens its accounts, by policy
  base::Status set_suspended(const OrganisationId& id, bool suspended);
  base::Result<Id> add_token(const ApiToken& token);  // for the caller's organisation; the operator: for any, or none
  Rows<ApiToken> tokens();
  base::Status drop_token(Id id);
  Rows<Group> groups();
  base::Status put_group(std::string_view name, const std::vector<OrganisationId>& members);
  base::Status drop_group(std::string_view name);

  // Money (rules_money.cc)
  base::Result<ledger::Id> create_currency(std::string_view name, const CreditPolicy& policy);
  base::Result<std::vector<std::pair<ledger::Currency, CurrencyPolicy>>> currencies();
  base::Status set_policy(std::string_view currency, const CreditPolicy& policy);
  base::Result<ledger::Id> grant(std::string_view currency, const OrganisationId& to, std::int64_t amount,
                                 std::string_view why);  // idempotent by the caller's Idempotency-Key alone
  base::Result<ledger::Id> correct(ledger::Id transfer, std::string_view why);  // the same the other way round
  base::Result<std::vector<ledger::Account>> accounts();                        // one's own; who sees everything: all
  base::Result<Statement> statement(ledger::Id account, std::int64_t from, std::int64_t until);
  base::Result<ledger::Invoice> invoice(ledger::Id account, std::int64_t from, std::int64_t until);
  // A frozen account's orders are closed at the next call, and nothing new is agreed with it; what is set aside is
  // still paid.
  base::Result<ledger::Account> set_frozen(ledger::Id account, bool frozen);

  // Markets and what they show (rules_markets.cc, rules_data.cc)
  Rows<Market> markets();
  base::Result<Market> market(std::string_view name);
  base::Result<Market> create_market(Market market);
  // Other rules: a new revision; open orders of the old one are closed with that reason.
  base::Result<Market> change_market(std::string_view name, Market market);
  base::Status close_market(std::string_view name);
  // Without offers to some members only, but for the operator and auditors: to members a market shows all the same.
  base::Result<Depth> depth(std::string_view market, std::size_t levels);
  Rows<TradeTick> trades(std::string_view market, std::int64_t from, std::int64_t until, const Page& page);
  Rows<TradeTick> latest_trades(std::string_view market, std::size_t limit);  // newest first
  // Of at most kLongestSpanMs at once, as utilisation.
  base::Result<std::vector<Candle>> candles(std::string_view market, std::int64_t from, std::int64_t until,
                                            std::int64_t width_ms);
  base::Result<Utilisation> utilisation(std::string_view market, std::int64_t from, std::int64_t until);
  Rows<Clearing> clearings(std::string_view market, const Page& page);
  base::Result<Clearing> clearing(std::string_view market, std::uint64_t number);  // with its transcript

  // Lots (rules_lots.cc)
  Rows<Lot> lots(const Page& page);
  base::Result<Lot> lot(std::string_view name);
  base::Result<Lot> create_lot(Lot lot);
  // No new offers of it, open ones are withdrawn; leases go on.
  base::Status withdraw_lot(std::string_view name);

  // Orders (rules_orders.cc)
  // Verifies the signature, admits it, sets money aside; in a market without calls it meets the book at once. The same
  // document again gives the same order.
  base::Result<Order> submit(const SignedTerms& order);
  base::Result<Order> cancel(Id order);
  base::Result<Order> order(Id id);
  Rows<Order> orders(OrderFilter filter, const Page& page);  // one's own; who sees everything: all

  // Clears a market now, whenever its next call would be: kManageMarkets. As the clock does (clearing.h).
  base::Result<Clearing> clear(std::string_view market);

  // Contracts and leases (rules_contracts.cc, rules_leases.cc)
  base::Result<ContractView> contract(Id id);
  Rows<Contract> contracts(ContractFilter filter, const Page& page);
  base::Result<Contract> cancel_contract(Id id, std::string_view why);  // the buyer
  base::Result<Contract> reclaim(Id id, std::string_view why);          // the seller, with the notice that was agreed
  base::Result<Contract> renew(Id id, std::int64_t until);              // the buyer: a further contract right behind it
  base::Result<Lease> mark_ready(Id lease);                             // the operator: manual fulfiller
  base::Result<Lease> mark_failed(Id lease, std::string_view why);
  base::Result<Lease> mark_gone(Id lease);  // taken away and cleaned: its server is free

  Rows<Event> events(Id after, std::size_t limit, std::optional<Id> market = {});  // of that market only
  base::Result<Id> last_event();  // the cursor to begin with for who wants only what comes

 private:
  Transaction& store_;
  Caller caller_;
  Context context_;
};

}  // namespace market
