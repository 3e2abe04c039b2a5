// A market in a test: a store in memory, an operator, members with identities from seeds, one currency, and the shortest
// ways to say what happens there. Time is `now`, which the test moves. What has to work is asserted by value(): a test that
// expects a refusal looks at the Result itself.
//   MarketTown town;
//   auto& acme = town.join("acme"); auto& north = town.join("north");
//   town.make_market("hours");
//   town.lot(north, "small", 8);
//   town.submit(north, town.offer("hours", "small", 8, 40'000));
//   town.submit(acme, town.bid("hours", 4, 50'000));
//   town.clear("hours");
// Threads: one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "crypto/random.h"
#include "market/grid.h"
#include "market/rules.h"
#include "support/memory_market_store.h"

namespace support {

struct Party {
  std::string name;
  crypto::Identity identity;
  market::OrganisationId id;
};

class MarketTown {
 public:
  static constexpr std::int64_t kHour = market::kHourMs;
  static constexpr std::int64_t kCredit = 1'000'000;
  static constexpr std::int64_t kStart = 500'016 * kHour;  // a midnight in 2027

  // Over another store, to make it fail or to try a real one.
  explicit MarketTown(market::Store* store = nullptr, std::string_view seed = "market town")
      : random_(base::view(seed)), signer_(crypto::Identity::generate(random_)), store_(store ? store : &memory) {
    operate<ledger::Id>([&](market::Rules& rules) { return rules.create_currency("credits", {}); });
  }
  MarketTown(const MarketTown&) = delete;
  MarketTown& operator=(const MarketTown&) = delete;

  MemoryMarketStore memory;
  std::int64_t now = kStart + kHour / 2;  // the first whole hour begins at next_hour()
  market::Limits limits;

  std::int64_t next_hour() const { return (now / kHour + 1) * kHour; }
  std::int64_t hour(std::int64_t n) const { return kStart + (1 + n) * kHour; }  // hour(0): the first that can be had
  market::Context context() { return {now, &random_, &signer_, &limits}; }
  market::Store& store() { return *store_; }
  crypto::SeededRandom& random() { return random_; }
  const crypto::Identity& signer() const { return signer_; }

  // One call by somebody, in a transaction of its own.
  template <class T>
  base::Result<T> as(const market::Caller& caller, const std::function<base::Result<T>(market::Rules&)>& call) {
    std::optional<base::Result<T>> result;
    const base::Status status = store_->write([&](market::Transaction& transaction) -> base::Status {
      market::Rules rules(transaction, caller, context());
      result = call(rules);
      return result->ok() ? base::Status() : base::Status(result->error());
    });
    if (!status.ok()) return status.error();
    return std::move(*result);
  }
  template <class T>
  base::Result<T> as(const Party& party, const std::function<base::Result<T>(market::Rules&)>& call) {
    return as<T>(administrator(party), call);
  }
  base::Status tell(const market::Caller& caller, const std::function<base::Status(market::Rules&)>& call) {
    return store_->write([&](market::Transaction& transaction) {
      market::Rules rules(transaction, caller, context());
      return call(rules);
    });
  }
  template <class T>
  T operate(const std::function<base::Result<T>(market::Rules&)>& call) {
    return value(as<T>(operators(), call));
  }
  base::Status within(const std::function<base::Status(market::Transaction&)>& body) { return store_->write(body); }

  static market::Caller administrator(const Party& party) {
    return {party.id, market::Role::kAdministrator, party.name, {}};
  }
  static market::Caller trader(const Party& party) { return {party.id, market::Role::kTrader, party.name, {}}; }
  static market::Caller operators() { return {std::nullopt, market::Role::kOperator, "operator", {}}; }
  static market::Caller auditors() { return {std::nullopt, market::Role::kAuditor, "auditor", {}}; }

  // A member, with so many credits granted.
  Party& join(const std::string& name, std::int64_t credits = 1'000'000) {
    crypto::SeededRandom seed(base::view("member " + name));
    crypto::Identity identity = crypto::Identity::generate(seed);
    const market::OrganisationId id{identity.public_key()};
    Party& party = parties_.emplace_back(Party{name, std::move(identity), id});
    operate<market::Member>([&](market::Rules& rules) { return rules.add_member(id, name); });
    if (credits > 0) grant(party, credits * kCredit);
    return party;
  }
  void grant(const Party& party, std::int64_t amount) {
    operate<ledger::Id>(
        [&](market::Rules& rules) { return rules.grant("credits", party.id, amount, "to begin with"); });
  }

