// The whole market at random: organisations that bid, offer, resell, cancel, call back, fail and renew in three markets of
// different kinds over the same lots, while time goes on, deliveries go as they go and the operator meddles; after each
// step the auditor looks at everything (support/market_auditor.h). TARN_SEED=N draws others.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "ledger/audit.h"
#include "support/delivery_town.h"

namespace market {
namespace {

using auction::clearing::Payments;
using support::MarketTown;
using support::MoodyFulfiller;
using support::Party;
using Mood = MoodyFulfiller::Mood;

constexpr std::int64_t kHour = kHourMs;

class RandomMarket {
 public:
  explicit RandomMarket(std::uint64_t seed)
      : draw_(seed), clock_(town_.store(), fulfiller_, town_.context(), {}, log_) {
    for (const char* name : {"north", "south", "east", "west"}) parties_.push_back(&town_.join(name, 20));
    const Payments all[] = {Payments::kPayAsBid, Payments::kThreshold, Payments::kVcg};
    const auto rules = [payments = all[seed % 3]](Mechanism mechanism, std::int64_t period) {
      return [=](Market& market) {
        market.clearing.mechanism = mechanism;
        market.clearing.payments = payments;
        market.call_period_ms = period;
        market.fee_bp = 123;
        market.penalties = {4'000, 1'500, 2'500};
      };
    };
    town_.make_market("calls", rules(Mechanism::kUniform, 300'000));
    town_.make_market("claims", rules(Mechanism::kClaim, 0));
    town_.make_market("windows", rules(Mechanism::kCombinatorial, 600'000));
    for (const Party* party : parties_) {
      const Window always{MarketTown::kStart, MarketTown::kStart + 1000 * kHour};
      town_.lot(*party, "rack", 2, always, {{"site", party->name < "p" ? "bos" : "ams"}});
      town_.lot(*party, "server", 1);
    }
  }

  // What was done, by name, if it was not refused.
  std::map<std::string, int> done;

  void step() {
    now_running_ = false;
    switch (below(15)) {
      case 0:
      case 1:
      case 2: did("bid", town_.submit(anybody(), bid())); break;
      case 3:
      case 4: did("offer", town_.submit(anybody(), offer())); break;
      case 5: resell(); break;
      case 6: cancel_order(); break;
      case 7: end_contract(); break;
      case 8: renew(); break;
      case 9: mark(); break;
      case 10: meddle(); break;
      default: pass_time(); break;
    }
    for (const std::string& finding : auditor_.look(town_.memory.tables(), town_.now, now_running_))
      ADD_FAILURE() << finding;
  }

  // Nothing is left to do after a long time: no escrow, no contract, no lease that is not clean.
  void finish() {
    fulfiller_.begins = fulfiller_.ends = Mood::kAtOnce;
    for (const Party* party : parties_) freeze(*party, false);
    for (int day = 0; day < 4; ++day) {
      run_to(town_.now + 24 * kHour);
      clean();
    }
    const support::MarketTables tables = town_.memory.tables();
    for (const auto& [id, contract] : tables.contracts) {
      EXPECT_FALSE(is_live(contract));
      done["ended as " + std::to_string(static_cast<int>(contract.state))]++;
      if (contract.resale_of) done["resold"]++;
      if (contract.renewal_of) done["renewed"]++;
      if (contract.paid > 0) done["paid"]++;
    }
    for (const auto& [id, lease] : tables.leases) EXPECT_FALSE(occupies(lease));
    for (const auto& [id, order] : tables.orders) EXPECT_FALSE(is_open(order));
    for (const auto& [id, account] : tables.accounts) EXPECT_EQ(account.debits_pending, 0);
    const auto audited = town_.memory.read([](Transaction& store) -> base::Status {
      TARN_ASSIGN(const ledger::AuditReport report, ledger::audit(store));
      for (const std::string& finding : report.findings) ADD_FAILURE() << finding;
      return {};
    });
    EXPECT_TRUE(audited.ok());
  }

 private:
  std::uint64_t below(std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(draw_); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  Party& anybody() { return *parties_[below(parties_.size())]; }
  template <class Row>
  const Row* any_of(const std::map<Id, Row>& rows, const std::function<bool(const Row&)>& wanted) {
    std::vector<const Row*> found;
    for (const auto& [id, row] : rows)
      if (wanted(row)) found.push_back(&row);
    return found.empty() ? nullptr : found[below(found.size())];
  }
  const Party& party(const OrganisationId& id) {
    for (const Party* party : parties_)
      if (party->id == id) return *party;
    CHECK(false);
  }

  template <class T>
  void did(const std::string& what, const base::Result<T>& result) {
    if (result.ok()) {
      ++done[what];
      return;
    }
    ++done[what + " refused"];
    EXPECT_NE(result.error().code, base::Code::kStorage) << what << ": " << result.error().message;
  }

  std::string market() {
    const std::string names[] = {"calls", "claims", "windows"};
    return names[below(3)];
  }
  Terms window(Terms terms, std::int64_t longest) {
    const auto from = static_cast<std::int64_t>(below(4)), length = 1 + static_cast<std::int64_t>(below(3));
    const std::int64_t start = town_.next_hour() + from * kHour;
    terms = MarketTown::in_window(terms, start, start + length * kHour);
    const bool flexible = terms.market == "windows" || (terms.side == Side::kOffer && longest > 0);
    if (flexible) terms.latest += longest;
    if (flexible && terms.side == Side::kOffer)
      terms = MarketTown::lasting(terms, kHour, terms.latest - terms.earliest);
    return terms;
  }
  Terms bid() {
    Terms terms = town_.bid(market(), 1 + static_cast<std::uint32_t>(below(2)),
                            1'000 * (50 + static_cast<std::int64_t>(below(50))));
    terms = window(terms, static_cast<std::int64_t>(below(3)) * kHour);
    terms.least_notice_ms = one_in(4) ? 0 : kHour;
    terms.same_site = terms.market != "calls" && one_in(4);
    if (terms.market == "windows" && one_in(2)) terms.min_units = terms.max_units;
    if (one_in(5)) terms.in_force = TimeInForce::kImmediateOrCancel;
    return terms;
  }
  Terms offer() {
    const bool rack = one_in(2);
    Terms terms = town_.offer(market(), rack ? "rack" : "server", rack ? 1 + static_cast<std::uint32_t>(below(3)) : 1,
                              1'000 * (20 + static_cast<std::int64_t>(below(50))));
    return with_conditions(window(terms, static_cast<std::int64_t>(below(12)) * kHour));
  }
  Terms with_conditions(Terms terms) {
    if (one_in(2)) terms.notice_ms = kHour;
    terms.renewable = one_in(2);
    return terms;
  }

  void resell() {
    const auto tables = town_.memory.tables();
    const auto* contract =
        any_of<Contract>(tables.contracts, [&](const Contract& c) { return is_live(c) && c.end > town_.next_hour(); });
    if (contract == nullptr) return;
    Terms terms = town_.offer(tables.markets.at(contract->market).name, "", 1, 1'000);
    terms.contract = contract->id;
    terms = MarketTown::in_window(terms, std::max(contract->start, town_.next_hour()), contract->end);
    if (terms.market != "calls") terms = MarketTown::lasting(terms, kHour, terms.latest - terms.earliest);
    terms = with_conditions(terms);
    did("resale offer", town_.submit(party(contract->buyer), terms));
    // Somebody who wants just that.
    Terms wanted = MarketTown::in_window(town_.bid(terms.market, 1, 90'000), terms.earliest, terms.latest);
    wanted.least_notice_ms = kHour;
    did("bid", town_.submit(anybody(), wanted));
  }

  void cancel_order() {
    const auto tables = town_.memory.tables();
    const auto* order = any_of<Order>(tables.orders, [](const Order& o) { return is_open(o); });
    if (order == nullptr) return;
    did("cancel order",
        town_.as<Order>(party(order->terms.organisation), [&](Rules& rules) { return rules.cancel(order->id); }));
  }

  void end_contract() {
    const auto tables = town_.memory.tables();
    const bool buyer = one_in(3);
    const auto* contract = any_of<Contract>(
        tables.contracts, [&](const Contract& c) { return is_live(c) && (buyer || c.notice_ms > 0 || one_in(20)); });
    if (contract == nullptr) return;
    const auto cancel = [&](Rules& rules) { return rules.cancel_contract(contract->id, "plans change"); };
    const auto reclaim = [&](Rules& rules) { return rules.reclaim(contract->id, "needed"); };
    if (buyer)
      did("cancel", town_.as<Contract>(party(contract->buyer), cancel));
    else
      did("reclaim", town_.as<Contract>(party(contract->seller), reclaim));
  }

  void renew() {
    const auto tables = town_.memory.tables();
    const auto* contract =
        any_of<Contract>(tables.contracts, [](const Contract& c) { return is_live(c) && c.renewable; });
    if (contract == nullptr) return;
    const std::int64_t until = contract->end + kHour * (1 + static_cast<std::int64_t>(below(2)));
    did("renew",
        town_.as<Contract>(party(contract->buyer), [&](Rules& rules) { return rules.renew(contract->id, until); }));
  }

  void mark() {
    const auto tables = town_.memory.tables();
    const auto* lease = any_of<Lease>(tables.leases, [](const Lease& l) { return occupies(l); });
    if (lease == nullptr) return;
    const auto call = [&](Rules& rules) -> base::Result<Lease> {
      if (lease->state == Lease::State::kFailed) return rules.mark_gone(lease->id);
      if (lease->state == Lease::State::kProvisioning) return rules.mark_ready(lease->id);
      return one_in(2) ? rules.mark_failed(lease->id, "lost") : rules.mark_gone(lease->id);
    };
    did("mark", town_.as<Lease>(MarketTown::operators(), call));
  }
  void freeze(const Party& whose, bool frozen) {
    const Id account = town_.account(whose).id;
    const auto call = [&](Rules& rules) { return rules.set_frozen(account, frozen); };
    did(frozen ? "freeze" : "thaw", town_.as<ledger::Account>(MarketTown::operators(), call));
  }
  // The operator does what it may at any time.
  void meddle() {
    const Party& whose = anybody();
    if (one_in(2)) return freeze(whose, one_in(2));
    if (one_in(2)) {
      const bool out = one_in(3);
      const auto suspend = [&](Rules& rules) { return rules.set_suspended(whose.id, out); };
      EXPECT_TRUE(town_.tell(MarketTown::operators(), suspend).ok());
      return;
    }
    Market changed = town_.market_named(market());
    changed.fee_bp = static_cast<std::uint32_t>(below(500));
    const auto change = [&](Rules& rules) { return rules.change_market(changed.name, changed); };
    did("other rules", town_.as<Market>(MarketTown::operators(), change));
  }
  void clean() {
    for (int resold_first = 0; resold_first < 3; ++resold_first) {
      const auto tables = town_.memory.tables();
      for (const auto& [id, lease] : tables.leases)
        if (lease.state == Lease::State::kFailed && lease.freed == 0)
          (void)town_.as<Lease>(MarketTown::operators(), [&](Rules& rules) { return rules.mark_gone(lease.id); });
    }
  }

  void pass_time() {
    const Mood moods[] = {Mood::kAtOnce, Mood::kAtOnce, Mood::kAtOnce, Mood::kAtOnce, Mood::kLater, Mood::kUnreachable};
    fulfiller_.begins = moods[below(6)];
    fulfiller_.ends = one_in(2) ? Mood::kAtOnce : Mood::kLater;
    run_to(town_.now + (one_in(4) ? 3 * kHour : 60'000 * (1 + static_cast<std::int64_t>(below(60)))));
  }
  void run_to(std::int64_t time) {
    town_.now = time;
    const auto round = clock_.run_once(time);
    ASSERT_TRUE(round.ok()) << round.error().message;
    EXPECT_EQ(round->failed, 0u);
    now_running_ = true;
  }

  std::mt19937_64 draw_;
  MarketTown town_;
  MoodyFulfiller fulfiller_;
  support::NoLog log_;
  Clock clock_;
  support::MarketAuditor auditor_;
  std::vector<Party*> parties_;
  bool now_running_ = false;
};

TEST(RandomMarket, BreaksNoRuleWhateverIsCalled) {
  std::map<std::string, int> done;
  const char* asked = std::getenv("TARN_SEED");
  const std::uint64_t first = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1;
  for (std::uint64_t seed = first; seed < first + 8 && !testing::Test::HasFailure(); ++seed) {
    RandomMarket market(seed);
    int step = 0;
    while (step < 200 && !testing::Test::HasFailure()) market.step(), ++step;
    if (testing::Test::HasFailure()) ADD_FAILURE() << "with seed " << seed << " at step " << step;
    market.finish();
    for (const auto& [what, times] : market.done) done[what] += times;
  }
  if (asked != nullptr) return;
  // It has been everywhere.
  for (const char* what :
       {"bid", "offer", "resale offer", "cancel order", "cancel", "reclaim", "renew", "mark", "resold", "renewed",
        "paid", "freeze", "other rules", "ended as 4", "ended as 5", "ended as 6"})
    EXPECT_GT(done[what], 0) << what;
}

}  // namespace
}  // namespace market
