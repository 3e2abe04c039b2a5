// Each method is its promise in market/store.h or ledger/tables.h, by looking at every row.
#include "support/memory_market_store.h"

#include <algorithm>
#include <ranges>
#include <string_view>
#include <vector>

namespace support {
namespace {

class MemoryMarketTransaction final : public market::Transaction {
 public:
  using Id = market::Id;
  using Page = market::Page;
  using OrganisationId = market::OrganisationId;
  using Currency = ledger::Currency;
  using Account = ledger::Account;
  using Transfer = ledger::Transfer;
  using Pending = ledger::Pending;
  using Member = market::Member;
  using ApiToken = market::ApiToken;
  using Group = market::Group;
  using CurrencyPolicy = market::CurrencyPolicy;
  using Market = market::Market;
  using Lot = market::Lot;
  using Order = market::Order;
  using Contract = market::Contract;
  using Lease = market::Lease;
  using Clearing = market::Clearing;
  using PriceLevel = market::PriceLevel;
  using TradeTick = market::TradeTick;
  using Event = market::Event;
  using KeptReply = market::KeptReply;
  using Status = base::Status;
  template <class T>
  using Found = market::Found<T>;
  template <class T>
  using Rows = market::Rows<T>;
  template <class T>
  using Result = base::Result<T>;

 private:
  // Which other rows exclude a row. (Up here, as what they return is deduced.)
  template <class Row>
  static auto same_name(const Row& row) {
    return [&row](const Row& other) { return other.name == row.name; };
  }
  static auto same_name(const Account& row) {
    return [&row](const Account& other) { return other.currency == row.currency && other.name == row.name; };
  }
  static auto same_name(const Lot& row) {
    return [&row](const Lot& other) { return other.owner == row.owner && other.name == row.name; };
  }
  static auto same_nonce(const Order& row) {
    return [&row](const Order& other) {
      return other.terms.organisation == row.terms.organisation && other.terms.nonce == row.terms.nonce;
    };
  }

 public:
  MemoryMarketTransaction(MarketTables& tables, bool writable) : t_(tables), writable_(writable) {}
  MemoryMarketTransaction(const MemoryMarketTransaction&) = delete;
  MemoryMarketTransaction& operator=(const MemoryMarketTransaction&) = delete;
  ~MemoryMarketTransaction() override {
    for (const auto& undo : std::views::reverse(undo_)) undo();
  }
  void keep() { undo_.clear(); }

  // The ledger
  Found<Currency> find_currency(std::string_view name) override { return by_name(t_.currencies, name); }
  Found<Currency> find_currency(Id id) override { return by_id(t_.currencies, id); }
  Rows<Currency> currencies() override { return paged(t_.currencies, kEverything, all); }
  Result<Id> insert_currency(const Currency& currency) override {
    return insert(t_.currencies, currency, same_name(currency));
  }
  Found<Account> find_account(Id id) override { return by_id(t_.accounts, id); }
  Found<Account> find_account(Id currency, std::string_view name) override {
    return first(t_.accounts, [&](const Account& row) { return row.currency == currency && row.name == name; });
  }
  Rows<Account> accounts(Id after, std::size_t limit) override { return paged(t_.accounts, {after, limit}, all); }
  Rows<Account> accounts_of(const OrganisationId& organisation) override {
    return paged(t_.accounts, kEverything, [&](const Account& row) { return row.organisation == organisation; });
  }
  Result<Id> insert_account(const Account& account) override {
    TARN_TRY(there(t_.currencies, account.currency));
    return insert(t_.accounts, account, same_name(account));
  }
  Status update_account(const Account& account) override {
    TARN_TRY(there(t_.currencies, account.currency));
    return update(t_.accounts, account, same_name(account));
  }
  Found<Transfer> find_transfer(Id id) override { return by_id(t_.transfers, id); }
  Found<Transfer> find_transfer(const ledger::Key& key) override {
    const auto found = t_.transfer_keys.find(key);
    return found == t_.transfer_keys.end() ? std::optional<Transfer>() : std::optional(t_.transfers.at(found->second));
  }
  Result<Id> insert_transfer(const Transfer& transfer) override {
    TARN_TRY(may_write());
    TARN_TRY(there(t_.accounts, transfer.debit));
    TARN_TRY(there(t_.accounts, transfer.credit));
    if (transfer.pending) TARN_TRY(there(t_.transfers, *transfer.pending));
    if (transfer.batch != 0) TARN_TRY(there(t_.transfers, transfer.batch));
    if (t_.transfer_keys.contains(transfer.key)) return taken();
    Transfer row = transfer;
    row.id = new_id();
    if (row.batch == 0) row.batch = row.id;
    put(t_.transfer_keys, row.key, row.id);
    put(t_.transfers, row.id, row);
    return row.id;
  }
  Rows<Transfer> transfers(Id after, std::size_t limit) override { return paged(t_.transfers, {after, limit}, all); }
  Rows<Transfer> transfers_of(Id account, std::int64_t from, std::int64_t until, Id after, std::size_t limit) override {
    return paged(t_.transfers, {after, limit}, [&](const Transfer& row) {
      return (row.debit == account || row.credit == account) && from <= row.at && row.at < until;
    });
  }
  Result<std::int64_t> changed_since(Id account, std::int64_t from) override {
    std::int64_t sum = 0;
    for (const auto& [id, row] : t_.transfers) {
      const bool posts = row.kind == ledger::TransferKind::kPosted || row.kind == ledger::TransferKind::kPost;
      if (!posts || row.at < from) continue;
      if (row.credit == account) sum += row.amount;
      if (row.debit == account) sum -= row.amount;
    }
    return sum;
  }
  Found<Pending> find_pending(Id transfer) override { return at_key(t_.pendings, transfer); }
  Status put_pending(const Pending& pending) override {
    TARN_TRY(may_write());
    TARN_TRY(there(t_.transfers, pending.transfer));
    put(t_.pendings, pending.transfer, pending);
    return {};
  }

