// The rules of an inventory: one by one, and in random order against a twin that knows single units.
#include "inventory/book.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace inventory {
namespace {

Id id(std::uint8_t number) { return {number}; }
model::ResourceClass unit(const std::string& text) { return *model::ResourceClass::parse(text); }
Offer offer(const std::string& name, const std::string& of, std::uint64_t capacity, std::uint64_t per_session = 0,
            std::uint64_t bucket = 1, const std::string& price = "0.04") {
  return {name, unit(of), capacity, per_session, bucket, *PriceFunction::parse(price)};
}
Lease lease_of(std::uint8_t number, const Hold& hold, std::uint64_t units, std::int64_t start = 10,
               std::int64_t end = 1000, std::int64_t confirm_by = 50) {
  Lease lease;
  lease.id = id(number);
  lease.offer = hold.offer;
  lease.requester = {7};
  lease.units = units;
  lease.hourly_payment = hold.unit_price;
  lease.start_unix_ms = start;
  lease.end_unix_ms = end;
  lease.confirm_by_unix_ms = confirm_by;
  lease.document = {1, 2, 3};
  return lease;
}

// A book that does what is asked.
struct Desk {
  explicit Desk(std::vector<Offer> offers) : book(*Book::open(std::move(offers), {}, {})) {}
  bool done(const base::Result<Changes>& changes) {
    if (changes.ok()) book.apply(*changes);
    return changes.ok();
  }
  Hold hold(std::uint8_t number, const std::string& wanted, std::int64_t now = 0, std::int64_t until = 100,
            const Key& buyer = {}, std::uint32_t lease_seconds = 60) {
    const auto changes = book.hold(id(number), {unit(wanted), buyer, lease_seconds}, now, until);
    EXPECT_TRUE(changes.ok());
    book.apply(*changes);
    return changes->holds.empty() ? Hold{id(number), "", 0, 0, 0, false} : changes->holds[0];
  }
  Totals totals(std::size_t i = 0, std::int64_t at = 0) const { return book.totals(at)[i]; }
  Book book;
};

TEST(Book, MovesUnitsFromFreeToHeldToLeasedAndBack) {
  Desk desk({offer("small", "cpu=1 memory=1Gi", 10)});
  const Hold hold = desk.hold(1, "cpu=1 memory=1Gi");
  EXPECT_EQ(hold.offer, "small");
  EXPECT_EQ(hold.units, 10U);
  EXPECT_EQ(hold.unit_price, 40'000U);
  EXPECT_EQ(desk.totals().held, 10U);
  EXPECT_EQ(desk.totals().free, 0U);
  ASSERT_TRUE(desk.done(desk.book.lease(id(1), lease_of(2, hold, 3), 10)));
  EXPECT_EQ(desk.totals().held, 0U);
  EXPECT_EQ(desk.totals().leased, 3U);
  EXPECT_EQ(desk.totals().free, 7U);
  ASSERT_TRUE(desk.done(desk.book.confirm(id(2), {9}, 20)));
  EXPECT_EQ(desk.book.find(id(2))->state, Lease::State::kActive);
  EXPECT_EQ(desk.book.find(id(2))->document, base::Bytes{9});
  ASSERT_TRUE(desk.done(desk.book.end_lease(id(2), 30)));
  EXPECT_EQ(desk.totals().free, 10U);
  EXPECT_EQ(desk.book.find(id(2))->state, Lease::State::kEnded);
  EXPECT_EQ(desk.book.find(id(2))->end_unix_ms, 30);
  EXPECT_TRUE(desk.book.leases().empty());
}

TEST(Book, HoldsTheExactClassFirstThenOneThatCoversIt) {
  Desk desk({offer("large", "cpu=4 memory=8Gi", 5), offer("exact", "cpu=1 memory=1Gi", 2),
             offer("gpu", "nvidia.com/gpu=1", 1, 0, 1, "1")});
  EXPECT_EQ(desk.hold(1, "cpu=1 memory=1Gi").offer, "exact");
  EXPECT_EQ(desk.hold(2, "cpu=1 memory=1Gi").offer, "large");
  const Hold none = desk.hold(3, "cpu=1 memory=1Gi");  // all is held: takes part with nothing, at the exact one's price
  EXPECT_EQ(none.offer, "exact");
  EXPECT_EQ(none.units, 0U);
  EXPECT_EQ(none.unit_price, 40'000U);
  EXPECT_EQ(desk.hold(4, "cpu=8").offer, "");
  EXPECT_EQ(desk.hold(5, "nvidia.com/gpu=1").unit_price, 1'000'000U);
}

TEST(Book, HoldsWholeBucketsAndNoMoreThanASessionMay) {
  Desk desk({offer("a", "cpu=1", 100, 30, 8)});
  EXPECT_EQ(desk.hold(1, "cpu=1").units, 24U);
  EXPECT_EQ(desk.hold(2, "cpu=1").units, 24U);
  desk.hold(3, "cpu=1");
  desk.hold(4, "cpu=1");
  EXPECT_EQ(desk.hold(5, "cpu=1").units, 0U);  // 4 are left
  EXPECT_EQ(desk.totals().free, 4U);
}

TEST(Book, AsksThePriceOfWhatIsLeft) {
  Desk desk({offer("a", "cpu=1", 10, 4, 1, "1 / free")});
  EXPECT_EQ(desk.hold(1, "cpu=1").unit_price, 100'000U);
  EXPECT_EQ(desk.hold(2, "cpu=1").unit_price, 166'667U);
  desk.hold(3, "cpu=1");
  EXPECT_EQ(desk.hold(4, "cpu=1").offer, "");  // no price, no offer
}

TEST(Book, RefusesWhatIsNotHeldOrNotSo) {
  Desk desk({offer("a", "cpu=1", 10), offer("b", "cpu=2", 10)});
  const Hold hold = desk.hold(1, "cpu=1");
  EXPECT_FALSE(desk.book.hold(id(1), {unit("cpu=1")}, 0, 100).ok());    // again
  EXPECT_FALSE(desk.book.hold(id(2), {unit("cpu=1")}, 100, 100).ok());  // over
  const auto refuses = [&](std::uint8_t from, const std::function<void(Lease&)>& change, std::int64_t now = 10) {
    Lease lease = lease_of(5, hold, 3);
    change(lease);
    return !desk.book.lease(id(from), lease, now).ok();
  };
  EXPECT_FALSE(refuses(1, [](Lease&) {}));
  EXPECT_TRUE(refuses(2, [](Lease&) {}));       // no such hold
  EXPECT_TRUE(refuses(1, [](Lease&) {}, 100));  // too late
  EXPECT_TRUE(refuses(1, [](Lease& l) { l.units = 11; }));
  EXPECT_TRUE(refuses(1, [](Lease& l) { l.units = 0; }));
  EXPECT_TRUE(refuses(1, [](Lease& l) { l.offer = "b"; }));
  EXPECT_TRUE(refuses(1, [](Lease& l) { l.state = Lease::State::kActive; }));
  EXPECT_TRUE(refuses(1, [](Lease& l) { l.revision = 1; }));
  EXPECT_TRUE(refuses(1, [](Lease& l) { l.end_unix_ms = 10; }));
  EXPECT_TRUE(refuses(1, [](Lease& l) { l.confirm_by_unix_ms = 10; }));
  EXPECT_TRUE(refuses(1, [](Lease& l) { l.document.resize(Book::kMaxDocument + 1); }));
  ASSERT_TRUE(desk.done(desk.book.lease(id(1), lease_of(5, hold, 3), 10)));
  EXPECT_TRUE(refuses(1, [](Lease&) {}));  // a hold becomes one lease
  desk.hold(1, "cpu=1");
  EXPECT_TRUE(refuses(1, [](Lease&) {}));                      // the lease's id is taken
  EXPECT_FALSE(desk.book.renew(id(5), 1, 2000, {}, 20).ok());  // not confirmed yet
  EXPECT_FALSE(desk.book.confirm(id(5), {}, 50).ok());         // too late
  EXPECT_FALSE(desk.book.confirm(id(6), {}, 20).ok());
  EXPECT_FALSE(desk.book.end_lease(id(6), 20).ok());
}

TEST(Book, RenewsFromTheStateThatWasSigned) {
  Desk desk({offer("a", "cpu=1", 10)});
  ASSERT_TRUE(desk.done(desk.book.lease(id(1), lease_of(2, desk.hold(1, "cpu=1"), 3), 10)));
  ASSERT_TRUE(desk.done(desk.book.confirm(id(2), {1}, 20)));
  EXPECT_FALSE(desk.book.renew(id(2), 2, 2000, {2}, 30).ok());
  EXPECT_FALSE(desk.book.renew(id(2), 1, 1000, {2}, 30).ok());    // no later
  EXPECT_FALSE(desk.book.renew(id(2), 1, 2000, {2}, 1000).ok());  // over
  ASSERT_TRUE(desk.done(desk.book.renew(id(2), 1, 2000, {2}, 30)));
  EXPECT_TRUE(desk.done(desk.book.renew(id(2), 1, 2000, {2}, 31)));  // said twice
  EXPECT_FALSE(desk.book.renew(id(2), 1, 2001, {2}, 31).ok());       // another one of the same number
  EXPECT_EQ(desk.book.find(id(2))->revision, 1U);
  EXPECT_EQ(desk.book.find(id(2))->end_unix_ms, 2000);
  EXPECT_TRUE(desk.book.expire(1999).leases.empty());
  EXPECT_EQ(desk.book.expire(2000).leases.size(), 1U);
}

TEST(Book, ExpiresHoldsOffersAndLeases) {
  Desk desk({offer("a", "cpu=1", 10, 2)});
  desk.hold(1, "cpu=1", 0, 100);
  ASSERT_TRUE(desk.done(desk.book.lease(id(2), lease_of(3, desk.hold(2, "cpu=1"), 2), 10)));
  ASSERT_TRUE(desk.done(desk.book.lease(id(4), lease_of(5, desk.hold(4, "cpu=1"), 2), 10)));
  ASSERT_TRUE(desk.done(desk.book.confirm(id(5), {1}, 20)));
  desk.book.apply(desk.book.expire(49));
  EXPECT_EQ(desk.totals().free, 4U);
  const Changes offered = desk.book.expire(50);  // was not confirmed
  ASSERT_EQ(offered.leases.size(), 1U);
  EXPECT_EQ(offered.leases[0].id, id(3));
  EXPECT_EQ(offered.leases[0].confirm_by_unix_ms, 50);
  desk.book.apply(offered);
  EXPECT_EQ(desk.totals().free, 6U);
  desk.book.apply(desk.book.expire(100));
  EXPECT_EQ(desk.totals().free, 8U);
  desk.book.apply(desk.book.expire(1000));
  EXPECT_EQ(desk.totals().free, 10U);
  EXPECT_TRUE(desk.book.find(id(5)).has_value());
  desk.book.apply(desk.book.expire(1000 + Book::kKeepEndedMs));
  EXPECT_FALSE(desk.book.find(id(5)).has_value());
}

TEST(Book, ForgetsTheOldestEndedLeasesBeyondItsLimit) {
  std::vector<Lease> old;
  for (std::size_t i = 0; i < Book::kMaxEnded + 3; ++i) {
    Lease lease = lease_of(0, {{}, "a"}, 1);
    lease.id = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
    lease.state = Lease::State::kEnded;
    lease.end_unix_ms = static_cast<std::int64_t>(i);
    old.push_back(lease);
  }
  const auto book = Book::open({}, {}, old);
  ASSERT_TRUE(book.ok());
  EXPECT_EQ(book->expire(20'000).leases_gone, (std::vector<Id>{id(2), id(1), id(0)}));
}

TEST(Book, KeepsWhatIsPromisedWhenAnOfferShrinksOrGoes) {
  Desk desk({offer("a", "cpu=1", 10, 4), offer("b", "cpu=2", 5)});
  ASSERT_TRUE(desk.done(desk.book.lease(id(1), lease_of(2, desk.hold(1, "cpu=1"), 4), 10)));
  const Hold on_a = desk.hold(3, "cpu=1");
  const Hold on_b = desk.hold(4, "cpu=2");
  const std::vector<Lease> leases = desk.book.leases();
  Desk later({offer("a", "cpu=1", 6)});
  later.book = *Book::open({offer("a", "cpu=1", 6)}, {on_a, on_b}, leases);
  ASSERT_EQ(later.book.totals(0).size(), 2U);
  const auto shows = [&](std::size_t i, std::uint64_t capacity, std::uint64_t free, std::uint64_t held,
                         std::uint64_t leased) {
    const Totals t = later.totals(i);
    EXPECT_EQ(std::make_tuple(t.capacity, t.free, t.held, t.leased), std::make_tuple(capacity, free, held, leased));
  };
  shows(0, 8, 0, 4, 4);
  shows(1, 5, 0, 5, 0);
  EXPECT_EQ(later.hold(9, "cpu=1").units, 0U);
  ASSERT_TRUE(later.done(later.book.lease(id(4), lease_of(5, on_b, 2), 10)));  // what was promised can be bought
  shows(1, 2, 0, 0, 2);
  later.book.apply(later.book.release_hold(id(3)));
  shows(0, 6, 2, 0, 4);
}

TEST(Book, MakesAnOfferToItsBuyersAloneAndNotForLongerThanItMay) {
  Offer friends = offer("friends", "cpu=1", 10);
  friends.buyers = {{7}, {8}};
  friends.max_lease_seconds = 3600;
  Desk desk({friends});
  EXPECT_EQ(desk.hold(1, "cpu=1", 0, 100, {9}).offer, "");  // a stranger, as where nothing is offered
  EXPECT_EQ(desk.hold(1, "cpu=1", 0, 100, {8}, 3601).offer, "");
  EXPECT_EQ(desk.hold(1, "cpu=1", 0, 100, {8}, 3600).units, 10U);
  EXPECT_EQ(desk.totals().held, 10U);
  Desk both({friends, offer("all", "cpu=2", 3)});
  EXPECT_EQ(both.hold(1, "cpu=1", 0, 100, {9}).offer, "all");
  EXPECT_EQ(both.hold(2, "cpu=1", 0, 100, {7}).offer, "friends");
}

TEST(Book, FreesWhatWasDeliveredOnlyOnceItIsReturned) {
  Offer made = offer("a", "cpu=1", 10, 3);
  made.delivered = true;
  Desk desk({made});
  for (std::uint8_t n = 1; n <= 3; ++n)
    ASSERT_TRUE(desk.done(desk.book.lease(id(n), lease_of(n + 10, desk.hold(n, "cpu=1"), 3), 10)));
  ASSERT_TRUE(desk.done(desk.book.confirm(id(11), {1}, 20)));
  ASSERT_TRUE(desk.done(desk.book.confirm(id(12), {1}, 20)));
  EXPECT_FALSE(desk.done(desk.book.returned(id(11))));  // it runs
  EXPECT_FALSE(desk.done(desk.book.returned(id(77))));
  ASSERT_TRUE(desk.done(desk.book.end_lease(id(11), 30)));
  EXPECT_EQ(desk.book.find(id(11))->state, Lease::State::kReturning);
  EXPECT_EQ(desk.book.find(id(11))->end_unix_ms, 30);
  EXPECT_EQ(desk.totals().leased, 9U);
  EXPECT_EQ(desk.book.expire(50).leases.size(), 1U);  // the third, which was never confirmed
  desk.book.apply(desk.book.expire(50));
  EXPECT_EQ(desk.book.find(id(13))->state, Lease::State::kEnded);
  EXPECT_EQ(desk.totals().leased, 6U);
  desk.book.apply(desk.book.expire(1000));
  EXPECT_EQ(desk.book.find(id(12))->state, Lease::State::kReturning);
  EXPECT_TRUE(desk.book.expire(2000).leases.empty());  // ended once
  ASSERT_TRUE(desk.done(desk.book.end_lease(id(12), 2000)));
  EXPECT_EQ(desk.book.find(id(12))->end_unix_ms, 1000);
  EXPECT_FALSE(desk.book.confirm(id(12), {2}, 40).ok());
  EXPECT_FALSE(desk.book.renew(id(12), 1, 5000, {2}, 40).ok());
  EXPECT_EQ(desk.totals().free, 4U);
  ASSERT_TRUE(desk.done(desk.book.returned(id(11))));
  ASSERT_TRUE(desk.done(desk.book.returned(id(11))));
  ASSERT_TRUE(desk.done(desk.book.returned(id(12))));
  ASSERT_TRUE(desk.done(desk.book.returned(id(13))));
  EXPECT_EQ(desk.totals().free, 10U);
  EXPECT_EQ(desk.book.find(id(12))->state, Lease::State::kEnded);
}

TEST(Book, DeliversWhatWasPromisedSoWhateverBecomesOfTheOffer) {
  Offer made = offer("a", "cpu=1", 10, 3);
  made.delivered = true;
  Desk desk({made});
  const Hold before = desk.hold(1, "cpu=1");
  ASSERT_TRUE(desk.book.set_offers({offer("a", "cpu=1", 10, 3)}).ok());
  const Hold after = desk.hold(2, "cpu=1");
  ASSERT_TRUE(desk.done(desk.book.lease(id(1), lease_of(11, before, 3), 10)));
  ASSERT_TRUE(desk.done(desk.book.lease(id(2), lease_of(12, after, 3), 10)));
  EXPECT_TRUE(desk.book.find(id(11))->delivered);
  EXPECT_FALSE(desk.book.find(id(12))->delivered);
}

TEST(Book, TakesOtherOffersWhileItRuns) {
  Desk desk({offer("a", "cpu=1", 10, 4), offer("b", "cpu=2", 5)});
  ASSERT_TRUE(desk.done(desk.book.lease(id(1), lease_of(2, desk.hold(1, "cpu=1"), 4), 10)));
  ASSERT_TRUE(desk.book.set_offers({offer("c", "cpu=3", 7)}).ok());
  EXPECT_EQ(desk.hold(3, "cpu=1").offer, "c");
  ASSERT_EQ(desk.book.totals(0).size(), 2U);
  EXPECT_EQ(desk.totals(1).leased, 4U);  // of a, which is gone
  EXPECT_FALSE(desk.book.set_offers({offer("d", "cpu=1", 1), offer("d", "cpu=1", 1)}).ok());
  EXPECT_EQ(desk.book.offers()[0].name, "c");
}

TEST(Book, OpensWithOffersAndRowsThatMakeSense) {
  EXPECT_FALSE(Book::open({offer("a", "cpu=1", 1), offer("a", "cpu=2", 1)}, {}, {}).ok());
  EXPECT_FALSE(Book::open({offer("", "cpu=1", 1)}, {}, {}).ok());
  EXPECT_FALSE(Book::open({offer("a b", "cpu=1", 1)}, {}, {}).ok());
  EXPECT_FALSE(Book::open({offer(std::string(65, 'a'), "cpu=1", 1)}, {}, {}).ok());
  EXPECT_FALSE(Book::open({offer("a", "cpu=1", Book::kMaxCapacity + 1)}, {}, {}).ok());
  EXPECT_FALSE(Book::open({offer("a", "cpu=1", 1, 0, 0)}, {}, {}).ok());
  Offer without_class = offer("a", "cpu=1", 1);
  without_class.unit.amounts.clear();
  EXPECT_FALSE(Book::open({without_class}, {}, {}).ok());
  const Hold huge{id(1), "a", UINT64_MAX, 0, 5, false};
  const auto damaged = Book::open({offer("a", "cpu=1", 1)}, {huge, huge}, {});
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code, base::Code::kStorage);
}

// The twin: every unit that is promised is one entry that knows to whom. The book's rows are kept as a database would,
// and the book is opened from them now and then, or given other capacities while it runs. What is large is delivered.
class Twin {
 public:
  struct Unit {
    std::string offer;
    std::uint8_t owner;
    bool leased;
  };
  struct Term {
    std::int64_t until;       // a hold's, or the end of a lease
    std::int64_t confirm_by;  // 0: is confirmed, or a hold
    std::uint32_t revision = 0;
    std::string offer;
  };
  std::map<std::string, std::uint64_t> capacity{{"exact", 9}, {"large", 5}};
  std::uint64_t per_session = 4;
  std::vector<Unit> units;
  std::map<std::uint8_t, Term> holds, leases;
  std::set<std::uint8_t> ended, returning;

  std::uint64_t count(const std::string& offer, bool leased) const {
    return static_cast<std::uint64_t>(std::count_if(
        units.begin(), units.end(), [&](const Unit& u) { return u.offer == offer && u.leased == leased; }));
  }
  std::uint64_t free(const std::string& offer) const {
    const std::uint64_t promised = count(offer, false) + count(offer, true);
    return promised > capacity.at(offer) ? 0 : capacity.at(offer) - promised;
  }
  void drop(std::uint8_t owner, bool leased) {
    std::erase_if(units, [&](const Unit& u) { return u.owner == owner && u.leased == leased; });
  }
  bool hold(std::uint8_t number, std::int64_t now, std::int64_t until) {
    if (holds.contains(number) || until <= now) return false;
    const std::string from = free("exact") > 0 || free("large") == 0 ? "exact" : "large";
    for (std::uint64_t n = std::min(free(from), per_session); n > 0; --n) units.push_back({from, number, false});
    holds[number] = {until, 0, 0, from};
    return true;
  }
  bool lease(std::uint8_t hold, std::uint8_t number, std::uint64_t size, std::int64_t now, std::int64_t end,
             std::int64_t confirm_by) {
    if (!holds.contains(hold) || holds[hold].until <= now || leases.contains(number) || ended.contains(number) ||
        returning.contains(number))
      return false;
    const auto held =
        std::count_if(units.begin(), units.end(), [&](const Unit& u) { return u.owner == hold && !u.leased; });
    if (size == 0 || size > static_cast<std::uint64_t>(held) || end <= now || confirm_by <= now) return false;
    leases[number] = {end, confirm_by, 0, holds[hold].offer};
    for (; size > 0; --size) units.push_back({holds[hold].offer, number, true});
    drop(hold, false);
    holds.erase(hold);
    return true;
  }
  bool confirm(std::uint8_t number, std::int64_t now) {
    if (!leases.contains(number)) return false;
    if (leases[number].confirm_by != 0 && leases[number].confirm_by <= now) return false;
    leases[number].confirm_by = 0;
    return true;
  }
  bool renew(std::uint8_t number, std::uint32_t revision, std::int64_t end, std::int64_t now) {
    if (!leases.contains(number)) return false;
    Term& lease = leases[number];
    if (lease.confirm_by != 0 || lease.until <= now || revision != lease.revision + 1 || end <= lease.until)
      return false;
    lease.until = end;
    ++lease.revision;
    return true;
  }
  bool end_lease(std::uint8_t number) {
    if (const auto lease = leases.extract(number)) {
      const bool delivered = lease.mapped().offer == "large" && lease.mapped().confirm_by == 0;
      (delivered ? returning : ended).insert(number);
      if (!delivered) drop(number, true);
    }
    return ended.contains(number) || returning.contains(number);
  }
  bool returned(std::uint8_t number) {
    if (returning.erase(number) > 0) {
      drop(number, true);
      ended.insert(number);
    }
    return ended.contains(number);
  }
  std::set<std::uint8_t> expire(std::int64_t now) {
    for (const auto& [number, hold] : std::map(holds))
      if (hold.until <= now) {
        drop(number, false);
        holds.erase(number);
      }
    std::set<std::uint8_t> out;
    for (const auto& [number, lease] : std::map(leases))
      if (lease.until <= now || (lease.confirm_by != 0 && lease.confirm_by <= now)) {
        end_lease(number);
        out.insert(number);
      }
    return out;
  }
};

struct Rows {
  std::map<Id, Hold> holds;
  std::map<Id, Lease> leases;
  void write(const Changes& changes) {
    for (const Id& gone : changes.holds_gone) holds.erase(gone);
    for (const Id& gone : changes.leases_gone) leases.erase(gone);
    for (const Hold& hold : changes.holds) holds[hold.id] = hold;
    for (const Lease& lease : changes.leases) leases[lease.id] = lease;
  }
};

std::vector<Offer> offers_of(const Twin& twin) {
  Offer large = offer("large", "cpu=4", twin.capacity.at("large"), twin.per_session);
  large.delivered = true;
  return {large, offer("exact", "cpu=1", twin.capacity.at("exact"), twin.per_session)};
}

Book reopen(const Twin& twin, const Rows& rows) {
  std::vector<Hold> holds;
  std::vector<Lease> leases;
  for (const auto& [key, hold] : rows.holds) holds.push_back(hold);
  for (const auto& [key, lease] : rows.leases) leases.push_back(lease);
  auto book = Book::open(offers_of(twin), holds, leases);
  RC_ASSERT(book.ok());
  return *book;
}

void agree(const Book& book, const Twin& twin) {
  for (const Totals& t : book.totals(0)) {
    RC_ASSERT(t.free + t.held + t.leased == t.capacity);
    RC_ASSERT(t.free == twin.free(t.offer));
    RC_ASSERT(t.held == twin.count(t.offer, false));
    RC_ASSERT(t.leased == twin.count(t.offer, true));
  }
  std::set<Id> ours, theirs;
  for (const Lease& lease : book.leases()) ours.insert(lease.id);
  for (const auto& [number, lease] : twin.leases) theirs.insert(id(number));
  for (const auto number : twin.returning) theirs.insert(id(number));
  RC_ASSERT(ours == theirs);
}

RC_GTEST_PROP(Book, AgreesWithCountingUnits, ()) {
  Twin twin;
  Rows rows;
  Book book = reopen(twin, rows);
  std::int64_t now = 1;
  const auto applied = [&](const base::Result<Changes>& changes) {
    if (!changes.ok()) return false;
    book.apply(*changes);
    rows.write(*changes);
    return true;
  };
  const auto number = [] { return *rc::gen::inRange<std::uint8_t>(1, 6); };
  const auto later = [&] { return now + *rc::gen::inRange(0, 30); };
  for (int steps = *rc::gen::inRange(0, 80); steps > 0; --steps) {
    now += *rc::gen::inRange(0, 4);
    const std::uint8_t a = number(), b = number();
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
      case 1: {
        const auto until = later();
        RC_ASSERT(applied(book.hold(id(a), {unit("cpu=1")}, now, until)) == twin.hold(a, now, until));
        break;
      }
      case 2:
        applied(book.release_hold(id(a)));
        twin.drop(a, false);
        twin.holds.erase(a);
        break;
      case 3:
      case 4: {
        const auto size = *rc::gen::inRange<std::uint64_t>(0, 6);
        const auto end = later(), confirm_by = later();
        const std::string from = rows.holds.contains(id(a)) ? rows.holds[id(a)].offer : "exact";
        const Lease lease = lease_of(b, {{}, from, 0, 0, 0, false}, size, now, end, confirm_by);
        RC_ASSERT(applied(book.lease(id(a), lease, now)) == twin.lease(a, b, size, now, end, confirm_by));
        break;
      }
      case 5: RC_ASSERT(applied(book.confirm(id(a), {1}, now)) == twin.confirm(a, now)); break;
      case 6: {
        const auto revision = *rc::gen::inRange<std::uint32_t>(1, 4);
        const auto end = later();
        RC_ASSERT(applied(book.renew(id(a), revision, end, {2, a, b}, now)) == twin.renew(a, revision, end, now));
        break;
      }
      case 7: RC_ASSERT(applied(book.end_lease(id(a), now)) == twin.end_lease(a)); break;
      case 8: RC_ASSERT(applied(book.returned(id(a))) == twin.returned(a)); break;
      case 9: {
        const Changes changes = book.expire(now);
        std::set<std::uint8_t> ended;
        for (const Lease& lease : changes.leases) ended.insert(lease.id[0]);
        RC_ASSERT(applied(changes));
        RC_ASSERT(ended == twin.expire(now));
        break;
      }
    }
    agree(book, twin);
    if (*rc::gen::inRange(0, 8) == 0) {
      for (auto& [name, capacity] : twin.capacity) capacity = *rc::gen::inRange<std::uint64_t>(0, 12);
      if (*rc::gen::arbitrary<bool>())
        book = reopen(twin, rows);
      else
        RC_ASSERT(book.set_offers(offers_of(twin)).ok());
      agree(book, twin);
    }
  }
}

}  // namespace
}  // namespace inventory
