// A whole dark pool in one process: providers as production has them (pool::Provider over an inventory), a requester,
// and lines in memory (memory_lines.h) that a test can cut, silence and listen in on. Each served line has a thread.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "crypto/random.h"
#include "pool/provider.h"
#include "pool/requester.h"
#include "support/memory_inventory.h"
#include "support/memory_lines.h"
#include "support/memory_store.h"

namespace support {

class TownClock final : public base::Clock {
 public:
  std::int64_t unix_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count() + ahead_ms;
  }
  std::int64_t steady_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  }
  std::atomic<std::int64_t> ahead_ms = 0;
};

class MemoryReputation final : public pool::Reputation {
 public:
  struct Record {
    crypto::PublicKey key;
    pool::Offence offence;
    std::string evidence;
  };
  double score(const crypto::PublicKey& key, std::int64_t) const override {
    const std::lock_guard lock(mutex_);
    double out = 0;
    for (const Record& r : records_)
      if (r.key == key) out += r.offence == pool::Offence::kNamed ? 8 : 1;
    return out;
  }
  base::Status record(const crypto::PublicKey& key, pool::Offence offence, std::int64_t,
                      base::Bytes evidence) override {
    const std::lock_guard lock(mutex_);
    records_.push_back({key, offence, std::string(evidence.begin(), evidence.end())});
    return {};
  }
  std::vector<Entry> list(std::int64_t) const override { return {}; }
  std::vector<Record> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Record> records_;
};

inline const char* const kUnit = "cpu=1 memory=1Gi";

struct TownProvider {
  std::size_t number = 0;
  std::optional<crypto::Identity> identity;
  std::string address;
  std::unique_ptr<pool::Lines> lines;
  std::unique_ptr<MemoryInventory> inventory;
  MemoryReputation reputation;
  pool::DeliveryDesk* desk = nullptr;  // where there is delivery: town_delivery.h
  std::unique_ptr<pool::Provider> provider;
  pool::ProviderRules rules;
  std::set<crypto::PublicKey> sees;  // set before anybody calls
  std::mutex mutex;
  std::vector<pool::ProviderEvent> events;

  crypto::PublicKey key() const { return identity->public_key(); }
  std::vector<pool::ProviderEvent> heard() {
    const std::lock_guard lock(mutex);
    return events;
  }
  std::size_t count(pool::ProviderEvent::Kind kind) {
    std::size_t out = 0;
    for (const auto& event : heard()) out += event.kind == kind;
    return out;
  }
};

class PoolTown {
 public:
  // Provider i has 64 units; its price is 10, 20, 30 … micro-credits.
  explicit PoolTown(std::size_t count, pool::ProviderRules rules = quick_rules(), std::string_view seed = "town")
      : random_(base::view(seed)) {
    for (std::size_t i = 0; i < count; ++i) add_provider(rules);
  }
  ~PoolTown() { settle(); }

  static pool::ProviderRules quick_rules() {
    pool::ProviderRules rules;
    rules.admission.epoch_ms = 0;
    rules.draw_wait_ms = 20'000;  // longer than a requester waits for slow acceptances
    rules.connect_ms = 2'000;
    rules.delivery_ms = 3'000;
    return rules;
  }
  static pool::Wanted want(std::uint64_t quantity) {
    pool::Wanted wanted;
    wanted.unit = *model::ResourceClass::parse(kUnit);
    wanted.quantity = quantity;
    wanted.max_price = 1'000'000;
    wanted.mechanism = auction::Mechanism::kSecondPrice;
    wanted.providers = 4;
    wanted.lease_seconds = 3600;
    wanted.deadline_ms = 120'000;  // what is silent is noticed sooner; who computes may do so on any machine
    return wanted;
  }

  struct RequesterSide : pool::CandidateSource, pool::LeaseKeeper {
    explicit RequesterSide(PoolTown& t, std::string_view seed)
        : town(t), name(seed), random(base::view(seed)), identity(crypto::Identity::generate(random)) {
      lines = town.town.lines({identity.public_key(), address()}, [this] { return cancelled(); });
    }
    base::Result<std::vector<pool::Candidate>> nearest(const model::ResourceClass&, std::size_t count,
                                                       const std::set<crypto::PublicKey>& left_out, int) override {
      std::vector<pool::Candidate> out;
      for (const auto& p : town.providers)
        if (out.size() < count && !left_out.contains(p->key())) out.push_back({{p->key(), p->address}, rtt_ms});
      return out;
    }
    base::Status keep(const pool::LeaseDocument& document, const std::string&, bool confirmed) override {
      kept.emplace_back(document, confirmed);
      return {};
    }
    base::Status run(const pool::Wanted& wanted) {
      result = {};
      pool::Requester requester({identity, *lines, *this, reputation, *this, store, town.clock, random,
                                 [this](pool::Requester::Step step, const std::string&) {
                                   steps.push_back(step);
                                   if (on_step) on_step(step);
                                 }});
      return requester.run(wanted, result);
    }
    bool cancelled() const { return cancel; }
    std::string address() const { return "requester " + name; }

