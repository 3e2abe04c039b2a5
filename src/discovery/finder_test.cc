#include "discovery/finder.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/random.h"
#include "discovery/announcer.h"
#include "discovery/sightings.h"
#include "discovery/view.h"
#include "support/memory_directory.h"

namespace discovery {
namespace {

const std::string kFamily = model::ResourceClass().family();

model::ResourceClass unit(const std::string& text = "cpu=1 memory=1Gi") { return *model::ResourceClass::parse(text); }

Coordinate at(double x_ms, double y_ms = 0) {
  Coordinate c;
  c.position_ms[0] = x_ms;
  c.position_ms[1] = y_ms;
  c.height_ms = 1;
  c.error = 0.1;
  return c;
}

// Providers in a plane, each announcing for itself, and somebody at the origin who looks for them.
class Finding : public testing::Test {
 protected:
  struct Provider {
    crypto::Identity identity;
    Coordinate truth;
    std::unique_ptr<Announcer> announcer;
  };
  using Classes = std::vector<model::ResourceClass>;

  // `claim`: where it says to be, if elsewhere than it is.
  Provider& add(const Coordinate& truth, std::optional<Coordinate> claim = {}, Classes classes = {unit()}) {
    auto provider = std::make_unique<Provider>(Provider{crypto::Identity::generate(random_), truth, {}});
    provider->announcer = std::make_unique<Announcer>(provider->identity, "192.0.2.1:7000", directory_);
    EXPECT_TRUE(provider->announcer->run_once(clock_.now, claim.value_or(truth), classes).ok());
    return *(by_key_[provider->identity.public_key()] = std::move(provider));
  }
  double rtt_ms(const Provider& p) const { return distance_ms(here_, p.truth); }

  std::vector<Candidate> find(Query query) {
    query.family = kFamily;
    if (!query.fits) query.fits = [](const Announcement& a) { return a.covers(unit()); };
    Vivaldi vivaldi(random_, here_);
    return Finder(directory_, prober_, vivaldi, clock_).find(query);
  }
  std::vector<crypto::PublicKey> keys(const std::vector<Candidate>& candidates) const {
    std::vector<crypto::PublicKey> out;
    for (const Candidate& c : candidates) out.push_back(c.announcement.key);
    return out;
  }
  // What find() should bring, by looking at everybody.
  std::vector<crypto::PublicKey> nearest(std::size_t k) const {
    std::vector<const Provider*> all;
    for (const auto& [key, provider] : by_key_) all.push_back(provider.get());
    std::ranges::sort(all, {}, [this](const Provider* p) { return rtt_ms(*p); });
    std::vector<crypto::PublicKey> out;
    for (const Provider* p : all)
      if (out.size() < k) out.push_back(p->identity.public_key());
    return out;
  }

