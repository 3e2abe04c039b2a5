// Store: where the market keeps everything, the ledger with it, so that a clearing with all its contracts, leases and
// transfers is one transaction. Rules decide inside a Transaction, which is atomic, durable when write() returns, and
// alone: no other write() runs meanwhile, in this process or another, so what a rule read still holds when it writes.
// find… give nothing where there is nothing; lists are by id unless said otherwise. insert… give the new id, and
// kConflict where something unique is taken already; update… write the whole row back. Everything else is kStorage: the
// database, a row to change that is not there, a row to name (an id that is not 0, of types.h) that is not there. After
// it the transaction may be lost, and with it those that are committed together with it. A write without an answer of its
// own (of orders, contracts, leases, accounts, pendings, ticks, events, kept replies) may say it late: a later call does,
// or write().
// Threads: Store: any. A Transaction belongs to the call that it was made for.
// Implementations: store/market_store.h, over SQLite or PostgreSQL; tests/support/memory_market_store.h, their twin.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/tables.h"
#include "market/types.h"

namespace market {

template <class T>
using Found = base::Result<std::optional<T>>;
template <class T>
using Rows = base::Result<std::vector<T>>;

struct Page {
  Id after = 0;  // 0: from the first; of lists that are newest first: from the newest
  std::size_t limit = 100;
};
// Which: what is set must hold.
struct OrderFilter {
  std::optional<Id> market = {}, lot = {}, contract = {};  // contract: resales of it
  std::optional<OrganisationId> organisation = {};
  std::optional<Side> side = {};
  bool open = false;  // kOpen, kPartlyMatched
};
struct ContractFilter {
  std::optional<Id> market = {}, lot = {}, resale_of = {}, clearing = {};
  std::optional<OrganisationId> buyer = {}, seller = {}, party = {};  // party: either
  bool live = false;                                                  // kProposed, kSigned, kActive
  std::optional<Window> within =
      {};  // rentals that were agreed to begin before its end, and to end after its beginning
};
struct LeaseFilter {
  std::optional<Id> contract = {}, lot = {};
  bool occupying = false;
};

struct EventFilter {
  std::optional<OrganisationId> visible_to = {};  // what this organisation may see; none: all
  std::optional<Id> market = {};
};

class Transaction : public ledger::Tables {
 public:
  // What is going to be asked: `questions` asks it of a transaction in which there is nothing, and must not write. A store
  // that is far away then fetches it all in one go. It changes no answer, and what is near does not call it.
  virtual void foresee(const std::function<void(Transaction&)>& /*questions*/) {}

  virtual Found<Member> find_member(const OrganisationId& id) = 0;
  virtual Found<Member> find_member_named(std::string_view name) = 0;
  virtual Rows<Member> members(std::string_view after_name, std::size_t limit) = 0;  // by name
  virtual base::Status insert_member(const Member& member) = 0;
  virtual base::Status update_member(const Member& member) = 0;
  virtual Found<ApiToken> find_token(base::ByteView hash) = 0;
  virtual Rows<ApiToken> tokens(const std::optional<OrganisationId>& organisation) = 0;  // none: those of none
  virtual base::Result<Id> insert_token(const ApiToken& token) = 0;
  virtual base::Result<bool> erase_token(Id id) = 0;
  virtual Found<Group> find_group(const OrganisationId& owner, std::string_view name) = 0;
  virtual Rows<Group> groups(const OrganisationId& owner) = 0;  // by name
  virtual base::Result<Id> put_group(const Group& group) = 0;   // new, or in place of the owner's one of that name
  virtual base::Status erase_group(Id id) = 0;

  virtual Found<CurrencyPolicy> find_policy(ledger::Id currency) = 0;
  virtual Rows<CurrencyPolicy> policies() = 0;  // by currency
  virtual base::Status put_policy(const CurrencyPolicy& policy) = 0;

  virtual Found<Market> find_market(Id id) = 0;
  virtual Found<Market> find_market_named(std::string_view name) = 0;
  virtual Rows<Market> markets() = 0;  // by name
  virtual base::Result<Id> insert_market(const Market& market) = 0;
  virtual base::Status update_market(const Market& market) = 0;
  // The seed that a market's commitment is of. Nobody reads it but the clearing that reveals it.
  virtual base::Result<std::optional<base::Bytes>> market_seed(Id market) = 0;
  virtual base::Status set_market_seed(Id market, base::ByteView seed) = 0;

