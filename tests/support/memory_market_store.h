// market::Store in memory, the slow and obvious twin of store/market_store.h: a table is a map from ids to rows, a
// question looks at all of them, and write() notes how to undo each change, which it does unless the body liked all of
// it. What the headers of market::Store and ledger::Tables promise is checked row by row, as a database would.
// Ids come from one counter, so that who mixes up two tables' ids finds nothing.
// die_at() is the process that dies at the n-th write: that write is lost (or kept, but nobody hears of it), and so is all
// that is tried later, until revive().
// Threads: any.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "market/store.h"

namespace support {

template <class Row>
using MemoryRows = std::map<market::Id, Row>;

struct MarketTables {
  market::Id last_id = 0;
  std::int64_t fence = 0;
  std::optional<base::Bytes> signing_key;
  MemoryRows<ledger::Currency> currencies;
  MemoryRows<ledger::Account> accounts;
  MemoryRows<ledger::Transfer> transfers;
  std::map<ledger::Key, ledger::Id> transfer_keys;
  MemoryRows<ledger::Pending> pendings;  // by transfer
  std::map<market::OrganisationId, market::Member> members;
  MemoryRows<market::ApiToken> tokens;
  MemoryRows<market::Group> groups;
  MemoryRows<market::CurrencyPolicy> policies;  // by currency
  MemoryRows<market::Market> markets;
  MemoryRows<base::Bytes> seeds;  // by market
  MemoryRows<market::Lot> lots;
  MemoryRows<market::Order> orders;
  MemoryRows<market::Contract> contracts;
  MemoryRows<market::Lease> leases;
  MemoryRows<market::Clearing> clearings;
  MemoryRows<market::TradeTick> ticks;
  MemoryRows<market::Event> events;
  std::map<std::pair<std::string, std::string>, market::KeptReply> replies;  // (caller, key)
};

class MemoryMarketStore : public market::Store {
 public:
  using Body = std::function<base::Status(market::Transaction&)>;
  enum class Death { kBeforeCommit, kAfterCommit };

  base::Status write(const Body& body) override;
  base::Status read(const Body& body) override;

  // The n-th write that would succeed from now on (1: the next one) is the last thing that happens.
  void die_at(std::size_t n, Death death = Death::kBeforeCommit) {
    const std::lock_guard lock(mutex_);
    die_at_ = writes_ + n;
    death_ = death;
  }
  void revive() {
    const std::lock_guard lock(mutex_);
    die_at_.reset();
    dead_ = false;
  }
  bool dead() const {
    const std::lock_guard lock(mutex_);
    return dead_;
  }
  std::size_t writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  // Everything, to be looked at.
  MarketTables tables() const {
    const std::lock_guard lock(mutex_);
    return tables_;
  }

 private:
  base::Status alive() const {
    if (!dead_) return {};
    return base::Error{base::Code::kStorage, "The process is dead."};
  }

  mutable std::mutex mutex_;
  MarketTables tables_;
  std::size_t writes_ = 0;
  std::optional<std::size_t> die_at_;
  Death death_ = Death::kBeforeCommit;
  bool dead_ = false;
};

}  // namespace support
