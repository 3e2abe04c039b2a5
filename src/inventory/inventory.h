// Inventory: what an owner puts up and to whom it is promised. For every offer, always:
//   free + held + leased + reserved = capacity
//   FREE → HELD (time limit) → LEASED (end) → FREE         FREE → RESERVED (window) → FREE
// Where leases are delivered (fulfiller.h), units are free again only when what was made of them is gone: a confirmed
// lease that ends is kReturning, and counts as leased, until returned() says so.
// A hold takes what is free (at most the offer's per_session) for one session, because nobody may know yet how much of
// it will be bought; the winner's lease() turns exactly the bought units into a lease that waits for the requester's
// countersignature and frees the rest; confirm() makes it LEASED; a lease that is not confirmed in time is gone.
// A reservation keeps units out of all this for a window, now or in the future, because they are promised elsewhere: to a
// market. Nothing that is held, leased, or renewed lasts into a window in which its units are reserved, and nothing is
// reserved that is promised for then; so what is sold in one place is not sold in the other.
// Every change is one durable transaction: killed at any point, the next start finds the state before or after it.
// Time is an argument, Unix milliseconds. Prices are micro-credits a unit and hour.
// Threads: implementations lock; every call is atomic. Errors: kInvalidInput (unknown id, wrong state, more than held),
// kConflict (reserve, renew, lease: the units are promised to others for that time), kStorage.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "inventory/price.h"
#include "model/resource_class.h"

namespace inventory {

using Id = std::array<std::uint8_t, 16>;
using Key = std::array<std::uint8_t, 32>;  // an organisation's

struct Offer {
  std::string name;  // the owner's, unique; survives changes of the rest
  model::ResourceClass unit;
  std::uint64_t capacity = 0;     // units
  std::uint64_t per_session = 0;  // at most so many in one hold; 0: everything that is free
  std::uint64_t bucket = 1;       // a hold is rounded down to a multiple: hides the exact capacity
  PriceFunction price;
  std::set<Key> buyers{};               // to whom it is made; empty: to everybody
  std::uint32_t max_lease_seconds = 0;  // the longest lease from any moment; 0: the provider's rule alone
  bool delivered = false;               // its leases are made real by a Fulfiller
};

// What a session is about, as far as the provider may know.
struct Wanted {
  model::ResourceClass unit;
  Key requester{};
  std::uint32_t lease_seconds = 0;
};
// Whether an offer is for this: it covers the unit, it is made to the requester, and for so long.
inline bool serves(const Offer& offer, const Wanted& wanted) {
  return offer.unit.covers(wanted.unit) && (offer.buyers.empty() || offer.buyers.contains(wanted.requester)) &&
         (offer.max_lease_seconds == 0 || wanted.lease_seconds <= offer.max_lease_seconds);
}

struct Hold {
  Id id{};
  std::string offer;  // empty: nothing fits, units = 0
  std::uint64_t units = 0, unit_price = 0;
  std::int64_t until_unix_ms = 0;
  bool delivered = false;                // as its offer was
  std::int64_t lease_until_unix_ms = 0;  // the latest end of what becomes of it: no reservation of its units before
};

struct Lease {
  enum class State : std::uint8_t { kOffered = 1, kActive, kEnded, kReturning };
  Id id{};
  std::string offer;
  Key requester{};
  model::ResourceClass unit;                    // what was asked for: the offer's may be larger
  std::uint64_t units = 0, hourly_payment = 0;  // micro-credits for all units together
  std::int64_t start_unix_ms = 0, end_unix_ms = 0;
  std::int64_t confirm_by_unix_ms = 0;  // kOffered only
  std::uint32_t revision = 0;           // of the document: 0, then one more with each renewal
  State state = State::kOffered;
  bool delivered = false;  // the hold's; lease() sees to it
  base::Bytes document;    // as signed so far; the inventory does not read it
};

// Units that are promised elsewhere, from … until, whatever happens meanwhile.
struct Reservation {
  Id id{};
  std::string offer;
  std::uint64_t units = 0;
  std::int64_t from_unix_ms = 0, until_unix_ms = 0;
  std::string purpose{};  // for its owner to remember by: at most 100 printable characters
  bool operator==(const Reservation&) const = default;
};

struct Totals {
  std::string offer;
  std::uint64_t capacity = 0, free = 0, held = 0, leased = 0, reserved = 0;  // at this moment
  std::uint64_t reserved_at_most = 0;                                        // at once, from now on
};

class Inventory {
 public:
  virtual ~Inventory() = default;

  // Holds for a session what serves `wanted`: the exact class first, else the first offer that covers it; with nothing
  // free, a hold of 0 units at that offer's price, so that its owner can take part all the same.
  virtual base::Result<Hold> hold(const Id& id, const Wanted& wanted, std::int64_t now, std::int64_t until) = 0;
  virtual base::Status release_hold(const Id& id) = 0;  // unknown ids are fine: released already
  // lease.units of the hold become a lease in kOffered; the hold ends, what it held beyond is free.
  virtual base::Status lease(const Id& hold, const Lease& lease, std::int64_t now) = 0;
  virtual base::Status confirm(const Id& lease, base::Bytes document, std::int64_t now) = 0;  // idempotent
  virtual base::Status renew(const Id& lease, std::uint32_t revision, std::int64_t end, base::Bytes document,
                             std::int64_t now) = 0;
  // What renew() would say to this end, so that nobody signs what cannot be.
  virtual base::Status may_renew(const Id& lease, std::int64_t end, std::int64_t now) const = 0;
  virtual base::Status end_lease(const Id& lease, std::int64_t now) = 0;  // idempotent
  // Of one in kReturning, nothing is left: its units are free. Idempotent.
  virtual base::Status returned(const Id& lease) = 0;
  // Of an offer there is, for a window that is not over. Idempotent: the same reservation again is fine.
  virtual base::Status reserve(const Reservation& reservation, std::int64_t now) = 0;
  virtual base::Status release_reservation(const Id& id) = 0;  // unknown ids are fine: released already, or over
  // Frees holds, unconfirmed offers, leases and reservations whose time has come; returns the leases that ended so, in
  // kEnded or kReturning. Those that were never confirmed still have their confirm_by_unix_ms; confirm() sets it to 0.
  virtual base::Result<std::vector<Lease>> expire(std::int64_t now) = 0;

  virtual std::optional<Lease> find(const Id& lease) const = 0;
  // All whose units are not free: kOffered, kActive, kReturning; by start.
  virtual std::vector<Lease> leases() const = 0;
  virtual std::vector<Reservation> reservations() const = 0;  // by their beginning
  virtual std::vector<Totals> totals(std::int64_t now) const = 0;
  virtual std::vector<Offer> offers() const = 0;
  // Other offers from now on. What is promised under a name stays promised, as after a restart with these (book.h).
  virtual base::Status set_offers(std::vector<Offer> offers) = 0;
};

}  // namespace inventory