  virtual Found<Lot> find_lot(Id id) = 0;
  virtual Found<Lot> find_lot_named(const OrganisationId& owner, std::string_view name) = 0;
  virtual Rows<Lot> lots(const std::optional<OrganisationId>& owner, const Page& page) = 0;
  virtual base::Result<std::size_t> count_lots(const OrganisationId& owner) = 0;
  virtual base::Result<Id> insert_lot(const Lot& lot) = 0;
  virtual base::Status update_lot(const Lot& lot) = 0;

  virtual Found<Order> find_order(Id id) = 0;
  virtual Found<Order> find_order(const OrganisationId& organisation, const std::array<std::uint8_t, 16>& nonce) = 0;
  virtual Rows<Order> orders(const OrderFilter& filter, const Page& page) = 0;
  // What is due comes by id, in pages: one that cannot be helped hides none behind it.
  virtual Rows<Order> orders_expired(std::int64_t now, const Page& page) = 0;  // open, expires ≤ now
  // What is open of one side, a row a price, best first: highest bids, lowest offers. Without offers that are made to some
  // members only, unless `private_too`.
  virtual Rows<PriceLevel> levels(Id market, Side side, bool private_too, std::size_t limit) = 0;
  virtual base::Result<std::size_t> count_open_orders(Id market, const OrganisationId& organisation) = 0;
  virtual base::Result<bool> fewer_open(Id market, Side side, std::size_t than) = 0;  // everybody's
  virtual base::Result<Id> insert_order(const Order& order) = 0;                      // kConflict: the nonce was used
  virtual base::Status update_order(const Order& order) = 0;

  virtual Found<Contract> find_contract(Id id) = 0;
  virtual Rows<Contract> contracts(const ContractFilter& filter, const Page& page) = 0;
  virtual base::Result<Id> insert_contract(const Contract& contract) = 0;
  virtual base::Status update_contract(const Contract& contract) = 0;
  // Live ones for which something is due (Clock): 0 < due_at ≤ now.
  virtual Rows<Contract> contracts_due(std::int64_t now, const Page& page) = 0;

  virtual Found<Lease> find_lease(Id id) = 0;
  virtual Rows<Lease> leases(const LeaseFilter& filter, const Page& page) = 0;
  virtual base::Result<Id> insert_lease(const Lease& lease) = 0;
  virtual base::Status update_lease(const Lease& lease) = 0;
  // kScheduled with start ≤ now; kProvisioning, kActive, kReclaiming with end ≤ now; kEnding.
  virtual Rows<Lease> leases_due(std::int64_t now, const Page& page) = 0;

  virtual Found<Clearing> find_clearing(Id market, std::uint64_t number) = 0;
  virtual Rows<Clearing> clearings(Id market, const Page& page) = 0;  // newest first; without transcripts
  virtual base::Result<Id> insert_clearing(const Clearing& clearing) = 0;
  virtual base::Status insert_tick(const TradeTick& tick) = 0;
  virtual Rows<TradeTick> ticks(Id market, std::int64_t from, std::int64_t until, const Page& page) = 0;
  virtual Rows<TradeTick> latest_ticks(Id market, std::size_t limit) = 0;  // newest first

  virtual base::Status insert_event(const Event& event) = 0;  // its id is not read; two organisations at most see it
  virtual Rows<Event> events(Id after, const EventFilter& which, std::size_t limit) = 0;  // after the cursor
  virtual base::Result<Id> last_event() = 0;  // a cursor behind which there is nothing yet; 0: there are none
  virtual base::Status erase_events_before(std::int64_t time) = 0;

  virtual Found<KeptReply> find_reply(std::string_view caller, std::string_view key) = 0;
  virtual base::Status keep_reply(std::string_view caller, std::string_view key, const KeptReply& reply) = 0;
  virtual base::Status erase_replies_before(std::int64_t time) = 0;

  // The public key that this market's contracts are signed with, of all processes that serve it. Set once: kConflict after.
  virtual base::Result<std::optional<base::Bytes>> signing_key() = 0;
  virtual base::Status set_signing_key(base::ByteView key) = 0;

  // Fencing: who clears. The number grows with each new one who does; a clearing checks its own within its transaction.
  virtual base::Result<std::int64_t> fence() = 0;
  virtual base::Result<std::int64_t> advance_fence() = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  // All that `body` does, or, if it returns an error, nothing of it, and that error.
  virtual base::Status write(const std::function<base::Status(Transaction&)>& body) = 0;
  // One state of everything; writing is kStorage.
  virtual base::Status read(const std::function<base::Status(Transaction&)>& body) = 0;
};

}  // namespace market
