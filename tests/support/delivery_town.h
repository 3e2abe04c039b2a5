// A market town in which contracts are made without auctions, and delivered: who agrees with whom is said by the test, the
// clock runs, a fulfiller does as the test tells it, and an auditor looks at everything after every step.
//   DeliveryTown town;
//   const auto id = town.agree({.units = 2, .from = town.hour(0), .until = town.hour(4), .pays = 800, .gets = 800});
//   town.run_to(town.hour(2));
// Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "market/clock.h"
#include "market/contracts.h"
#include "market/fulfiller.h"
#include "support/market_auditor.h"
#include "support/market_town.h"

namespace support {

// Delivers and takes away as its mood says.
class MoodyFulfiller final : public market::Fulfiller {
 public:
  enum class Mood { kAtOnce, kLater, kUnreachable, kRefuses };
  Mood begins = Mood::kAtOnce, ends = Mood::kAtOnce;
  std::set<market::Id> there;
  std::vector<market::Lease> begun;

  base::Status begin(const market::Lease& lease) override {
    TARN_TRY(answer(begins));
    begun.push_back(lease);
    there.insert(lease.id);
    return {};
  }
  base::Status end(const market::Lease& lease) override {
    TARN_TRY(answer(ends));
    if (ends == Mood::kAtOnce) there.erase(lease.id);
    return {};
  }
  base::Result<market::Sight> look(const market::Lease& lease) override {
    using State = market::Sight::State;
    if (!there.contains(lease.id)) return market::Sight{State::kGone};
    return market::Sight{begins == Mood::kAtOnce ? State::kReady : State::kWaiting};
  }