  // Members, tokens, groups
  Found<Member> find_member(const OrganisationId& id) override { return at_key(t_.members, id); }
  Found<Member> find_member_named(std::string_view name) override { return by_name(t_.members, name); }
  Rows<Member> members(std::string_view after_name, std::size_t limit) override {
    return sorted_by_name(t_.members, [&](const Member& row) { return row.name > after_name; }, limit);
  }
  Status insert_member(const Member& member) override {
    TARN_TRY(may_write());
    if (t_.members.contains(member.id) || any(t_.members, same_name(member))) return taken();
    put(t_.members, member.id, member);
    return {};
  }
  Status update_member(const Member& member) override {
    TARN_TRY(may_write());
    if (!t_.members.contains(member.id)) return missing();
    const auto same = [&](const Member& other) { return other.id != member.id && other.name == member.name; };
    if (any(t_.members, same)) return taken();
    put(t_.members, member.id, member);
    return {};
  }
  Found<ApiToken> find_token(base::ByteView hash) override {
    return first(t_.tokens, [&](const ApiToken& row) { return std::ranges::equal(row.hash, hash); });
  }
  Rows<ApiToken> tokens(const std::optional<OrganisationId>& organisation) override {
    return paged(t_.tokens, kEverything, [&](const ApiToken& row) { return row.organisation == organisation; });
  }
  Result<Id> insert_token(const ApiToken& token) override {
    return insert(t_.tokens, token, [&](const ApiToken& other) { return other.hash == token.hash; });
  }
  Result<bool> erase_token(Id id) override {
    TARN_TRY(may_write());
    return drop(t_.tokens, id);
  }
  Found<Group> find_group(const OrganisationId& owner, std::string_view name) override {
    return first(t_.groups, [&](const Group& row) { return row.owner == owner && row.name == name; });
  }
  Rows<Group> groups(const OrganisationId& owner) override {
    return sorted_by_name(t_.groups, [&](const Group& row) { return row.owner == owner; }, kEverything.limit);
  }
  Result<Id> put_group(const Group& group) override {
    TARN_TRY(may_write());
    TARN_ASSIGN(const std::optional<Group> old, find_group(group.owner, group.name));
    Group row = group;
    row.id = old ? old->id : new_id();
    put(t_.groups, row.id, row);
    return row.id;
  }
  Status erase_group(Id id) override {
    TARN_TRY(may_write());
    return drop(t_.groups, id) ? Status() : missing();
  }

  // Currencies' policies
  Found<CurrencyPolicy> find_policy(Id currency) override { return at_key(t_.policies, currency); }
  Rows<CurrencyPolicy> policies() override { return paged(t_.policies, kEverything, all); }
  Status put_policy(const CurrencyPolicy& policy) override {
    TARN_TRY(may_write());
    TARN_TRY(there(t_.currencies, policy.currency));
    put(t_.policies, policy.currency, policy);
    return {};
  }

