// Clock: what happens at the market by itself when its time comes. Somebody calls run_once() again and again (apps/), with
// the time, which it takes for right (clock_guard.h tells); each piece of work is a transaction of its own, so one that
// fails stops no other (what is committed together with it is tried again), and a process that dies leaves what the next
// run finds due. After an outage everything is caught
// up with, in the order in which it was due.
//   contracts  start (never before their time, and never not at all), are settled slot by slot, end; those called back
//              end when the notice is over
//   leases     are begun once their contract has started and their unit is free, looked at until they are ready or a slot
//              has passed, and taken away when their contract has ended
//   orders     expire; calls are cleared when they are due (clearing.h); currencies are recharged
//   events and kept replies are erased when they are old
// Nothing here is decided twice: what two of these, or an API call, want at once is decided by the rows, in a transaction.
// With several processes one runs the clock: it has a number (Transaction::advance_fence), and each write checks that
// nobody has a later one.
// Threads: one at a time. Errors: kCancelled, another process has taken over: nothing more is written; kStorage.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "market/contracts.h"
#include "market/fulfiller.h"
#include "market/rules.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

struct ClockSettings {
  std::int64_t tick_ms = 1'000;
  std::int64_t keep_events_ms = 366LL * 86'400'000;
  std::int64_t keep_replies_ms = 86'400'000;
};

class Clock {
 public:
  // `context.now` is not read. All outlive the clock.
  Clock(Store& store, Fulfiller& fulfiller, const Context& context, const ClockSettings& settings, base::Log& log)
      : store_(store), fulfiller_(fulfiller), context_(context), settings_(settings), log_(log) {}

  struct Round {
    std::int64_t next = 0;  // when to call again
    std::size_t done = 0;   // pieces of work that changed something
    std::size_t failed = 0;
  };
  base::Result<Round> run_once(std::int64_t now, std::optional<std::int64_t> fence = {});

 private:
  using Body = std::function<base::Status(Transaction&)>;
  using ByContract = std::map<Id, std::vector<Lease>>;

  base::Status run_contracts();
  base::Status run_leases();
  base::Status run_orders();
  base::Status run_calls();
  base::Status run_currencies();
  base::Status run_deliveries();
  base::Status erase_old();

  base::Status take_away(Id contract, const std::vector<Lease>& leases);
  base::Status find_coming();
  base::Status deliver(Id contract, const std::vector<Lease>& leases);

  // A piece of work in a transaction. The error: the whole round is over.
  base::Status piece(std::string_view what, const std::string& subject, const Body& body);
  void failed(std::string_view what, const std::string& subject, const base::Error& error);
  template <class Row>
  base::Status each_due(const std::function<Rows<Row>(Transaction&, const Page&)>& page,
                        const std::function<base::Status(const Row&)>& work);

  Store& store_;
  Fulfiller& fulfiller_;
  Context context_;
  ClockSettings settings_;
  base::Log& log_;

  std::optional<std::int64_t> fence_;
  Round round_;
  bool knows_coming_ = false;
  std::map<Id, bool> coming_;  // leases that are provisioning; whether the fulfiller was asked by this process
  std::map<Id, int> tries_;    // of calls that are due and could not be stored, by market
  std::int64_t next_erasure_ = 0;
  std::map<std::string, std::int64_t, std::less<>> told_;  // of a failure, when: said once a minute
};

}  // namespace market
