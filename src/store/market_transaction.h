// SqlMarketTransaction: market::Transaction, and with it ledger::Tables, as SQL, within a transaction that somebody else
// began and will end (market_store.h). One file an area: market_store_….cc. Rows are mapped in market_rows.h.
// Threads: as its connection.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "market/store.h"
#include "store/market_rows.h"
#include "store/sql_condition.h"
#include "store/sql_tables.h"

namespace store {

class SqlMarketTransaction : public market::Transaction, private SqlTables {
 public:
  template <class T>
  using Found = SqlTables::Found<T>;
  template <class T>
  using Rows = SqlTables::Rows<T>;
  template <class T>
  using Result = base::Result<T>;
  using Status = base::Status;
  using Id = market::Id;
  using Page = market::Page;
  using OrganisationId = market::OrganisationId;

  explicit SqlMarketTransaction(SqlConnection& connection) : SqlTables(connection) {}

  void foresee(const std::function<void(market::Transaction&)>& questions) override {
    const Foreseeing now(foresees_);
    questions(*this);
  }
  Found<ledger::Currency> find_currency(std::string_view name) override;
  Found<ledger::Currency> find_currency(Id id) override;
  Result<std::vector<ledger::Currency>> currencies() override;
  Result<Id> insert_currency(const ledger::Currency& currency) override;
  Found<ledger::Account> find_account(Id id) override;
  Found<ledger::Account> find_account(Id currency, std::string_view name) override;
  Result<std::vector<ledger::Account>> accounts(Id after, std::size_t limit) override;
  Result<std::vector<ledger::Account>> accounts_of(const OrganisationId& organisation) override;
  Result<Id> insert_account(const ledger::Account& account) override;
  Status update_account(const ledger::Account& account) override;
  Found<ledger::Transfer> find_transfer(Id id) override;
  Found<ledger::Transfer> find_transfer(const ledger::Key& key) override;
  Result<Id> insert_transfer(const ledger::Transfer& transfer) override;
  Result<std::vector<ledger::Transfer>> transfers(Id after, std::size_t limit) override;
  Result<std::vector<ledger::Transfer>> transfers_of(Id account, std::int64_t from, std::int64_t until, Id after,
                                                     std::size_t limit) override;
  Result<std::int64_t> changed_since(Id account, std::int64_t from) override;
  Found<ledger::Pending> find_pending(Id transfer) override;
  Status put_pending(const ledger::Pending& pending) override;