  // Markets and lots
  Found<Market> find_market(Id id) override { return by_id(t_.markets, id); }
  Found<Market> find_market_named(std::string_view name) override { return by_name(t_.markets, name); }
  Rows<Market> markets() override { return sorted_by_name(t_.markets, all, kEverything.limit); }
  Result<Id> insert_market(const Market& market) override {
    TARN_TRY(there(t_.currencies, market.currency));
    return insert(t_.markets, market, same_name(market));
  }
  Status update_market(const Market& market) override {
    TARN_TRY(there(t_.currencies, market.currency));
    return update(t_.markets, market, same_name(market));
  }
  Result<std::optional<base::Bytes>> market_seed(Id market) override { return at_key(t_.seeds, market); }
  Status set_market_seed(Id market, base::ByteView seed) override {
    TARN_TRY(may_write());
    TARN_TRY(there(t_.markets, market));
    put(t_.seeds, market, base::Bytes(seed.begin(), seed.end()));
    return {};
  }
  Found<Lot> find_lot(Id id) override { return by_id(t_.lots, id); }
  Found<Lot> find_lot_named(const OrganisationId& owner, std::string_view name) override {
    return first(t_.lots, [&](const Lot& row) { return row.owner == owner && row.name == name; });
  }
  Rows<Lot> lots(const std::optional<OrganisationId>& owner, const Page& page) override {
    return paged(t_.lots, page, [&](const Lot& row) { return !owner || row.owner == *owner; });
  }
  Result<std::size_t> count_lots(const OrganisationId& owner) override {
    return count(t_.lots, [&](const Lot& row) { return row.owner == owner; });
  }
  Result<Id> insert_lot(const Lot& lot) override { return insert(t_.lots, lot, same_name(lot)); }
  Status update_lot(const Lot& lot) override { return update(t_.lots, lot, same_name(lot)); }

  // Orders
  Found<Order> find_order(Id id) override { return by_id(t_.orders, id); }
  Found<Order> find_order(const OrganisationId& organisation, const std::array<std::uint8_t, 16>& nonce) override {
    return first(t_.orders,
                 [&](const Order& row) { return row.terms.organisation == organisation && row.terms.nonce == nonce; });
  }
  Rows<Order> orders(const market::OrderFilter& filter, const Page& page) override {
    return paged(t_.orders, page, [&](const Order& row) {
      return (!filter.market || row.market == *filter.market) && (!filter.lot || row.lot == *filter.lot) &&
             (!filter.contract || row.terms.contract == filter.contract) &&
             (!filter.organisation || row.terms.organisation == *filter.organisation) &&
             (!filter.side || row.terms.side == *filter.side) && (!filter.open || open(row));
    });
  }
  Rows<Order> orders_expired(std::int64_t now, const Page& page) override {
    return paged(t_.orders, page, [&](const Order& row) { return open(row) && row.terms.expires <= now; });
  }
  Rows<PriceLevel> levels(Id market, market::Side side, bool private_too, std::size_t limit) override {
    std::map<std::int64_t, PriceLevel> by_price;
    for (const auto& [id, row] : t_.orders) {
      const bool asked = row.market == market && row.terms.side == side && open(row) && row.units_left > 0;
      if (!asked || (!private_too && !(row.terms.buyers.empty() && row.terms.groups.empty()))) continue;
      PriceLevel& level = by_price[side == market::Side::kBid ? -row.terms.price : row.terms.price];
      level = {row.terms.price, level.units + row.units_left, level.orders + 1};
    }
    std::vector<PriceLevel> found;
    for (const auto& [key, level] : by_price)
      if (found.size() < limit) found.push_back(level);
    return found;
  }
  Result<std::size_t> count_open_orders(Id market, const OrganisationId& organisation) override {
    return count(t_.orders, [&](const Order& row) {
      return row.market == market && row.terms.organisation == organisation && open(row);
    });
  }
  Result<bool> fewer_open(Id market, market::Side side, std::size_t than) override {
    return count(t_.orders,
                 [&](const Order& row) { return row.market == market && row.terms.side == side && open(row); }) < than;
  }
  Result<Id> insert_order(const Order& order) override {
    TARN_TRY(known(order));
    return insert(t_.orders, order, same_nonce(order));
  }
  Status update_order(const Order& order) override {
    TARN_TRY(known(order));
    return update(t_.orders, order, same_nonce(order));
  }

