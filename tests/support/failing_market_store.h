// A store whose n-th call fails, whatever it is: what a disk or a connection does in the middle of a transaction. Over
// another store, which has to undo what was done before.
// Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "market/store.h"

namespace market {

class FailingTransaction final : public Transaction {
 public:
  FailingTransaction(Transaction& store, std::size_t& left) : store_(store), left_(left) {}

  Found<Member> find_member(const OrganisationId& id) override {
    return fails() ? Found<Member>(failure()) : store_.find_member(id);
  }
  Found<Member> find_member_named(std::string_view name) override {
    return fails() ? Found<Member>(failure()) : store_.find_member_named(name);
  }
  Rows<Member> members(std::string_view after_name, std::size_t limit) override {
    return fails() ? Rows<Member>(failure()) : store_.members(after_name, limit);
  }
  base::Status insert_member(const Member& member) override {
    return fails() ? base::Status(failure()) : store_.insert_member(member);
  }
  base::Status update_member(const Member& member) override {
    return fails() ? base::Status(failure()) : store_.update_member(member);
  }
  Found<ApiToken> find_token(base::ByteView hash) override {
    return fails() ? Found<ApiToken>(failure()) : store_.find_token(hash);
  }
  Rows<ApiToken> tokens(const std::optional<OrganisationId>& organisation) override {
    return fails() ? Rows<ApiToken>(failure()) : store_.tokens(organisation);
  }
  base::Result<Id> insert_token(const ApiToken& token) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_token(token);
  }
  base::Result<bool> erase_token(Id id) override {
    return fails() ? base::Result<bool>(failure()) : store_.erase_token(id);
  }
  Found<Group> find_group(const OrganisationId& owner, std::string_view name) override {
    return fails() ? Found<Group>(failure()) : store_.find_group(owner, name);
  }
  Rows<Group> groups(const OrganisationId& owner) override {
    return fails() ? Rows<Group>(failure()) : store_.groups(owner);
  }
  base::Result<Id> put_group(const Group& group) override {
    return fails() ? base::Result<Id>(failure()) : store_.put_group(group);
  }
  base::Status erase_group(Id id) override { return fails() ? base::Status(failure()) : store_.erase_group(id); }
  Found<CurrencyPolicy> find_policy(ledger::Id currency) override {
    return fails() ? Found<CurrencyPolicy>(failure()) : store_.find_policy(currency);
  }
  Rows<CurrencyPolicy> policies() override { return fails() ? Rows<CurrencyPolicy>(failure()) : store_.policies(); }
  base::Status put_policy(const CurrencyPolicy& policy) override {
    return fails() ? base::Status(failure()) : store_.put_policy(policy);
  }
  Found<Market> find_market(Id id) override { return fails() ? Found<Market>(failure()) : store_.find_market(id); }
  Found<Market> find_market_named(std::string_view name) override {
    return fails() ? Found<Market>(failure()) : store_.find_market_named(name);
  }
  Rows<Market> markets() override { return fails() ? Rows<Market>(failure()) : store_.markets(); }
  base::Result<Id> insert_market(const Market& market) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_market(market);
  }
  base::Status update_market(const Market& market) override {
    return fails() ? base::Status(failure()) : store_.update_market(market);
  }
  base::Result<std::optional<base::Bytes>> market_seed(Id market) override {
    return fails() ? base::Result<std::optional<base::Bytes>>(failure()) : store_.market_seed(market);
  }
  base::Status set_market_seed(Id market, base::ByteView seed) override {
    return fails() ? base::Status(failure()) : store_.set_market_seed(market, seed);
  }
  Found<Lot> find_lot(Id id) override { return fails() ? Found<Lot>(failure()) : store_.find_lot(id); }
  Found<Lot> find_lot_named(const OrganisationId& owner, std::string_view name) override {
    return fails() ? Found<Lot>(failure()) : store_.find_lot_named(owner, name);
  }
  Rows<Lot> lots(const std::optional<OrganisationId>& owner, const Page& page) override {
    return fails() ? Rows<Lot>(failure()) : store_.lots(owner, page);
  }
  base::Result<std::size_t> count_lots(const OrganisationId& owner) override {
    return fails() ? base::Result<std::size_t>(failure()) : store_.count_lots(owner);
  }
  base::Result<Id> insert_lot(const Lot& lot) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_lot(lot);
  }
  base::Status update_lot(const Lot& lot) override {
    return fails() ? base::Status(failure()) : store_.update_lot(lot);
  }
  Found<Order> find_order(Id id) override { return fails() ? Found<Order>(failure()) : store_.find_order(id); }
  Found<Order> find_order(const OrganisationId& organisation, const std::array<std::uint8_t, 16>& nonce) override {
    return fails() ? Found<Order>(failure()) : store_.find_order(organisation, nonce);
  }
  Rows<PriceLevel> levels(Id market, Side side, bool private_too, std::size_t limit) override {
    return fails() ? Rows<PriceLevel>(failure()) : store_.levels(market, side, private_too, limit);
  }
  Rows<Order> orders(const OrderFilter& filter, const Page& page) override {
    return fails() ? Rows<Order>(failure()) : store_.orders(filter, page);
  }
  Rows<Order> orders_expired(std::int64_t now, const Page& page) override {
    return fails() ? Rows<Order>(failure()) : store_.orders_expired(now, page);
  }
  base::Result<std::size_t> count_open_orders(Id market, const OrganisationId& organisation) override {
    return fails() ? base::Result<std::size_t>(failure()) : store_.count_open_orders(market, organisation);
  }
  base::Result<bool> fewer_open(Id market, Side side, std::size_t than) override {
    return fails() ? base::Result<bool>(failure()) : store_.fewer_open(market, side, than);
  }
  base::Result<Id> insert_order(const Order& order) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_order(order);
  }
  base::Status update_order(const Order& order) override {
    return fails() ? base::Status(failure()) : store_.update_order(order);
  }
  Found<Contract> find_contract(Id id) override {
    return fails() ? Found<Contract>(failure()) : store_.find_contract(id);
  }
  Rows<Contract> contracts(const ContractFilter& filter, const Page& page) override {
    return fails() ? Rows<Contract>(failure()) : store_.contracts(filter, page);
  }
  base::Result<Id> insert_contract(const Contract& contract) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_contract(contract);
  }
  base::Status update_contract(const Contract& contract) override {
    return fails() ? base::Status(failure()) : store_.update_contract(contract);
  }
  Rows<Contract> contracts_due(std::int64_t now, const Page& page) override {
    return fails() ? Rows<Contract>(failure()) : store_.contracts_due(now, page);
  }
  Found<Lease> find_lease(Id id) override { return fails() ? Found<Lease>(failure()) : store_.find_lease(id); }
  Rows<Lease> leases(const LeaseFilter& filter, const Page& page) override {
    return fails() ? Rows<Lease>(failure()) : store_.leases(filter, page);
  }
  base::Result<Id> insert_lease(const Lease& lease) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_lease(lease);
  }
  base::Status update_lease(const Lease& lease) override {
    return fails() ? base::Status(failure()) : store_.update_lease(lease);
  }
  Rows<Lease> leases_due(std::int64_t now, const Page& page) override {
    return fails() ? Rows<Lease>(failure()) : store_.leases_due(now, page);
  }
  Found<Clearing> find_clearing(Id market, std::uint64_t number) override {
    return fails() ? Found<Clearing>(failure()) : store_.find_clearing(market, number);
  }
  Rows<Clearing> clearings(Id market, const Page& page) override {
    return fails() ? Rows<Clearing>(failure()) : store_.clearings(market, page);
  }
  base::Result<Id> insert_clearing(const Clearing& clearing) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_clearing(clearing);
  }
  base::Status insert_tick(const TradeTick& tick) override {
    return fails() ? base::Status(failure()) : store_.insert_tick(tick);
  }
  Rows<TradeTick> ticks(Id market, std::int64_t from, std::int64_t until, const Page& page) override {
    return fails() ? Rows<TradeTick>(failure()) : store_.ticks(market, from, until, page);
  }
  Rows<TradeTick> latest_ticks(Id market, std::size_t limit) override {
    return fails() ? Rows<TradeTick>(failure()) : store_.latest_ticks(market, limit);
  }
  base::Status insert_event(const Event& event) override {
    return fails() ? base::Status(failure()) : store_.insert_event(event);
  }
  Rows<Event> events(Id after, const EventFilter& which, std::size_t limit) override {
    return fails() ? Rows<Event>(failure()) : store_.events(after, which, limit);
  }
  base::Result<Id> last_event() override { return fails() ? base::Result<Id>(failure()) : store_.last_event(); }
  base::Status erase_events_before(std::int64_t time) override {
    return fails() ? base::Status(failure()) : store_.erase_events_before(time);
  }
  Found<KeptReply> find_reply(std::string_view caller, std::string_view key) override {
    return fails() ? Found<KeptReply>(failure()) : store_.find_reply(caller, key);
  }
  base::Status keep_reply(std::string_view caller, std::string_view key, const KeptReply& reply) override {
    return fails() ? base::Status(failure()) : store_.keep_reply(caller, key, reply);
  }
  base::Status erase_replies_before(std::int64_t time) override {
    return fails() ? base::Status(failure()) : store_.erase_replies_before(time);
  }
  base::Result<std::optional<base::Bytes>> signing_key() override {
    return fails() ? base::Result<std::optional<base::Bytes>>(failure()) : store_.signing_key();
  }
  base::Status set_signing_key(base::ByteView key) override {
    return fails() ? base::Status(failure()) : store_.set_signing_key(key);
  }
  base::Result<std::int64_t> fence() override {
    return fails() ? base::Result<std::int64_t>(failure()) : store_.fence();
  }
  base::Result<std::int64_t> advance_fence() override {
    return fails() ? base::Result<std::int64_t>(failure()) : store_.advance_fence();
  }
  Found<ledger::Currency> find_currency(std::string_view name) override {
    return fails() ? Found<ledger::Currency>(failure()) : store_.find_currency(name);
  }
  Found<ledger::Currency> find_currency(Id id) override {
    return fails() ? Found<ledger::Currency>(failure()) : store_.find_currency(id);
  }
  base::Result<std::vector<ledger::Currency>> currencies() override {
    return fails() ? base::Result<std::vector<ledger::Currency>>(failure()) : store_.currencies();
  }
  base::Result<Id> insert_currency(const ledger::Currency& currency) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_currency(currency);
  }
  Found<ledger::Account> find_account(Id id) override {
    return fails() ? Found<ledger::Account>(failure()) : store_.find_account(id);
  }
  Found<ledger::Account> find_account(Id currency, std::string_view name) override {
    return fails() ? Found<ledger::Account>(failure()) : store_.find_account(currency, name);
  }
  base::Result<std::vector<ledger::Account>> accounts(Id after, std::size_t limit) override {
    return fails() ? base::Result<std::vector<ledger::Account>>(failure()) : store_.accounts(after, limit);
  }
  base::Result<std::vector<ledger::Account>> accounts_of(const model::OrganisationId& organisation) override {
    return fails() ? base::Result<std::vector<ledger::Account>>(failure()) : store_.accounts_of(organisation);
  }
  base::Result<Id> insert_account(const ledger::Account& account) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_account(account);
  }
  base::Status update_account(const ledger::Account& account) override {
    return fails() ? base::Status(failure()) : store_.update_account(account);
  }
  Found<ledger::Transfer> find_transfer(Id id) override {
    return fails() ? Found<ledger::Transfer>(failure()) : store_.find_transfer(id);
  }
  Found<ledger::Transfer> find_transfer(const ledger::Key& key) override {
    return fails() ? Found<ledger::Transfer>(failure()) : store_.find_transfer(key);
  }
  base::Result<Id> insert_transfer(const ledger::Transfer& transfer) override {
    return fails() ? base::Result<Id>(failure()) : store_.insert_transfer(transfer);
  }
  base::Result<std::vector<ledger::Transfer>> transfers(Id after, std::size_t limit) override {
    return fails() ? base::Result<std::vector<ledger::Transfer>>(failure()) : store_.transfers(after, limit);
  }
  base::Result<std::vector<ledger::Transfer>> transfers_of(Id account, std::int64_t from, std::int64_t until, Id after,
                                                           std::size_t limit) override {
    return fails() ? base::Result<std::vector<ledger::Transfer>>(failure())
                   : store_.transfers_of(account, from, until, after, limit);
  }
  base::Result<std::int64_t> changed_since(Id account, std::int64_t from) override {
    return fails() ? base::Result<std::int64_t>(failure()) : store_.changed_since(account, from);
  }
  Found<ledger::Pending> find_pending(Id transfer) override {
    return fails() ? Found<ledger::Pending>(failure()) : store_.find_pending(transfer);
  }
  base::Status put_pending(const ledger::Pending& pending) override {
    return fails() ? base::Status(failure()) : store_.put_pending(pending);
  }

 private:
  bool fails() { return left_ > 0 && --left_ == 0; }
  static base::Error failure() { return {base::Code::kStorage, "the disk failed"}; }

  Transaction& store_;
  std::size_t& left_;
};

}  // namespace market

namespace support {

class FailingMarketStore final : public market::Store {
 public:
  explicit FailingMarketStore(market::Store& store) : store_(store) {}

  void fail_at(std::size_t n) { left_ = n; }  // 1: the next call; 0: never
  bool failed() const { return left_ == 0; }  // after fail_at(n > 0)

  base::Status write(const std::function<base::Status(market::Transaction&)>& body) override {
    return store_.write([&](market::Transaction& transaction) {
      market::FailingTransaction failing(transaction, left_);
      return body(failing);
    });
  }
  base::Status read(const std::function<base::Status(market::Transaction&)>& body) override {
    return store_.read([&](market::Transaction& transaction) {
      market::FailingTransaction failing(transaction, left_);
      return body(failing);
    });
  }

 private:
  market::Store& store_;
  std::size_t left_ = 0;
};

}  // namespace support