  Found<market::Member> find_member(const OrganisationId& id) override;
  Found<market::Member> find_member_named(std::string_view name) override;
  Rows<market::Member> members(std::string_view after_name, std::size_t limit) override;
  Status insert_member(const market::Member& member) override;
  Status update_member(const market::Member& member) override;
  Found<market::ApiToken> find_token(base::ByteView hash) override;
  Rows<market::ApiToken> tokens(const std::optional<OrganisationId>& organisation) override;
  Result<Id> insert_token(const market::ApiToken& token) override;
  Result<bool> erase_token(Id id) override;
  Found<market::Group> find_group(const OrganisationId& owner, std::string_view name) override;
  Rows<market::Group> groups(const OrganisationId& owner) override;
  Result<Id> put_group(const market::Group& group) override;
  Status erase_group(Id id) override;
  Found<market::CurrencyPolicy> find_policy(ledger::Id currency) override;
  Rows<market::CurrencyPolicy> policies() override;
  Status put_policy(const market::CurrencyPolicy& policy) override;
  Found<market::Market> find_market(Id id) override;
  Found<market::Market> find_market_named(std::string_view name) override;
  Rows<market::Market> markets() override;
  Result<Id> insert_market(const market::Market& market) override;
  Status update_market(const market::Market& market) override;
  Result<std::optional<base::Bytes>> market_seed(Id market) override;
  Status set_market_seed(Id market, base::ByteView seed) override;
  Found<market::Lot> find_lot(Id id) override;
  Found<market::Lot> find_lot_named(const OrganisationId& owner, std::string_view name) override;
  Rows<market::Lot> lots(const std::optional<OrganisationId>& owner, const Page& page) override;
  Result<std::size_t> count_lots(const OrganisationId& owner) override;
  Result<Id> insert_lot(const market::Lot& lot) override;
  Status update_lot(const market::Lot& lot) override;
  Found<market::Order> find_order(Id id) override;
  Found<market::Order> find_order(const OrganisationId& organisation,
                                  const std::array<std::uint8_t, 16>& nonce) override;
  Rows<market::Order> orders(const market::OrderFilter& filter, const Page& page) override;
  Rows<market::Order> orders_expired(std::int64_t now, const Page& page) override;
  Rows<market::PriceLevel> levels(Id market, market::Side side, bool private_too, std::size_t limit) override;
  Result<std::size_t> count_open_orders(Id market, const OrganisationId& organisation) override;
  Result<bool> fewer_open(Id market, market::Side side, std::size_t than) override;
  Result<Id> insert_order(const market::Order& order) override;
  Status update_order(const market::Order& order) override;
  Found<market::Contract> find_contract(Id id) override;
  Rows<market::Contract> contracts(const market::ContractFilter& filter, const Page& page) override;
  Result<Id> insert_contract(const market::Contract& contract) override;
  Status update_contract(const market::Contract& contract) override;
  Rows<market::Contract> contracts_due(std::int64_t now, const Page& page) override;
  Found<market::Lease> find_lease(Id id) override;
  Rows<market::Lease> leases(const market::LeaseFilter& filter, const Page& page) override;
  Result<Id> insert_lease(const market::Lease& lease) override;
  Status update_lease(const market::Lease& lease) override;
  Rows<market::Lease> leases_due(std::int64_t now, const Page& page) override;
  Found<market::Clearing> find_clearing(Id market, std::uint64_t number) override;
  Rows<market::Clearing> clearings(Id market, const Page& page) override;
  Result<Id> insert_clearing(const market::Clearing& clearing) override;
  Status insert_tick(const market::TradeTick& tick) override;
  Rows<market::TradeTick> ticks(Id market, std::int64_t from, std::int64_t until, const Page& page) override;
  Rows<market::TradeTick> latest_ticks(Id market, std::size_t limit) override;
  Status insert_event(const market::Event& event) override;
  Rows<market::Event> events(Id after, const market::EventFilter& which, std::size_t limit) override;
  Result<Id> last_event() override;
  Status erase_events_before(std::int64_t time) override;
  Found<market::KeptReply> find_reply(std::string_view caller, std::string_view key) override;
  Status keep_reply(std::string_view caller, std::string_view key, const market::KeptReply& reply) override;
  Status erase_replies_before(std::int64_t time) override;
  Result<std::optional<base::Bytes>> signing_key() override;
  Status set_signing_key(base::ByteView key) override;
  Result<std::int64_t> fence() override;
  Result<std::int64_t> advance_fence() override;

 private:
  template <class T>
  Rows<T> page_where(const SqlCondition& condition, const Page& page) {
    SqlValues arguments = condition.arguments();
    arguments.emplace_back(page.after);
    arguments.emplace_back(as_limit(page.limit));
    return select<T>(condition.where() + "id > ? ORDER BY id LIMIT ?", arguments);
  }
  // Few of many: found by when they are due, and only then put in order. (The sum keeps an engine from walking all ids.)
  template <class T>
  Rows<T> due(const SqlCondition& condition, const Page& page) {
    SqlValues arguments = condition.arguments();
    arguments.emplace_back(page.after);
    arguments.emplace_back(as_limit(page.limit));
    return select<T>(condition.where() + "id + 0 > ? ORDER BY id + 0 LIMIT ?", arguments);
  }
  // Of two lists by id the first rows, each once.
  template <class T>
  static std::vector<T> merged(std::vector<T> rows, std::vector<T> others, std::size_t limit) {
    std::ranges::move(others, std::back_inserter(rows));
    std::ranges::sort(rows, {}, &T::id);
    const auto twice = std::ranges::unique(rows, {}, &T::id);
    rows.erase(twice.begin(), twice.end());
    if (rows.size() > limit) rows.resize(limit);
    return rows;
  }
  Rows<market::CurrencyPolicy> policies_where(std::string_view tail, const SqlValues& arguments);

  std::map<Id, ledger::Account> accounts_;  // as they are, of those that were found by their name
};

}  // namespace store