  // Contracts and leases
  Found<Contract> find_contract(Id id) override { return by_id(t_.contracts, id); }
  Rows<Contract> contracts(const market::ContractFilter& filter, const Page& page) override {
    return paged(t_.contracts, page, [&](const Contract& row) {
      return (!filter.market || row.market == *filter.market) && (!filter.lot || row.lot == *filter.lot) &&
             (!filter.resale_of || row.resale_of == filter.resale_of) &&
             (!filter.clearing || row.clearing == *filter.clearing) && (!filter.buyer || row.buyer == *filter.buyer) &&
             (!filter.seller || row.seller == *filter.seller) &&
             (!filter.party || row.buyer == *filter.party || row.seller == *filter.party) &&
             (!filter.live || live(row)) &&
             (!filter.within || (row.end > filter.within->from && row.start < filter.within->until));
    });
  }
  Result<Id> insert_contract(const Contract& contract) override {
    TARN_TRY(known(contract));
    return insert(t_.contracts, contract, none);
  }
  Status update_contract(const Contract& contract) override {
    TARN_TRY(known(contract));
    return update(t_.contracts, contract, none);
  }
  Rows<Contract> contracts_due(std::int64_t now, const Page& page) override {
    return paged(t_.contracts, page,
                 [&](const Contract& row) { return live(row) && 0 < row.due_at && row.due_at <= now; });
  }
  Found<Lease> find_lease(Id id) override { return by_id(t_.leases, id); }
  Rows<Lease> leases(const market::LeaseFilter& filter, const Page& page) override {
    return paged(t_.leases, page, [&](const Lease& row) {
      return (!filter.contract || row.contract == *filter.contract) && (!filter.lot || row.lot == *filter.lot) &&
             (!filter.occupying || occupying(row));
    });
  }
  Result<Id> insert_lease(const Lease& lease) override {
    TARN_TRY(known(lease));
    return insert(t_.leases, lease, none);
  }
  Status update_lease(const Lease& lease) override {
    TARN_TRY(known(lease));
    return update(t_.leases, lease, none);
  }
  Rows<Lease> leases_due(std::int64_t now, const Page& page) override {
    return paged(t_.leases, page, [&](const Lease& row) { return due(row, now); });
  }

  // Clearings and what everybody sees of them
  Found<Clearing> find_clearing(Id market, std::uint64_t number) override {
    return first(t_.clearings, [&](const Clearing& row) { return row.market == market && row.number == number; });
  }
  Rows<Clearing> clearings(Id market, const Page& page) override {
    std::vector<Clearing> found;
    for (const auto& [id, row] : std::views::reverse(t_.clearings)) {
      if (row.market != market || (page.after != 0 && id >= page.after) || found.size() == page.limit) continue;
      found.push_back(row);
      found.back().transcript.clear();
    }
    return found;
  }
  Result<Id> insert_clearing(const Clearing& clearing) override {
    TARN_TRY(there(t_.markets, clearing.market));
    return insert(t_.clearings, clearing, [&](const Clearing& other) {
      return other.market == clearing.market && other.number == clearing.number;
    });
  }
  Status insert_tick(const TradeTick& tick) override {
    TARN_TRY(there(t_.markets, tick.market));
    TARN_TRY(insert(t_.ticks, tick, none));
    return {};
  }
  Rows<TradeTick> ticks(Id market, std::int64_t from, std::int64_t until, const Page& page) override {
    return paged(t_.ticks, page,
                 [&](const TradeTick& row) { return row.market == market && from <= row.at && row.at < until; });
  }
  Rows<TradeTick> latest_ticks(Id market, std::size_t limit) override {
    std::vector<TradeTick> found;
    for (const auto& [id, row] : t_.ticks)
      if (row.market == market) found.push_back(row);
    std::ranges::sort(found, std::ranges::greater(), [](const TradeTick& row) { return std::pair(row.at, row.id); });
    if (found.size() > limit) found.resize(limit);
    return found;
  }