  support::ManualClock clock_;
  crypto::SeededRandom random_{base::view("finding")};
  Coordinate here_ = at(0);
  support::MemoryDirectory directory_{clock_};
  std::map<crypto::PublicKey, std::unique_ptr<Provider>> by_key_;
  std::set<crypto::PublicKey> silent_;
  support::MemoryProber prober_{clock_, [this](const crypto::PublicKey& key) -> support::MemoryProber::Answer {
                                  if (silent_.contains(key)) return {};
                                  const Provider& p = *by_key_.at(key);
                                  return ProbeAnswer{0, rtt_ms(p), p.truth};
                                }};
};

TEST_F(Finding, FewProvidersAreFoundAtOnceHoweverFar) {
  for (int i = 1; i <= 8; ++i) add(at(40.0 * i, -35.0 * i));
  const std::int64_t start = clock_.now;
  const auto found = find({.k = 8});
  EXPECT_EQ(keys(found), nearest(8));
  EXPECT_EQ(directory_.asked.size(), 1U);  // no ring after ring
  EXPECT_LT(clock_.now - start, 1200);     // of the 4 s that a full traversal takes
  for (const Candidate& c : found) EXPECT_TRUE(c.rtt_ms && c.age_ms >= 0 && c.age_ms < 5000);
}

TEST_F(Finding, TheNearestOfManyAndBackups) {
  for (int i = 0; i < 300; ++i) add(at(-390 + 2.6 * i, (i * 37) % 400 - 200.0));
  const auto found = find({.k = 8, .timeout_ms = 5000});
  ASSERT_EQ(found.size(), 16U);
  auto chosen = keys(found);
  chosen.resize(8);
  EXPECT_EQ(chosen, nearest(8));
  EXPECT_LE(prober_.probed, 32U);
}

TEST_F(Finding, StopsWhenEnoughNearOnesAreKnown) {
  for (int i = 0; i < 200; ++i) add(at(0.1 * i));
  const std::int64_t start = clock_.now;
  EXPECT_EQ(find({.k = 4}).size(), 8U);
  EXPECT_LT(clock_.now - start, 60);  // the first arrives after 20 ms, then one a millisecond; probes take 3
}

TEST_F(Finding, OnlyWhatFitsAndIsNotExcluded) {
  add(at(1), {}, {unit("cpu=500m memory=1Gi")});
  Provider& large = add(at(2), {}, {unit("cpu=100m memory=1Mi"), unit("cpu=2 memory=4Gi")});
  Provider& disliked = add(at(3));
  const auto found = find({.excluded = {disliked.identity.public_key()}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].announcement.key, large.identity.public_key());
}

TEST_F(Finding, WhoClaimsToBeNearIsUnmaskedByTheProbe) {
  std::set<crypto::PublicKey> attractors;
  for (int i = 0; i < 16; ++i) attractors.insert(add(at(250 + i), at(0.1 * i)).identity.public_key());
  for (int i = 0; i < 12; ++i) add(at(10 + i));
  const auto found = find({.k = 8});
  ASSERT_GE(found.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_FALSE(attractors.contains(found[i].announcement.key)) << i;
}

TEST_F(Finding, TheSilentComeLastAndTimeIsKept) {
  for (int i = 0; i < 5; ++i) silent_.insert(add(at(5 + i)).identity.public_key());
  for (int i = 0; i < 3; ++i) add(at(20 + i));
  for (const int timeout : {3000, 300, 60, 1}) {
    const std::int64_t start = clock_.now;
    const auto found = find({.k = 8, .timeout_ms = timeout});
    EXPECT_LE(clock_.now - start, timeout);
    if (timeout < 300) continue;
    ASSERT_EQ(found.size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(silent_.contains(found[i].announcement.key), i >= 3) << i;
    EXPECT_LT(clock_.now - start, 700);  // nobody waits to the end for the dead
  }
}

TEST_F(Finding, AsksAgainWhenTheTableHadABadMoment) {
  add(at(5));
  directory_.blind_lookups = 1;
  directory_.search_ms = 100;
  EXPECT_EQ(find({}).size(), 1U);
  directory_.values.clear();
  EXPECT_TRUE(find({}).empty());  // and gives up when there is nobody
}

TEST_F(Finding, WhoDoesNotKnowWhereItIsLearnsFromItsProbes) {
  for (int i = 0; i < 40; ++i) add(at(200 + 5 * i, 100));
  Vivaldi vivaldi(random_);
  const Query query{.family = kFamily, .k = 8};
  here_ = at(200, 100);
  const auto found = Finder(directory_, prober_, vivaldi, clock_).find(query);
  ASSERT_EQ(found.size(), 16U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_TRUE(found[i].rtt_ms.has_value());
  EXPECT_LT(vivaldi.own().error, kErrorMax);
}

TEST_F(Finding, CandidatesAreStreamedAsTheyCome) {
  for (int i = 0; i < 5; ++i) add(at(30 + i));
  std::vector<std::int64_t> times;
  Vivaldi vivaldi(random_, here_);
  const std::int64_t start = clock_.now;
  directory_.gap_ms = 10;
  const auto found = Finder(directory_, prober_, vivaldi, clock_).find({.family = kFamily}, [&](const Candidate& c) {
    EXPECT_FALSE(c.rtt_ms.has_value());
    times.push_back(clock_.now - start);
  });
  EXPECT_EQ(found.size(), 5U);
  ASSERT_EQ(times.size(), 5U);
  EXPECT_EQ(times.front(), 20);
}

class Announcing : public Finding {
 protected:
  std::size_t live() { return find({}).size(); }
};

TEST_F(Announcing, AgainWhenDueAndNotBefore) {
  Provider& p = add(at(5));
  EXPECT_EQ(directory_.puts, kLevels);
  const auto run = [&](const Coordinate& own, Classes classes) {
    return *p.announcer->run_once(clock_.now, own, classes);
  };
  EXPECT_EQ(run(at(5), {unit()}), 0U);
  EXPECT_EQ(run(at(5), {unit(), unit("cpu=2")}), kLevels);  // it changed its mind
  clock_.now += 10'000;
  EXPECT_EQ(run(at(65), {unit(), unit("cpu=2")}), 0U);  // moved, but it may wander back
  clock_.now += 20'000;
  EXPECT_EQ(run(at(65), {unit(), unit("cpu=2")}), kLevels);
  clock_.now += Announcer::kPeriodMs;
  EXPECT_EQ(run(at(65), {unit(), unit("cpu=2")}), kLevels);
  EXPECT_EQ(run(at(65), {}), kLevels);  // offers nothing any more
  EXPECT_EQ(live(), 0U);
}

TEST_F(Announcing, WhatNobodyWouldAcceptIsRefusedAndNotPut) {
  const crypto::Identity identity = crypto::Identity::generate(random_);
  Announcer announcer(identity, "nowhere", directory_);
  const std::size_t before = directory_.puts;
  EXPECT_EQ(announcer.run_once(clock_.now, at(1), {unit()}).error().code, base::Code::kInvalidInput);
  EXPECT_EQ(directory_.puts, before);
}

TEST_F(Announcing, ChangesReachWhoLooks) {
  Provider& p = add(at(5));
  EXPECT_EQ(live(), 1U);
  clock_.now += 1000;
  ASSERT_TRUE(p.announcer->run_once(clock_.now, at(5), {unit("cpu=500m memory=1Gi")}).ok());
  EXPECT_EQ(live(), 0U);  // it no longer covers what we want
}

TEST_F(Announcing, AfterAMoveTheOldCellsNoLongerShowIt) {
  Provider& p = add(at(5));
  clock_.now += 60'000;
  p.truth = at(320, 290);
  const auto before = directory_.values;
  ASSERT_TRUE(p.announcer->run_once(clock_.now, p.truth, {unit()}).ok());
  Sightings old;
  for (const Bucket& bucket : buckets(kFamily, ring(at(5), kFinest), clock_.now))
    for (const auto& [slot, value] : directory_.values[bucket.key]) old.add(bucket, value, clock_.now);
  EXPECT_TRUE(old.newest().empty());
  EXPECT_EQ(old.dropped(), 1U);
  EXPECT_EQ(live(), 1U);
  // The news spread at no particular order: as long as the world's bucket has the old value, that counts.
  for (const Bucket& bucket : buckets(kFamily, std::vector{Cell{}}, clock_.now))
    if (before.contains(bucket.key)) directory_.values[bucket.key] = before.at(bucket.key);
  EXPECT_EQ(live(), 1U);
}

TEST_F(Announcing, WithdrawnThenReplayedStaysWithdrawn) {
  Provider& p = add(at(5));
  const auto before = directory_.values;
  clock_.now += 60'000;
  p.announcer->withdraw(clock_.now);
  EXPECT_EQ(live(), 0U);
  for (const auto& [key, slots] : before)  // the old values come back, beside the withdrawal
    for (const auto& [slot, value] : slots) directory_.put(key, slot + 1, value), directory_.put(key, slot - 1, value);
  EXPECT_EQ(live(), 0U);
  ASSERT_TRUE(p.announcer->run_once(clock_.now, at(5), {unit()}).ok());  // and it may come back
  EXPECT_EQ(live(), 1U);
}

TEST_F(Announcing, ExpiresAndIsThereThroughTheChangeOfEpochs) {
  Provider& p = add(at(5));
  const std::int64_t start = clock_.now;
  for (; clock_.now < start + 2 * kEpochMs; clock_.now += 17'000) {
    ASSERT_TRUE(p.announcer->run_once(clock_.now, at(5), {unit()}).ok());
    const std::int64_t now = clock_.now;
    ASSERT_EQ(live(), 1U) << (now - start) / 1000 << " s";
    clock_.now = now + 110'000;  // a clock that is fast
    ASSERT_EQ(live(), 1U) << (now - start) / 1000 << " s";
    clock_.now = now - 110'000;  // or slow
    if (clock_.now >= start) {
      ASSERT_EQ(live(), 1U) << (now - start) / 1000 << " s";
    }
    clock_.now = now;
  }
  clock_.now += Announcement::kMaxLifeMs;
  EXPECT_EQ(live(), 0U);
}

TEST_F(Announcing, AProviderSeesTheOthersAndNotItself) {
  std::vector<crypto::PublicKey> all;
  for (int i = 0; i < 10; ++i) all.push_back(add(at(20 * i)).identity.public_key());
  View view(directory_, all[0]);
  EXPECT_TRUE(view.seen(kFamily, clock_.now).empty());
  view.refresh(kFamily, at(0), clock_.now, 5000);
  const auto seen = view.seen(kFamily, clock_.now);
  EXPECT_EQ(seen, std::set<crypto::PublicKey>(all.begin() + 1, all.end()));
  EXPECT_EQ(coverage(all, seen, 32), 1);
  EXPECT_NEAR(coverage(std::span(all).first(4), seen, 32), 3 / 9.0, 1e-9);
  EXPECT_NEAR(coverage(std::span(all).first(4), seen, 6), 3 / 6.0, 1e-9);
  EXPECT_NEAR(coverage(std::vector{all[1], all[1], all[1]}, seen, 32), 1 / 9.0, 1e-9);
  EXPECT_EQ(coverage({}, {}, 32), 1);
  by_key_.at(all[5])->announcer->withdraw(clock_.now);
  view.refresh(kFamily, at(0), clock_.now, 5000);
  EXPECT_FALSE(view.seen(kFamily, clock_.now).contains(all[5]));
  EXPECT_TRUE(view.seen(kFamily, clock_.now + Announcement::kMaxLifeMs + 1).empty());
}

// Somebody who writes into the directory what it likes.
class Forging : public testing::Test {
 protected:
  Announcement honest() const {
    Announcement a;
    a.endpoint = "[2001:db8::1]:7000";
    a.classes = {unit()};
    a.coordinate = at(100);
    a.issued_ms = now_;
    a.expires_ms = now_ + 60'000;
    a.sequence = 5;
    return a;
  }
  bool taken(base::ByteView value, const Coordinate& place = at(100), std::size_t level = kFinest) {
    return sightings_.add(buckets(kFamily, std::vector{cell_of(place, level)}, now_)[0], value, now_) != nullptr;
  }
  std::int64_t now_ = 1'750'000'000'000;
  crypto::SeededRandom random_{base::view("forging")};
  crypto::Identity identity_ = crypto::Identity::generate(random_), other_ = crypto::Identity::generate(random_);
  Sightings sightings_;
};

TEST_F(Forging, OnlyItsOwnKeySpeaksForAProvider) {
  Announcement a = honest();
  const base::Bytes good = *a.sign(identity_);
  for (std::size_t i = 0; i < good.size(); ++i) {
    base::Bytes bad = good;
    bad[i] ^= 1;
    ASSERT_FALSE(Announcement::decode(bad)) << i;
  }
  base::Bytes stolen = *Announcement(honest()).sign(other_);  // another's signature under the victim's key
  std::ranges::copy(identity_.public_key(), stolen.begin() + 20);
  EXPECT_FALSE(taken(stolen));
  EXPECT_EQ(sightings_.dropped(), 1U);
  EXPECT_TRUE(taken(good));
  EXPECT_EQ(Announcement::decode(good), a);
}

TEST_F(Forging, NobodyOccupiesOrReplacesAnothersSlot) {
  const std::uint64_t mine = slot_of(identity_.public_key()), others = slot_of(other_.public_key());
  Announcement a = honest();
  const base::Bytes first = *a.sign(identity_);
  a.sequence = 6;
  const base::Bytes second = *a.sign(identity_), foreign = *honest().sign(other_);
  const base::ByteView has_first(first), has_second(second), has_foreign(foreign);
  EXPECT_TRUE(may_store(now_, mine, first, nullptr));
  EXPECT_TRUE(may_store(now_, mine, first, &has_first));
  EXPECT_TRUE(may_store(now_, mine, second, &has_first));
  EXPECT_FALSE(may_store(now_, mine, first, &has_second)) << "an older one";
  EXPECT_TRUE(may_store(now_, others, foreign, nullptr));
  EXPECT_FALSE(may_store(now_, mine, foreign, nullptr)) << "occupies an empty slot";
  EXPECT_FALSE(may_store(now_, mine, foreign, &has_first));
  EXPECT_FALSE(may_store(now_, mine, first, &has_foreign));
  EXPECT_FALSE(may_store(now_ + 60'000, mine, first, nullptr)) << "expired";
  EXPECT_FALSE(may_store(now_, mine, base::Bytes(200), nullptr));
}

TEST_F(Forging, FoundWhereItDoesNotBelong) {
  const base::Bytes value = *honest().sign(identity_);
  EXPECT_FALSE(taken(value, at(0)));
  EXPECT_FALSE(sightings_.add({"another family", cell_of(at(100), 3), {}}, value, now_));
  EXPECT_EQ(sightings_.dropped(), 2U);
  EXPECT_TRUE(taken(value, at(0), 0));  // the world is everywhere
}

TEST_F(Forging, TooOldTooEarlyTooLong) {
  const auto with = [&](std::int64_t issued, std::int64_t expires) {
    Announcement a = honest();
    a.issued_ms = issued;
    a.expires_ms = expires;
    return a.sign(identity_);
  };
  EXPECT_FALSE(taken(*with(now_ - 60'000, now_)));
  EXPECT_FALSE(taken(*with(now_ + Announcement::kSkewMs + 1, now_ + 500'000)));
  EXPECT_FALSE(with(now_, now_ + Announcement::kMaxLifeMs + 1).ok());
  EXPECT_FALSE(with(now_, now_).ok());
  EXPECT_TRUE(taken(*with(now_ + Announcement::kSkewMs, now_ + 500'000)));
}

TEST_F(Forging, OutOfBounds) {
  Announcement a = honest();
  for (int i = 0; i < 16; ++i) a.classes.push_back(unit("cpu=" + std::to_string(i + 2)));
  EXPECT_FALSE(a.sign(identity_).ok());
  a.classes.pop_back();
  const auto sixteen = a.sign(identity_);
  ASSERT_TRUE(sixteen.ok());
  EXPECT_TRUE(Announcement::decode(*sixteen));
  EXPECT_FALSE(Announcement::decode(base::Bytes(Announcement::kMaxSize + 1)));
  a.classes.clear();
  EXPECT_FALSE(a.sign(identity_).ok());
}

TEST(Endpoints, AreHostAndPort) {
  for (const char* good : {"a:1", "pool.example.org:7000", "192.0.2.1:65535", "[2001:db8::1]:443"})
    EXPECT_TRUE(is_endpoint(good)) << good;
  for (const char* bad : {"", "a", ":1", "a:", "a:0", "a:01", "a:65536", "a:1x", "a b:1", "2001:db8::1:443", "[]:1",
                          "[x]:1", "a\n:1", "a:-1", "a/b:1", "a:123456"})
    EXPECT_FALSE(is_endpoint(bad)) << bad;
  EXPECT_FALSE(is_endpoint(std::string(254, 'a') + ":1"));
}

// In whatever order the directory tells it, and however often: the newest counts.
RC_GTEST_PROP(Sighted, TheNewestCountsInAnyOrder, ()) {
  crypto::SeededRandom random(base::view("order"));
  const crypto::Identity identity = crypto::Identity::generate(random);
  const std::int64_t now = 1'750'000'000'000;
  Sightings sightings;
  std::pair<std::uint64_t, std::int64_t> newest = {0, 0};
  for (int left = *rc::gen::inRange(1, 8); left > 0; --left) {
    Announcement a;
    a.endpoint = "a:1";
    a.classes = {unit()};
    a.sequence = *rc::gen::inRange<std::uint64_t>(1, 4);
    a.issued_ms = now - *rc::gen::inRange(0, 4);
    a.expires_ms = now + 1000;
    a.withdrawn = *rc::gen::arbitrary<bool>();
    const auto found_in = buckets(kFamily, std::vector{Cell{}}, now)[0];
    sightings.add(found_in, *a.sign(identity), now);
    newest = std::max(newest, {a.sequence, a.issued_ms});
  }
  RC_ASSERT(sightings.newest().size() == 1U);
  const Announcement& kept = sightings.newest().begin()->second;
  RC_ASSERT(std::pair(kept.sequence, kept.issued_ms) == newest);
}

}  // namespace
}  // namespace discovery