    PoolTown& town;
    std::string name;
    double rtt_ms = 4'000;  // what it believes of each; makes it wait long enough on any machine
    crypto::SeededRandom random;
    crypto::Identity identity;
    std::unique_ptr<pool::Lines> lines;
    MemoryReputation reputation;
    MemoryStore store;
    std::vector<std::pair<pool::LeaseDocument, bool>> kept;
    std::vector<pool::Requester::Step> steps;
    std::function<void(pool::Requester::Step)> on_step;
    std::atomic<bool> cancel = false;
    pool::RequestResult result;
  };

  // Until every line that was served has ended.
  void settle() {
    std::vector<std::jthread> threads;
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (threads_.empty()) return;
        threads.swap(threads_);
      }
      threads.clear();  // joins
    }
  }
  TownProvider& by_key(const crypto::PublicKey& key) {
    for (const auto& p : providers)
      if (p->key() == key) return *p;
    ADD_FAILURE() << "nobody has this key";
    return *providers[0];
  }
  // Everybody has finished, and every time limit but that of leases has passed.
  void outlast() {
    settle();
    clock.ahead_ms += 600'000;
    for (const auto& p : providers) ASSERT_TRUE(p->inventory->expire(clock.unix_ms()).ok());
  }
  // Whom anybody is certain about has cheated.
  void expect_only_named(const RequesterSide& requester, const std::set<crypto::PublicKey>& cheaters = {}) {
    const auto check = [&](const MemoryReputation& reputation) {
      for (const auto& record : reputation.records()) {
        if (record.offence != pool::Offence::kNamed) continue;
        EXPECT_TRUE(cheaters.contains(record.key)) << record.evidence;
      }
    };
    check(requester.reputation);
    for (const auto& p : providers) check(p->reputation);
  }
  // Nothing is held any more, and what is not leased is free.
  void expect_balanced(std::uint64_t leased_in_all) {
    std::uint64_t leased = 0;
    for (const auto& p : providers) {
      const auto totals = p->inventory->totals(clock.unix_ms());
      EXPECT_EQ(totals[0].held, 0u) << p->address;
      EXPECT_EQ(totals[0].free + totals[0].leased, totals[0].capacity) << p->address;
      leased += totals[0].leased;
    }
    EXPECT_EQ(leased, leased_in_all);
  }

  MemoryTown town;
  TownClock clock;
  std::vector<std::unique_ptr<TownProvider>> providers;

  void serve(TownProvider& p, std::unique_ptr<pool::Line> line, base::Bytes first) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = served_++;
    threads_.emplace_back([&p, number, line = std::move(line), first = std::move(first)]() mutable {
      crypto::SeededRandom random(base::view("line " + std::to_string(number) + p.address));
      p.provider->serve(std::move(line), first, random);
    });
  }

  // One more; its price is the next ten micro-credits.
  void add_provider(const pool::ProviderRules& rules) {
    auto p = std::make_unique<TownProvider>();
    p->number = providers.size();
    p->rules = rules;
    p->identity.emplace(crypto::Identity::generate(random_));
    p->address = "provider-" + std::to_string(p->number) + ":1";
    p->lines = town.lines({p->key(), p->address});
    inventory::Offer offer;
    offer.name = "units";
    offer.unit = *model::ResourceClass::parse(kUnit);
    offer.capacity = 64;
    offer.price = *inventory::PriceFunction::parse("0.0000" + std::to_string(p->number + 1));
    p->inventory = std::make_unique<MemoryInventory>(std::vector{offer});
    restart(*p);
    TownProvider* const raw = p.get();
    town.open_door({p->key(), p->address}, [this, raw](std::unique_ptr<pool::Line> line, base::Bytes first) {
      serve(*raw, std::move(line), std::move(first));
    });
    providers.push_back(std::move(p));
  }
  // With the inventory that it has now; nobody is being served.
  void restart(TownProvider& p) {
    TownProvider* const raw = &p;
    p.provider = std::make_unique<pool::Provider>(
        pool::Provider::Services{*p.identity, *p.lines, *p.inventory, p.reputation, clock,
                                 [] { return std::make_unique<MemoryStore>(); },
                                 [raw](const model::ResourceClass&) { return raw->sees; },
                                 [raw](const pool::ProviderEvent& event) {
                                   const std::lock_guard lock(raw->mutex);
                                   raw->events.push_back(event);
                                 },
                                 p.desk},
        p.rules);
  }

 private:
  crypto::SeededRandom random_;
  std::mutex mutex_;
  std::vector<std::jthread> threads_;
  std::uint64_t served_ = 0;
};

}  // namespace support