  // Events and kept replies
  Status insert_event(const Event& event) override {
    if (event.visible_to.size() > 2) return base::Error{base::Code::kStorage, "An event is seen by two at most."};
    TARN_TRY(insert(t_.events, event, none));
    return {};
  }
  Rows<Event> events(Id after, const market::EventFilter& which, std::size_t limit) override {
    const auto visible = [&](const Event& row) {
      return !which.visible_to || row.everybody || std::ranges::count(row.visible_to, *which.visible_to) > 0;
    };
    return paged(t_.events, {after, limit},
                 [&](const Event& row) { return visible(row) && (!which.market || row.market == *which.market); });
  }
  Result<Id> last_event() override { return t_.events.empty() ? Id{0} : t_.events.rbegin()->first; }
  Status erase_events_before(std::int64_t time) override { return drop_before(t_.events, time); }
  Found<KeptReply> find_reply(std::string_view caller, std::string_view key) override {
    return at_key(t_.replies, std::pair(std::string(caller), std::string(key)));
  }
  Status keep_reply(std::string_view caller, std::string_view key, const KeptReply& reply) override {
    TARN_TRY(may_write());
    put(t_.replies, std::pair(std::string(caller), std::string(key)), reply);
    return {};
  }
  Status erase_replies_before(std::int64_t time) override { return drop_before(t_.replies, time); }

  // Who signs, and who clears
  Result<std::optional<base::Bytes>> signing_key() override { return t_.signing_key; }
  Status set_signing_key(base::ByteView key) override {
    TARN_TRY(may_write());
    if (t_.signing_key) return base::Error{base::Code::kConflict, "There is a key already."};
    undo_.emplace_back([this] { t_.signing_key.reset(); });
    t_.signing_key.emplace(key.begin(), key.end());
    return {};
  }
  Result<std::int64_t> fence() override { return t_.fence; }
  Result<std::int64_t> advance_fence() override {
    TARN_TRY(may_write());
    undo_.emplace_back([this, old = t_.fence] { t_.fence = old; });
    return ++t_.fence;
  }

 private:
  static constexpr auto all = [](const auto&) { return true; };
  static constexpr auto none = [](const auto&) { return false; };
  static constexpr Page kEverything{0, std::size_t(-1)};

  static base::Error taken() { return {base::Code::kConflict, "Something of it is taken."}; }
  static base::Error missing() { return {base::Code::kStorage, "There is no such row."}; }
  Status may_write() const {
    if (writable_) return {};
    return base::Error{base::Code::kStorage, "This transaction only reads."};
  }

  // The only ones that change a table: each notes how to undo it.
  template <class Key, class Row>
  void put(std::map<Key, Row>& table, const Key& key, const Row& row) {
    const auto [at, added] = table.try_emplace(key, row);
    if (added) {
      undo_.emplace_back([&table, key] { table.erase(key); });
      return;
    }
    undo_.emplace_back([&table, key, old = at->second] { table.insert_or_assign(key, old); });
    at->second = row;
  }
  template <class Key, class Row>
  bool drop(std::map<Key, Row>& table, const Key& key) {
    const auto at = table.find(key);
    if (at == table.end()) return false;
    undo_.emplace_back([&table, key, old = at->second] { table.insert_or_assign(key, old); });
    table.erase(at);
    return true;
  }
  template <class Key, class Row>
  Status drop_before(std::map<Key, Row>& table, std::int64_t time) {
    TARN_TRY(may_write());
    std::vector<Key> old;
    for (const auto& [key, row] : table)
      if (row.at < time) old.push_back(key);
    for (const Key& key : old) drop(table, key);
    return {};
  }
  Id new_id() { return ++t_.last_id; }  // never given twice, also if the transaction is undone