  // Hours, uniform, a call each five minutes, unless changed.
  market::Market make_market(
      const std::string& name, const std::function<void(market::Market&)>& change = [](market::Market&) {}) {
    market::Market market;
    market.name = name;
    market.currency = currency();
    change(market);
    return operate<market::Market>([&](market::Rules& rules) { return rules.create_market(market); });
  }
  market::Market market_named(const std::string& name) {
    return operate<market::Market>([&](market::Rules& rules) { return rules.market(name); });
  }
  ledger::Id currency() {
    using Rows = std::vector<std::pair<ledger::Currency, market::CurrencyPolicy>>;
    return operate<Rows>([](market::Rules& rules) { return rules.currencies(); }).at(0).first.id;
  }

  market::Lot lot(const Party& owner, const std::string& name, std::uint32_t units,
                  market::Window window = {kStart, kStart + 1000 * kHour},
                  std::map<std::string, std::string> attributes = {}) {
    market::Lot lot;
    lot.name = name;
    lot.capacity = units;
    lot.from = window.from;
    lot.until = window.until;
    lot.attributes = std::move(attributes);
    return value(as<market::Lot>(owner, [&](market::Rules& rules) { return rules.create_lot(lot); }));
  }

  // Of the window of two hours from hour(0), in whole; price by the hour.
  market::Terms bid(const std::string& market, std::uint32_t units, std::int64_t price) {
    market::Terms terms;
    terms.market = market;
    terms.side = market::Side::kBid;
    terms.price = price;
    terms.max_units = units;
    return in_window(terms, hour(0), hour(2));
  }
  market::Terms offer(const std::string& market, const std::string& lot, std::uint32_t units, std::int64_t price) {
    market::Terms terms = bid(market, units, price);
    terms.side = market::Side::kOffer;
    terms.lot = lot;
    return terms;
  }
  // All of it, and good until it could not begin any more.
  static market::Terms in_window(market::Terms terms, std::int64_t from, std::int64_t until) {
    terms.earliest = from;
    terms.latest = until;
    return lasting(terms, until - from, until - from);
  }
  static market::Terms lasting(market::Terms terms, std::int64_t least, std::int64_t most) {
    terms.min_duration_ms = least;
    terms.max_duration_ms = most;
    terms.expires = terms.latest - least;
    return terms;
  }

  // Names the service, the party, the market's revision and a new nonce, unless they are there already, and signs.
  market::SignedTerms signed_by(const Party& party, market::Terms terms) {
    if (terms.service == std::array<std::uint8_t, 32>{}) terms.service = signer_.public_key();
    if (terms.organisation == market::OrganisationId{}) terms.organisation = party.id;
    if (terms.nonce == std::array<std::uint8_t, 16>{}) random_.fill(terms.nonce);
    if (terms.market_revision == 0) {
      const auto market =
          as<market::Market>(operators(), [&](market::Rules& rules) { return rules.market(terms.market); });
      if (market.ok()) terms.market_revision = market->revision;
    }
    return market::sign(terms, party.identity);
  }
  base::Result<market::Order> submit(const Party& party, const market::Terms& terms) {
    const market::SignedTerms order = signed_by(party, terms);
    return as<market::Order>(party, [&](market::Rules& rules) { return rules.submit(order); });
  }
  market::Order accepted(const Party& party, const market::Terms& terms) { return value(submit(party, terms)); }

  base::Result<market::Clearing> try_clear(const std::string& market) {
    return as<market::Clearing>(operators(), [&](market::Rules& rules) { return rules.clear(market); });
  }
  market::Clearing clear(const std::string& market) { return value(try_clear(market)); }

  market::Order order(market::Id id) {
    return operate<market::Order>([&](market::Rules& rules) { return rules.order(id); });
  }
  std::vector<market::Contract> contracts() {
    std::vector<market::Contract> all;
    for (auto& [id, contract] : memory.tables().contracts) all.push_back(contract);
    return all;
  }
  ledger::Account account(const Party& party) {
    return value(as<std::vector<ledger::Account>>(party, [](market::Rules& rules) { return rules.accounts(); })).at(0);
  }
  std::int64_t balance(const Party& party) { return ledger::balance(account(party)); }
  std::int64_t set_aside(const Party& party) { return account(party).debits_pending; }

  template <class T>
  static T value(base::Result<T> result) {
    if (!result.ok()) std::fprintf(stderr, "market town: %s\n", result.error().message.c_str());
    CHECK(result.ok());
    return std::move(result).value();
  }

 private:
  crypto::SeededRandom random_;
  crypto::Identity signer_;
  market::Store* store_;
  std::deque<Party> parties_;
};

}  // namespace support