 private:
  static base::Status answer(Mood mood) {
    if (mood == Mood::kUnreachable) return base::Error{base::Code::kUnreachable, "nobody answers"};
    if (mood == Mood::kRefuses) return base::Error{base::Code::kInvalidInput, "the disk is broken"};
    return {};
  }
};

class NoLog final : public base::Log {
 public:
  void write(base::LogLevel, std::string_view, std::span<const base::Field>) override {}
};

struct Agreed {
  std::uint32_t units = 1;
  std::int64_t from = 0, until = 0, pays = 0, gets = 0;
  std::int64_t notice_ms = 0;
  bool renewable = false;
  std::int64_t latest = 0;                   // of the offer; 0: as `until`
  std::optional<market::Id> resale_of = {};  // then of its buyer, to the third party
};

class DeliveryTown : public MarketTown {
 public:
  explicit DeliveryTown(std::uint32_t capacity = 4)
      : clock_(store(), fulfiller, {0, &random(), &signer(), &limits}, {}, log_) {
    make_market("hours", [](market::Market& market) {
      market.fee_bp = 100;
      market.clearing.mechanism = market::Mechanism::kVcg;  // the market may have to add something
      market.clearing.deficit_cap = kCredit;
      market.penalties = {5'000, 1'000, 2'500};
    });
    lot(owner, "rack", capacity);
  }

  MoodyFulfiller fulfiller;
  Party& owner = join("owner");
  Party& buyer = join("buyer");
  Party& third = join("third");

  base::Result<market::Contract> try_agree(const Agreed& what) {
    std::optional<base::Result<market::Contract>> out;
    const base::Status written = within([&](market::Transaction& store) -> base::Status {
      TARN_ASSIGN(const market::Match match, matched(store, what));
      TARN_ASSIGN(const auto market, store.find_market_named("hours"));
      out = market::make_contract(store, context(), *market, match);
      return {};  // whatever became of it: a refusal leaves nothing behind
    });
    CHECK(written.ok());
    return *out;
  }
  market::Id agree(const Agreed& what) { return value(try_agree(what)).id; }

  // The clock, and whether all is right afterwards.
  void run() {
    const auto round = clock_.run_once(now);
    ASSERT_TRUE(round.ok()) << round.error().message;
    EXPECT_EQ(round->failed, 0u);
    look(true);
  }
  void run_to(std::int64_t time) {
    now = time;
    run();
  }
  void look(bool clock_ran = false) {
    for (const std::string& finding : auditor_.look(memory.tables(), now, clock_ran)) ADD_FAILURE() << finding;
  }

  market::Contract contract(market::Id id) { return memory.tables().contracts.at(id); }
  std::vector<market::Lease> leases(market::Id contract) {
    std::vector<market::Lease> out;
    for (const auto& [id, lease] : memory.tables().leases)
      if (lease.contract == contract) out.push_back(lease);
    return out;
  }
  market::Lease::State state_of(market::Id contract, std::size_t unit = 0) { return leases(contract).at(unit).state; }
  std::vector<std::string> events(const std::string& subject) {
    std::vector<std::string> out;
    for (const auto& [id, event] : memory.tables().events)
      if (event.subject == subject) out.push_back(event.kind);
    return out;
  }
  std::int64_t market_balance() {
    for (const auto& [id, account] : memory.tables().accounts)
      if (account.kind == ledger::AccountKind::kMarket) return ledger::balance(account);
    return 0;
  }

  base::Result<market::Contract> cancel(const Party& who, market::Id id, const std::string& why = "") {
    return as<market::Contract>(who, [&](market::Rules& rules) { return rules.cancel_contract(id, why); });
  }
  base::Result<market::Contract> reclaim(const Party& who, market::Id id, const std::string& why = "") {
    return as<market::Contract>(who, [&](market::Rules& rules) { return rules.reclaim(id, why); });
  }
  base::Result<market::Contract> renew(const Party& who, market::Id id, std::int64_t until) {
    return as<market::Contract>(who, [&](market::Rules& rules) { return rules.renew(id, until); });
  }
  using Mark = base::Result<market::Lease> (market::Rules::*)(market::Id);
  base::Result<market::Lease> mark(Mark what, market::Id lease) {
    return as<market::Lease>(operators(), [&](market::Rules& rules) { return (rules.*what)(lease); });
  }
  base::Result<market::Lease> mark_failed(market::Id lease, const std::string& why) {
    return as<market::Lease>(operators(), [&](market::Rules& rules) { return rules.mark_failed(lease, why); });
  }

 private:
  base::Result<market::Order> order(market::Transaction& store, const Party& who, market::Terms terms,
                                    const Agreed& what) {
    TARN_ASSIGN(const auto market, store.find_market_named("hours"));
    const std::int64_t unit_hours = what.units * (what.until - what.from) / kHour;
    const bool bid = terms.side == market::Side::kBid;
    terms.price = bid ? (what.pays + unit_hours - 1) / unit_hours : what.gets / unit_hours;
    terms.market_revision = market->revision;
    market::Order out;
    const market::SignedTerms document = signed_by(who, terms);
    out.market = market->id;
    TARN_ASSIGN(out.terms, market::verified(document));
    out.document = document.document;
    out.signature = document.signature;
    out.state = bid ? market::Order::State::kMatched : market::Order::State::kExhausted;
    out.accepted = out.closed_at = now;
    out.reason = "all of it is matched";
    return out;
  }
  base::Result<market::Match> matched(market::Transaction& store, const Agreed& what) {
    const Party& buys = what.resale_of ? third : buyer;
    const Party& sells = what.resale_of ? buyer : owner;
    market::Terms bid = in_window(MarketTown::bid("hours", what.units, 0), what.from, what.until);
    bid.least_notice_ms = what.notice_ms;
    market::Terms offer = MarketTown::offer("hours", "rack", what.units, 0);
    offer = in_window(offer, what.from, std::max(what.latest, what.until));
    offer.min_duration_ms = kHour;
    offer.notice_ms = what.notice_ms;
    offer.renewable = what.renewable;
    TARN_ASSIGN(const auto rack, store.find_lot_named(owner.id, "rack"));
    if (what.resale_of) offer.lot.clear(), offer.contract = what.resale_of;
    market::Match match;
    TARN_ASSIGN(match.bid, order(store, buys, bid, what));
    TARN_ASSIGN(match.bid.id, store.insert_order(match.bid));
    TARN_ASSIGN(match.offer, order(store, sells, offer, what));
    match.offer.lot = rack->id;
    TARN_ASSIGN(match.offer.id, store.insert_order(match.offer));
    match.units = what.units;
    match.start = what.from;
    match.end = what.until;
    match.pays = what.pays;
    match.gets = what.gets;
    return match;
  }

  NoLog log_;
  market::Clock clock_;
  MarketAuditor auditor_;
};

}  // namespace support