  template <class Table, class Predicate>
  static bool any(const Table& table, const Predicate& predicate) {
    return std::ranges::any_of(table, [&](const auto& row) { return predicate(row.second); });
  }
  template <class Row, class Predicate>
  static std::size_t count(const MemoryRows<Row>& table, const Predicate& predicate) {
    return static_cast<std::size_t>(
        std::ranges::count_if(table, [&](const auto& row) { return predicate(row.second); }));
  }
  template <class Key, class Row>
  static Found<Row> at_key(const std::map<Key, Row>& table, const Key& key) {
    const auto found = table.find(key);
    return found == table.end() ? std::optional<Row>() : std::optional(found->second);
  }
  template <class Row>
  static Found<Row> by_id(const MemoryRows<Row>& table, Id id) {
    return at_key(table, id);
  }
  template <class Key, class Row, class Predicate>
  static Found<Row> first(const std::map<Key, Row>& table, const Predicate& predicate) {
    for (const auto& [key, row] : table)
      if (predicate(row)) return std::optional(row);
    return std::optional<Row>();
  }
  template <class Key, class Row>
  static Found<Row> by_name(const std::map<Key, Row>& table, std::string_view name) {
    return first(table, [&](const Row& row) { return row.name == name; });
  }
  template <class Row, class Predicate>
  static Rows<Row> paged(const MemoryRows<Row>& table, const Page& page, const Predicate& predicate) {
    std::vector<Row> found;
    for (auto row = table.upper_bound(page.after); row != table.end() && found.size() < page.limit; ++row)
      if (predicate(row->second)) found.push_back(row->second);
    return found;
  }
  template <class Key, class Row, class Predicate>
  static Rows<Row> sorted_by_name(const std::map<Key, Row>& table, const Predicate& predicate, std::size_t limit) {
    std::vector<Row> found;
    for (const auto& [key, row] : table)
      if (predicate(row)) found.push_back(row);
    std::ranges::sort(found, {}, &Row::name);
    if (found.size() > limit) found.resize(limit);
    return found;
  }
  template <class Row, class Predicate>
  Result<Id> insert(MemoryRows<Row>& table, Row row, const Predicate& excludes) {
    TARN_TRY(may_write());
    if (any(table, excludes)) return taken();
    row.id = new_id();
    put(table, row.id, row);
    return row.id;
  }
  template <class Row, class Predicate>
  Status update(MemoryRows<Row>& table, const Row& row, const Predicate& excludes) {
    TARN_TRY(may_write());
    if (!table.contains(row.id)) return missing();
    if (any(table, [&](const Row& other) { return other.id != row.id && excludes(other); })) return taken();
    put(table, row.id, row);
    return {};
  }

  template <class Row>
  static Status there(const MemoryRows<Row>& table, Id id) {
    return table.contains(id) ? Status() : missing();
  }
  template <class Row>
  static Status there_or_none(const MemoryRows<Row>& table, const std::optional<Id>& id) {
    return !id || *id == 0 ? Status() : there(table, *id);
  }
  Status known(const Order& order) const {
    TARN_TRY(there(t_.markets, order.market));
    TARN_TRY(there_or_none(t_.lots, order.lot));
    return there_or_none(t_.transfers, order.escrow);
  }
  Status known(const Contract& contract) const {
    TARN_TRY(there(t_.markets, contract.market));
    TARN_TRY(there_or_none(t_.clearings, contract.clearing));
    TARN_TRY(there_or_none(t_.orders, contract.bid));
    TARN_TRY(there_or_none(t_.orders, contract.offer));
    TARN_TRY(there_or_none(t_.lots, contract.lot));
    TARN_TRY(there_or_none(t_.contracts, contract.resale_of));
    TARN_TRY(there_or_none(t_.contracts, contract.renewal_of));
    TARN_TRY(there_or_none(t_.transfers, contract.escrow));
    return there_or_none(t_.transfers, contract.margin);
  }
  Status known(const Lease& lease) const {
    TARN_TRY(there(t_.contracts, lease.contract));
    return there_or_none(t_.lots, lease.lot);
  }

  static bool open(const Order& row) {
    return row.state == Order::State::kOpen || row.state == Order::State::kPartlyMatched;
  }
  static bool live(const Contract& row) {
    return row.state == Contract::State::kProposed || row.state == Contract::State::kSigned ||
           row.state == Contract::State::kActive;
  }
  static bool occupying(const Lease& row) {
    return row.state != Lease::State::kEnded && (row.state != Lease::State::kFailed || row.freed == 0);
  }
  static bool due(const Lease& row, std::int64_t now) {
    switch (row.state) {
      case Lease::State::kScheduled: return row.start <= now;
      case Lease::State::kProvisioning:
      case Lease::State::kActive:
      case Lease::State::kReclaiming: return row.end <= now;
      case Lease::State::kEnding: return true;
      case Lease::State::kEnded:
      case Lease::State::kFailed: return false;
    }
    return false;
  }

  MarketTables& t_;
  bool writable_;
  std::vector<std::function<void()>> undo_;
};

}  // namespace

base::Status MemoryMarketStore::write(const Body& body) {
  const std::lock_guard lock(mutex_);
  TARN_TRY(alive());
  MemoryMarketTransaction transaction(tables_, true);
  TARN_TRY(body(transaction));
  ++writes_;
  const bool dies = die_at_ && writes_ == *die_at_;
  if (!dies || death_ == Death::kAfterCommit) transaction.keep();
  dead_ = dies;
  return alive();
}

base::Status MemoryMarketStore::read(const Body& body) {
  const std::lock_guard lock(mutex_);
  TARN_TRY(alive());
  MemoryMarketTransaction transaction(tables_, false);
  return body(transaction);
}

}  // namespace support
