// The nouns of the market, as values. Ids are the store's rows; people see them with a prefix (ids.h: "ctr_12"). Times are
// Unix milliseconds, UTC, and there are no others; windows are [from, until). Prices are micro-credits a unit and hour as
// people say them, and a market takes only those that are a whole number a unit and slot (grid.h); amounts are
// micro-credits. States change along the arrows below and never by being set.
// A value, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "auction/clearing/order.h"
#include "base/bytes.h"
#include "ledger/policy.h"
#include "ledger/types.h"
#include "model/organisation.h"

namespace market {

using Id = std::int64_t;
using model::OrganisationId;
using Mechanism = auction::clearing::Mechanism;
using Signature = std::array<std::uint8_t, 64>;

inline constexpr std::uint32_t kMostUnits = 4'096;  // of an order: each becomes a lease
inline constexpr std::size_t kMostAttributes = 64;

// An organisation that takes part.
struct Member {
  OrganisationId id;
  std::string name;        // unique, for people; 1–63 of a-z A-Z 0-9 . _ -
  bool suspended = false;  // no new orders; contracts go on
  std::int64_t since = 0;
  bool operator==(const Member&) const = default;
};

enum class Role : std::uint8_t {
  kTrader,         // places and cancels its organisation's orders, sees its organisation's business
  kAuditor,        // reads: of its organisation, or, of none, everything
  kAdministrator,  // what a trader may; tokens, groups, lots of its organisation
  kOperator,       // of no organisation: markets, members, deliveries that the operator marks, currencies
};

struct ApiToken {
  Id id = 0;
  std::optional<OrganisationId> organisation;  // none: the operator's, or an auditor of everything
  Role role = Role::kTrader;
  std::string label;
  base::Bytes hash;  // SHA-256 of the token, which is random
  std::int64_t created = 0;
  std::optional<std::int64_t> expires;
  bool operator==(const ApiToken&) const = default;
};

// Organisations that an owner sells to under one name.
struct Group {
  Id id = 0;
  OrganisationId owner;
  std::string name;  // unique for its owner
  std::vector<OrganisationId> members;
  bool operator==(const Group&) const = default;
};

using CreditPolicy = ledger::CreditPolicy;
struct CurrencyPolicy {
  ledger::Id currency = 0;
  CreditPolicy policy;
  std::int64_t next_recharge = 0;  // kRecharging
  bool operator==(const CurrencyPolicy&) const = default;
};

// What each side owes when it does not keep its word: basis points (1/10,000) of the price of the slots that are not
// delivered because of it.
struct Penalties {
  std::uint32_t failure_bp = 0;  // owner → buyer
  std::uint32_t reclaim_bp =
      0;  // owner → buyer, called back with the notice that was agreed; without notice it is a failure
  std::uint32_t cancel_bp = 0;  // buyer → owner
  bool operator==(const Penalties&) const = default;
};

struct Market {
  enum class State : std::uint8_t { kOpen = 1, kClosed };  // closed: no new orders, no calls; contracts go on
  Id id = 0;
  std::string name;  // unique; 1–63 of a-z 0-9 -
  State state = State::kOpen;
  auction::clearing::Settings clearing;
  std::int64_t slot_ms =
      3'600'000;  // the time grid, from the epoch; divides an hour or is a multiple of one, at most a day
  std::int64_t call_period_ms = 300'000;  // 0: no calls, each order meets the book at once (kClaim, kContinuous)
  std::int64_t next_call = 0;             // kOpen and periodic
  ledger::Id currency = 0;
  std::string product;                           // a query (query.h) that each lot sold here has to fulfil; empty: any
  std::int64_t horizon_ms = 366LL * 86'400'000;  // windows end at most so far from now
  std::int64_t max_duration_ms = 31LL * 86'400'000;
  std::uint32_t max_open_orders = 100;  // a member's
  std::uint32_t max_units_at_once = 0;  // a member's, of contracts and open bids that may overlap; 0: no cap
  std::uint64_t max_unit_slots = 0;     // a member's, of all contracts and open bids that have not ended; 0: no cap
  std::uint32_t fee_bp = 0;             // of what a seller gets
  Penalties penalties;
  // To all members; else to operator and auditors. Transcripts show every order of a call, without names.
  bool depth_public = true, trades_public = true, transcripts_public = true;
  std::uint32_t revision = 0;  // of the rules; orders name it, so nobody trades under rules it has not seen
  std::int64_t created = 0;
  std::array<std::uint8_t, 32>
      seed_commitment{};          // of the next call: SHA-256 of a seed that the operator has drawn already
  std::uint64_t next_number = 1;  // of the next clearing
  bool operator==(const Market&) const = default;
};

// What an owner has promised to bring: units of one kind, or one named server, in one window. Offers in any number of
// markets draw on it, and each unit of it is in one lease at a time (calendar.h).
struct Lot {
  enum class State : std::uint8_t { kOpen = 1, kWithdrawn };  // withdrawn: no new offers
  enum class Kind : std::uint8_t { kUnits = 1, kServer };
  Id id = 0;
  OrganisationId owner;
  std::string name;  // unique for its owner; a server's is its name
  Kind kind = Kind::kUnits;
  std::uint32_t capacity = 1;                     // kServer: 1
  std::map<std::string, std::string> attributes;  // "cpu": "1", "memory": "1Gi", "site": "bos", "gpu.model": "a100"
  std::int64_t from = 0, until = 0;
  std::string inventory_offer;  // of the owner's inventory, where these units are reserved; empty: by the owner's word
  State state = State::kOpen;
  std::int64_t created = 0;
  bool operator==(const Lot&) const = default;
};

struct Window {
  std::int64_t from = 0, until = 0;
  bool operator==(const Window&) const = default;
};

enum class Side : std::uint8_t { kBid = 1, kOffer };
enum class TimeInForce : std::uint8_t {
  kGoodTillTime = 1,   // until `expires`
  kImmediateOrCancel,  // at the next call, or at once in a market without calls; what is left then is cancelled
};

// What an organisation signs (terms.h: canonical bytes). Both sides use the same fields where they mean the same.
struct Terms {
  // Of the service at which it may be placed: with it that one signs contracts. Markets elsewhere may have the same name.
  std::array<std::uint8_t, 32> service{};
  std::string market;
  std::uint32_t market_revision = 0;
  Side side = Side::kBid;
  OrganisationId organisation;
  std::array<std::uint8_t, 16> nonce{};        // the signer's, never used twice: an order cannot be submitted again
  std::int64_t price = 0;                      // micro-credits a unit and hour: a bid's limit, an offer's reserve
  std::uint32_t min_units = 1, max_units = 1;  // equal: all or none
  std::int64_t earliest = 0, latest = 0;       // everything lies within
  std::int64_t min_duration_ms = 0, max_duration_ms = 0;  // a bid's are equal unless it takes less as well
  TimeInForce in_force = TimeInForce::kGoodTillTime;
  std::int64_t expires = 0;  // not later than what can still be served
  // A bid's:
  std::string query;       // attributes (query.h); empty: anything that the market sells
  bool same_site = false;  // all units at one site
  // It takes offers that may be called back, if with at least this much notice; 0: none of them.
  std::int64_t least_notice_ms = 0;
  // An offer's: what it is of, exactly one of the two
  std::string lot;                       // the owner's name of it
  std::optional<Id> contract;            // resale: units of this contract, of which the organisation is the buyer
  std::vector<OrganisationId> buyers{};  // to whom; none of both lists: to every member
  std::vector<std::string> groups{};     // the owner's groups
  std::int64_t notice_ms = 0;            // reclaim notice; 0: cannot be called back
  std::vector<Window> closed{};          // blackouts
  bool renewable = false;                // a buyer may renew at the contract's price while the lot is free
  bool operator==(const Terms&) const = default;
};

struct Order {
  // offer: open → partly matched → exhausted | expired | withdrawn; bid: open → partly matched → matched | expired |
  // cancelled
  enum class State : std::uint8_t { kOpen = 1, kPartlyMatched, kMatched, kExhausted, kExpired, kCancelled, kWithdrawn };
  Id id = 0;
  Id market = 0;
  Terms terms;
  base::Bytes document;  // canonical bytes of the terms, as signed
  Signature signature{};
  State state = State::kOpen;
  std::uint32_t units_left = 0;  // of max_units
  Id lot = 0;                    // an offer's; a resale's: the lot of the contract
  std::int64_t accepted = 0, closed_at = 0;
  std::string reason;                // why it was closed, for a person
  std::optional<ledger::Id> escrow;  // a bid's pending transfer
  bool operator==(const Order&) const = default;
};
bool is_open(const Order& order);

struct Contract {
  enum class State : std::uint8_t { kProposed = 1, kSigned, kActive, kCompleted, kCancelled, kBreached };
  Id id = 0, market = 0, clearing = 0;  // clearing 0: at once
  Id bid = 0, offer = 0;                // orders
  Id lot = 0;
  std::optional<Id> resale_of, renewal_of;  // contracts
  OrganisationId buyer, seller;
  std::uint32_t units = 0;
  std::int64_t start = 0, end = 0;  // the rental: what the buyer pays for
  std::int64_t pays = 0, gets = 0;  // in all, over the whole rental
  std::int64_t notice_ms = 0;
  bool renewable = false;
  Penalties penalties;
  State state = State::kProposed;
  std::string reason;
  std::int64_t made = 0, ended_at = 0;
  std::int64_t reclaim_at = 0;  // called back: ends then; 0: not
  std::int64_t due_at = 0;      // when something is due by itself (contracts.h due()), kept by the rules; 0: nothing
  std::uint32_t slots = 0, settled_slots = 0;
  std::int64_t paid = 0, got = 0;    // of pays and gets so far
  std::optional<ledger::Id> escrow;  // buyer → seller, min(pays, gets); what differs is in `margin`
  std::optional<ledger::Id> margin;  // buyer → market (surplus) or market → seller (deficit)
  base::Bytes document;              // both signed orders and these terms (contract_document.h)
  Signature signature{};             // the market's, of it
  bool operator==(const Contract&) const = default;
};

bool is_live(const Contract& contract);  // kProposed, kSigned, kActive

// One unit of a contract: a server, or a namespace.
struct Lease {
  enum class State : std::uint8_t {
    kScheduled = 1,  // its time has not come
    kProvisioning,   // being delivered
    kActive,
    kReclaiming,  // called back by its owner, until its notice is over
    kEnding,      // being taken away; its server is not free yet
    kEnded,
    kFailed,  // could not be delivered or taken away: occupies its server until it is cleaned
  };
  Id id = 0, contract = 0, lot = 0;
  std::uint32_t unit = 0;           // of the contract, from 0
  std::int64_t start = 0, end = 0;  // what the owner brings; end moves with renewal, reclaim and cancellation
  State state = State::kScheduled;
  std::string detail;  // for a person
  std::int64_t changed = 0;
  std::int64_t active_since = 0, freed = 0;  // 0: not yet
  bool operator==(const Lease&) const = default;
};
bool occupies(const Lease& lease);  // anything but kEnded, and kFailed that was cleaned (freed != 0)

// A call that was cleared: its transcript is what `tarn market verify` reads.
struct Clearing {
  Id id = 0, market = 0;
  std::uint64_t number = 0;  // of the market, from 1
  std::int64_t at = 0;
  std::uint32_t bids = 0, offers = 0, trades = 0;
  std::uint64_t units = 0;
  std::int64_t welfare = 0, upper_bound = 0, budget = 0,
               price = 0;  // price: a unit and slot; of the last trade where they differ
  std::string transcript;  // JSON (docs/market/transcript.md)
  bool operator==(const Clearing&) const = default;
};

// What is open at one price of one side of a market.
struct PriceLevel {
  std::int64_t price = 0;  // micro-credits a unit and hour
  std::uint64_t units = 0;
  std::uint32_t orders = 0;
  bool operator==(const PriceLevel&) const = default;
};

// A trade as everybody may see it.
struct TradeTick {
  Id id = 0, market = 0;
  std::int64_t at = 0, price = 0;  // micro-credits a unit and hour, rounded to the nearest
  std::uint32_t units = 0;
  std::int64_t start = 0, end = 0;
  bool operator==(const TradeTick&) const = default;
};

struct Event {
  Id id = 0;  // grows; the cursor
  std::int64_t at = 0;
  std::string kind;                        // "order.matched"
  std::vector<OrganisationId> visible_to;  // at most two; empty: see `everybody`
  bool everybody = false;                  // members; else operator and auditors
  std::string subject;                     // "ctr_12"
  std::string detail;                      // a sentence at most: the reason
  Id market = 0;                           // that it is of; 0: of none, as a lot's and an account's
  bool operator==(const Event&) const = default;
};

struct KeptReply {
  base::Bytes request_hash;
  int status = 0;
  std::string body;
  std::int64_t at = 0;
  bool operator==(const KeptReply&) const = default;
};

}  // namespace market
