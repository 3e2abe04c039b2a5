// Deliveries: sees to it that what a fulfiller has made real is what the inventory says is leased. Kept here is only what
// helps to be patient (when to ask again, what was said last): the truth is in the inventory and over there, both are
// looked at again after every start, and so a process may die between any two steps.
//   active leases      delivered until ready; again after a renewal, when they have vanished, and now and then, which
//                      repairs what somebody has changed by hand
//   returning leases   withdrawn until gone; only then are their units free
//   recalled leases    ended, as if their time had come
//   orphans            what is there of leases that have ended, or that the inventory has never heard of: withdrawn; the
//                      latter after a grace, for an inventory that was restored from a copy is an accident, not an order
// What fails is tried again, more and more slowly; nothing is ever given up, because it counts as leased. What cannot
// be delivered at all (kInvalidInput) is asked for at the slowest pace, and the requester told why.
// Threads: run_once() from one at a time, the questions from any. No lock is held while the fulfiller works; of one lease
// there is one call at a time. Times: Unix milliseconds where a lease's are meant, else the clock's steady ones.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/clock.h"
#include "inventory/fulfiller.h"

namespace inventory {

struct DeliveryEvent {
  enum class Kind : std::uint8_t { kReady, kRenewed, kGone, kVanished, kRecalled, kOrphan, kFailed };
  Kind kind = Kind::kReady;
  Id lease{};                          // zeros: nobody's, kFailed alone
  std::int64_t took_ms = 0;            // kReady, kGone: since it was first seen to be due
  std::optional<base::Error> error{};  // kFailed
  bool again = false;                  // kFailed: for the same reason as the last time
};

struct DeliveryPace {
  std::size_t calls = 32;                                     // of the fulfiller in one round, looking around left out
  std::int64_t ask_first_ms = 100, ask_last_ms = 2'000;       // what is coming or leaving
  std::int64_t retry_first_ms = 500, retry_last_ms = 60'000;  // what failed
  std::int64_t repair_ms = 600'000;                           // what is ready
  std::int64_t look_ms = 30'000, recall_ms = 5'000;           // what is there, what is recalled
  std::int64_t grace_ms = 60'000;                             // of the unknown
};

class Deliveries {
 public:
  struct Delivery {
    Place place;
    std::string error;  // of the last attempt; empty if it went well
  };
  struct Counts {
    std::size_t coming = 0, ready = 0, leaving = 0, failing = 0;  // the last also counts as one of the others
    bool reachable = true;                                        // as of the last look around
  };

  Deliveries(Inventory& inventory, Fulfiller& fulfiller, const base::Clock& clock, DeliveryPace pace,
             std::function<void(const DeliveryEvent&)> on_event);

  // Does what is due. Returns in how many milliseconds it wants to be called again, or sooner if a lease was signed,
  // renewed or ended.
  std::int64_t run_once();

  // What is known of a lease; kNone of one that is not seen yet.
  Delivery find(const Id& lease) const;
  Counts counts() const;
  // Of an active lease that is ready. kDeadline: not now, ask again.
  base::Result<Access> access(const Id& lease);
  base::Result<Usage> usage(const Id& lease);

 private:
  struct Item {
    Delivery delivery;
    std::uint32_t revision = 0;           // that is wanted
    std::optional<std::uint32_t> made{};  // that is ready
    bool leaving = false;
    std::int64_t since = 0, due = 0, pause = 0;
  };
  class Turn;
  void take_in(const std::vector<Lease>& leases, std::int64_t now);
  void work(const std::vector<Lease>& leases, std::int64_t now);
  void deliver(const Lease& lease, Item& item);
  bool withdraw(const Id& id, bool promised, Item& item);  // whether it is gone
  void fail(const Id& id, const base::Error& error, Item& item);
  void ask_again(Item& item) const;
  void look_around(std::int64_t now);
  void find_orphans(const std::set<Id>& there, std::int64_t now);
  void find_vanished(const std::set<Id>& there, std::int64_t now);
  bool recall();  // whether a lease has ended by it
  void reached(bool reachable);
  base::Result<Lease> ready(const Id& lease) const;  // if it is

  Inventory& inventory_;
  Fulfiller& fulfiller_;
  const base::Clock& clock_;
  const DeliveryPace pace_;
  const std::function<void(const DeliveryEvent&)> on_event_;

  mutable std::mutex mutex_;  // guards what follows; run_once alone changes the items
  std::map<Id, Item> items_;
  std::set<Id> busy_;  // a call is under way
  bool reachable_ = true;

  // run_once's own
  std::set<Id> orphans_;
  std::map<Id, std::int64_t> unknown_since_;
  std::int64_t look_due_, recall_due_;
};

}  // namespace inventory
