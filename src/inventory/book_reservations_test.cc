// Reservations: their rules one by one, and everything together against a twin that counts what is promised of an offer
// in every millisecond.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>

#include "inventory/book.h"

namespace inventory {
namespace {

Id id(std::uint8_t number) { return {number}; }
Offer offer(const std::string& name, std::uint64_t capacity, bool delivered = false) {
  Offer out{name, *model::ResourceClass::parse("cpu=1"), capacity, 0, 1, *PriceFunction::parse("0.01 * reserved")};
  out.delivered = delivered;
  return out;
}
Wanted wanted(std::uint32_t seconds) { return {*model::ResourceClass::parse("cpu=1"), {}, seconds}; }
Lease lease_of(std::uint8_t number, std::uint64_t units, std::int64_t end, std::int64_t confirm_by) {
  Lease lease;
  lease.id = id(number);
  lease.offer = "a";
  lease.units = units;
  lease.end_unix_ms = end;
  lease.confirm_by_unix_ms = confirm_by;
  return lease;
}

// A book that does what is asked.
struct Desk {
  explicit Desk(std::vector<Offer> offers) : book(*Book::open(std::move(offers), {}, {})) {}
  std::optional<base::Code> done(const base::Result<Changes>& changes) {
    if (!changes.ok()) return changes.error().code;
    book.apply(*changes);
    return std::nullopt;
  }
  std::uint64_t hold(std::uint8_t number, std::int64_t now, std::int64_t until, std::uint32_t seconds) {
    const auto changes = book.hold(id(number), wanted(seconds), now, until);
    EXPECT_TRUE(changes.ok());
    book.apply(*changes);
    return changes->holds[0].units;
  }
  Totals totals(std::int64_t now) const { return book.totals(now)[0]; }
  Book book;
};
constexpr auto kDone = std::nullopt;
constexpr auto kConflict = base::Code::kConflict;
constexpr auto kInvalid = base::Code::kInvalidInput;

TEST(Reservations, TakeUnitsOutOfThePoolForTheirWindowAlone) {
  Desk desk({offer("a", 10)});
  ASSERT_EQ(desk.done(desk.book.reserve({id(1), "a", 4, 100, 200}, 0)), kDone);
  EXPECT_EQ(desk.totals(99).free, 10U);
  EXPECT_EQ(desk.totals(99).reserved, 0U);
  EXPECT_EQ(desk.totals(99).reserved_at_most, 4U);
  EXPECT_EQ(desk.totals(100).free, 6U);
  EXPECT_EQ(desk.totals(100).reserved, 4U);
  EXPECT_EQ(desk.totals(199).reserved, 4U);
  EXPECT_EQ(desk.totals(200).free, 10U);
  EXPECT_EQ(desk.totals(200).reserved_at_most, 0U);
  EXPECT_EQ(desk.book.expire(199).reservations_gone, std::vector<Id>{});
  EXPECT_EQ(desk.book.expire(200).reservations_gone, std::vector<Id>{id(1)});
}

TEST(Reservations, AreKeptFromASessionWhoseLeaseWouldLastIntoThem) {
  Desk desk({offer("a", 10)});
  ASSERT_EQ(desk.done(desk.book.reserve({id(1), "a", 4, 5'000, 9'000}, 0)), kDone);
  EXPECT_EQ(desk.hold(2, 0, 1'000, 4), 10U);  // made at the hold's last moment, it ends as the window begins
  desk.book.apply(desk.book.release_hold(id(2)));
  EXPECT_EQ(desk.hold(2, 0, 1'001, 4), 6U);
  EXPECT_EQ(desk.book.holds()[0].unit_price, 40'000U);  // the price knows what is reserved
  desk.book.apply(desk.book.release_hold(id(2)));
  EXPECT_EQ(desk.hold(2, 9'000, 9'001, 1), 10U);  // and behind it
}

TEST(Reservations, KnowHoldsUntilTheEndOfTime) {
  Desk desk({offer("a", 10)});
  desk.hold(1, 0, Calendar::kForever - 5, 60);
  EXPECT_EQ(desk.book.holds()[0].lease_until_unix_ms, Calendar::kForever);
  EXPECT_EQ(desk.done(desk.book.reserve({id(9), "a", 1, 100, Calendar::kForever}, 0)), kConflict);
}

TEST(Reservations, FindNoRoomWhereUnitsAreHeldOrLeased) {
  Desk desk({offer("a", 10)});
  desk.hold(1, 0, 100, 2);  // all, until 2,100 at most
  EXPECT_EQ(desk.done(desk.book.reserve({id(9), "a", 1, 2'099, 3'000}, 0)), kConflict);
  ASSERT_EQ(desk.done(desk.book.lease(id(1), lease_of(2, 3, 1'000, 50), 10)), kDone);
  EXPECT_EQ(desk.done(desk.book.reserve({id(9), "a", 8, 999, 3'000}, 20)), kConflict);
  EXPECT_EQ(desk.done(desk.book.reserve({id(9), "a", 7, 0, 1'000}, 20)), kDone);
  EXPECT_EQ(desk.done(desk.book.reserve({id(8), "a", 10, 1'000, 3'000}, 20)), kDone);  // when the lease is over
  EXPECT_EQ(desk.done(desk.book.reserve({id(7), "a", 1, 2'999, 3'001}, 20)), kConflict);
}

TEST(Reservations, TrustNoLeaseThatShouldBeOverAndIsNot) {
  Desk desk({offer("a", 10, true)});
  desk.hold(1, 0, 100, 0);
  ASSERT_EQ(desk.done(desk.book.lease(id(1), lease_of(2, 10, 1'000, 50), 10)), kDone);
  EXPECT_EQ(desk.done(desk.book.reserve({id(9), "a", 1, 5'000, 6'000}, 50)), kConflict);  // not confirmed, not freed
  ASSERT_EQ(desk.done(desk.book.confirm(id(2), {}, 20)), kDone);
  ASSERT_EQ(desk.done(desk.book.end_lease(id(2), 30)), kDone);
  EXPECT_EQ(desk.done(desk.book.reserve({id(9), "a", 1, 5'000, 6'000}, 50)), kConflict);  // being taken away
  ASSERT_EQ(desk.done(desk.book.returned(id(2))), kDone);
  EXPECT_EQ(desk.done(desk.book.reserve({id(9), "a", 10, 5'000, 6'000}, 50)), kDone);
}

// What was promised to a market is kept for it; what is still being taken away counts as well, and free is 0.
TEST(Reservations, StayWhenALeaseIsTakenAwayTooSlowly) {
  Desk desk({offer("a", 10, true)});
  desk.hold(1, 0, 100, 0);
  ASSERT_EQ(desk.done(desk.book.lease(id(1), lease_of(2, 10, 1'000, 50), 10)), kDone);
  ASSERT_EQ(desk.done(desk.book.confirm(id(2), {}, 20)), kDone);
  ASSERT_EQ(desk.done(desk.book.reserve({id(9), "a", 6, 1'000, 2'000}, 20)), kDone);
  desk.book.apply(desk.book.expire(1'000));
  const Totals totals = desk.totals(1'000);
  EXPECT_EQ(totals.capacity, 16U);
  EXPECT_EQ(totals.leased, 10U);
  EXPECT_EQ(totals.reserved, 6U);
  EXPECT_EQ(totals.free, 0U);
  ASSERT_EQ(desk.done(desk.book.returned(id(2))), kDone);
  EXPECT_EQ(desk.totals(1'000).free, 4U);
}

TEST(Reservations, EndARenewalThatWouldLastIntoThem) {
  Desk desk({offer("a", 10)});
  desk.hold(1, 0, 100, 0);
  ASSERT_EQ(desk.done(desk.book.lease(id(1), lease_of(2, 4, 1'000, 50), 10)), kDone);
  ASSERT_EQ(desk.done(desk.book.confirm(id(2), {}, 20)), kDone);
  ASSERT_EQ(desk.done(desk.book.reserve({id(9), "a", 7, 2'000, 3'000}, 20)), kDone);
  EXPECT_EQ(desk.book.may_renew(id(2), 2'001, 20).error().code, kConflict);
  EXPECT_EQ(desk.done(desk.book.renew(id(2), 1, 2'001, {}, 20)), kConflict);
  EXPECT_TRUE(desk.book.may_renew(id(2), 2'000, 20).ok());
  EXPECT_EQ(desk.done(desk.book.renew(id(2), 1, 2'000, {}, 20)), kDone);
  EXPECT_EQ(desk.book.may_renew(id(2), 2'000, 20).error().code, kInvalid);  // no later
  EXPECT_EQ(desk.book.may_renew(id(3), 2'500, 20).error().code, kInvalid);
  desk.book.apply(desk.book.release_reservation(id(9)));
  ASSERT_EQ(desk.done(desk.book.reserve({id(9), "a", 6, 2'000, 3'000}, 20)), kDone);  // beside the lease
  EXPECT_EQ(desk.done(desk.book.renew(id(2), 2, 2'500, {}, 20)), kDone);
}

// What was promised beyond what is left of a smaller offer stays promised, and is renewed as if it were not; only into
// what is reserved it must not last.
TEST(Reservations, AreAllThatARenewalAsksFor) {
  Desk desk({offer("a", 10)});
  desk.hold(1, 0, 100, 0);
  ASSERT_EQ(desk.done(desk.book.lease(id(1), lease_of(11, 4, 1'000, 50), 10)), kDone);
  desk.hold(2, 10, 100, 0);
  ASSERT_EQ(desk.done(desk.book.lease(id(2), lease_of(12, 4, 1'500, 50), 10)), kDone);
  ASSERT_EQ(desk.done(desk.book.confirm(id(11), {}, 20)), kDone);
  ASSERT_EQ(desk.done(desk.book.reserve({id(9), "a", 2, 2'000, 3'000}, 20)), kDone);
  ASSERT_TRUE(desk.book.set_offers({offer("a", 6)}).ok());
  EXPECT_TRUE(desk.book.may_renew(id(11), 2'500, 20).ok());
  ASSERT_TRUE(desk.book.set_offers({offer("a", 5)}).ok());
  EXPECT_TRUE(desk.book.may_renew(id(11), 2'000, 20).ok());
  EXPECT_EQ(desk.book.may_renew(id(11), 2'001, 20).error().code, kConflict);
}

TEST(Reservations, AreMadeAndReleasedOnceHoweverOftenItIsSaid) {
  Desk desk({offer("a", 10)});
  const Reservation all{id(1), "a", 10, 100, 200};
  ASSERT_EQ(desk.done(desk.book.reserve(all, 0)), kDone);
  EXPECT_TRUE(desk.book.reserve(all, 0)->reservations.empty());
  EXPECT_TRUE(desk.book.reserve(all, 300).ok());  // it was made, when it was time
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", 9, 100, 200}, 0)), kConflict);
  EXPECT_EQ(desk.book.reservations(), std::vector<Reservation>{all});
  desk.book.apply(desk.book.release_reservation(id(1)));
  EXPECT_TRUE(desk.book.release_reservation(id(1)).reservations_gone.empty());
  EXPECT_EQ(desk.totals(100).free, 10U);
}

TEST(Reservations, AreOfUnitsThatAreOfferedAndOfATimeThatIsToCome) {
  Desk desk({offer("a", 10)});
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "b", 1, 100, 200}, 0)), kInvalid);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "", 1, 100, 200}, 0)), kInvalid);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", 0, 100, 200}, 0)), kInvalid);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", Book::kMaxCapacity + 1, 100, 200}, 0)), kInvalid);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", 11, 100, 200}, 0)), kConflict);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", 1, 200, 200}, 0)), kInvalid);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", 1, 100, 200}, 200)), kInvalid);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", 1, 100, 200, std::string(101, 'x')}, 0)), kInvalid);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", 1, 100, 200, "a\nb"}, 0)), kInvalid);
  EXPECT_EQ(desk.done(desk.book.reserve({id(1), "a", 1, 100, 200}, 199)), kDone);  // what is left of it
  std::vector<Reservation> many;
  for (std::size_t i = 0; i < Book::kMaxReservations; ++i)
    many.push_back({{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)}, "a", 1, 5, 9});
  const auto full = Book::open({offer("a", 10)}, {}, {}, many);
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->reserve({{1, 2, 3}, "a", 1, 100, 200}, 0).error().code, kInvalid);
  many.push_back({{1, 2, 3}, "a", 1, 5, 9});
  EXPECT_EQ(Book::open({offer("a", 10)}, {}, {}, many).error().code, base::Code::kStorage);
}

TEST(Reservations, OutliveAnOfferThatShrinksOrGoes) {
  Desk desk({offer("a", 10)});
  ASSERT_EQ(desk.done(desk.book.reserve({id(1), "a", 8, 100, 200}, 0)), kDone);
  ASSERT_TRUE(desk.book.set_offers({offer("a", 5)}).ok());
  EXPECT_EQ(desk.totals(50).free, 5U);
  EXPECT_EQ(desk.totals(100).capacity, 8U);
  EXPECT_EQ(desk.totals(100).free, 0U);
  ASSERT_TRUE(desk.book.set_offers({offer("b", 5)}).ok());
  ASSERT_EQ(desk.book.totals(50).size(), 2U);
  EXPECT_EQ(desk.book.totals(50)[1].reserved_at_most, 8U);
  EXPECT_EQ(desk.book.totals(100)[1].reserved, 8U);
  EXPECT_EQ(desk.book.totals(200).size(), 1U);
}

// The twin: each promise as what it takes in each millisecond, and what has no end that anybody knows until the last.
class Twin {
 public:
  static constexpr std::int64_t kEnd = 12'000, kStep = 500;  // all times are multiples of kStep
  static constexpr std::uint64_t kCapacity = 7;
  struct Promise {
    std::uint64_t units = 0;
    std::int64_t from = 0, until = 0;
    std::int64_t valid_until = 0;  // a hold's; an offered lease's confirm_by; 0: a confirmed lease's, which has none
    bool returning = false;
  };
  std::map<std::uint8_t, Promise> holds, leases, reservations;

  std::uint64_t taken(std::int64_t at, std::int64_t now, bool by_reservations_too = true) const {
    std::uint64_t out = 0;
    const auto add = [&](const Promise& p, bool overdue) {
      if (p.from <= at && (at < p.until || overdue)) out += p.units;
    };
    for (const auto& [n, p] : holds) add(p, p.valid_until <= now);
    for (const auto& [n, p] : leases)
      add(p, p.returning || p.until <= now || (p.valid_until != 0 && p.valid_until <= now));
    if (by_reservations_too)
      for (const auto& [n, p] : reservations) add(p, false);
    return out;
  }
  bool reserved_at(std::int64_t at) const {
    return std::any_of(reservations.begin(), reservations.end(),
                       [&](const auto& entry) { return entry.second.from <= at && at < entry.second.until; });
  }
  std::uint64_t free(std::int64_t from, std::int64_t until, std::int64_t now) const {
    std::uint64_t out = kCapacity;
    for (std::int64_t at = from; at < until; at += kStep)
      out = std::min(out, kCapacity - std::min(kCapacity, taken(at, now)));
    return out;
  }
  bool beside_reservations(std::uint64_t units, std::int64_t from, std::int64_t until, std::int64_t now) const {
    for (std::int64_t at = from; at < until; at += kStep)
      if (reserved_at(at) && taken(at, now) + units > kCapacity) return false;
    return true;
  }
  void expire(std::int64_t now) {
    std::erase_if(holds, [&](const auto& entry) { return entry.second.valid_until <= now; });
    std::erase_if(reservations, [&](const auto& entry) { return entry.second.until <= now; });
    for (auto at = leases.begin(); at != leases.end();) {
      Promise& p = at->second;
      const bool unconfirmed = p.valid_until != 0 && p.valid_until <= now;
      if (p.returning || (p.until > now && !unconfirmed)) {
        ++at;
      } else if (p.valid_until == 0) {
        (at++)->second.returning = true;
      } else {
        at = leases.erase(at);
      }
    }
  }
};

void agree(const Book& book, const Twin& twin, std::int64_t now) {
  const Totals t = book.totals(now)[0];
  RC_ASSERT(t.free + t.held + t.leased + t.reserved == t.capacity);
  RC_ASSERT(t.held + t.leased == twin.taken(now, now, false));
  RC_ASSERT(t.reserved == twin.taken(now, now) - twin.taken(now, now, false));
  RC_ASSERT(t.free == twin.free(now, now + Twin::kStep, now));
}

// Never is more promised than there is, at any time, unless something that was to be over by then is not.
void nothing_promised_twice(const Twin& twin, std::int64_t now) {
  const auto late = [&](const auto& promises) {
    return std::any_of(promises.begin(), promises.end(), [&](const auto& entry) {
      return entry.second.returning || entry.second.until <= now ||
             (entry.second.valid_until != 0 && entry.second.valid_until <= now);
    });
  };
  if (late(twin.holds) || late(twin.leases)) return;
  for (std::int64_t at = now; at < Twin::kEnd; at += Twin::kStep) RC_ASSERT(twin.taken(at, now) <= Twin::kCapacity);
}

RC_GTEST_PROP(Reservations, AgreeWithCountingEveryMoment, ()) {
  Twin twin;
  Book book = *Book::open({offer("a", Twin::kCapacity, true)}, {}, {});
  std::int64_t now = 0;
  const auto applied = [&](const base::Result<Changes>& changes) {
    if (changes.ok()) book.apply(*changes);
    return changes.ok();
  };
  const auto number = [] { return *rc::gen::inRange<std::uint8_t>(1, 6); };
  const auto steps = [](int below) { return Twin::kStep * *rc::gen::inRange(0, below); };
  std::uint8_t fresh = 10;
  for (int left = *rc::gen::inRange(0, 60); left > 0; --left) {
    now = std::min(now + steps(2), Twin::kEnd / 2);
    const std::uint8_t a = number();
    switch (*rc::gen::inRange(0, 11)) {
      case 0:
      case 1: {
        const std::int64_t until = now + Twin::kStep + steps(3);
        const auto seconds = *rc::gen::inRange<std::uint32_t>(0, 4);
        const std::int64_t reach = until + std::int64_t{1000} * seconds;
        if (twin.holds.contains(a)) break;
        const std::uint64_t units = twin.free(now, reach, now);
        RC_ASSERT(applied(book.hold(id(a), wanted(seconds), now, until)));
        twin.holds[a] = {units, now, reach, until};
        break;
      }
      case 2: {
        applied(book.release_hold(id(a)));
        twin.holds.erase(a);
        break;
      }
      case 3:
      case 4: {
        const auto hold = twin.holds.find(a);
        if (hold == twin.holds.end() || hold->second.valid_until <= now || hold->second.units == 0) break;
        const auto units = *rc::gen::inRange<std::uint64_t>(1, hold->second.units + 1);
        const std::int64_t end = now + Twin::kStep + steps(8), confirm_by = now + Twin::kStep + steps(2);
        const std::uint8_t lease = fresh++;
        const bool may = twin.beside_reservations(units, std::min(end, hold->second.until), end, now);
        RC_ASSERT(applied(book.lease(id(a), lease_of(lease, units, end, confirm_by), now)) == may);
        if (!may) break;
        twin.holds.erase(hold);
        twin.leases[lease] = {units, now, end, confirm_by};
        break;
      }
      case 5: {
        for (auto& [n, lease] : twin.leases)
          if (lease.valid_until > now && lease.until > now && applied(book.confirm(id(n), {}, now)))
            lease.valid_until = 0;
        break;
      }
      case 6: {
        for (auto& [n, lease] : twin.leases) {
          if (lease.valid_until != 0 || lease.returning || lease.until <= now) continue;
          const std::int64_t end = lease.until + Twin::kStep + steps(6);
          const bool may = twin.beside_reservations(lease.units, lease.until, end, now);
          RC_ASSERT(book.may_renew(id(n), end, now).ok() == may);
          RC_ASSERT(applied(book.renew(id(n), book.find(id(n))->revision + 1, end, {}, now)) == may);
          if (may) lease.until = end;
          break;
        }
        break;
      }
      case 7:
      case 8: {
        const std::int64_t from = std::max<std::int64_t>(0, now - 1'000) + steps(8), until = from + steps(8);
        const auto units = *rc::gen::inRange<std::uint64_t>(1, Twin::kCapacity + 2);
        if (twin.reservations.contains(a)) break;
        const bool may = until > from && until > now && twin.free(std::max(from, now), until, now) >= units;
        RC_ASSERT(applied(book.reserve({id(a), "a", units, from, until}, now)) == may);
        if (may) twin.reservations[a] = {units, from, until};
        break;
      }
      case 9: {
        if (*rc::gen::arbitrary<bool>()) {
          applied(book.release_reservation(id(a)));
          twin.reservations.erase(a);
        }
        for (const auto& [n, lease] : std::map(twin.leases))
          if (lease.returning && applied(book.returned(id(n)))) twin.leases.erase(n);
        break;
      }
      case 10: {
        applied(book.expire(now));
        twin.expire(now);
        break;
      }
    }
    agree(book, twin, now);
    nothing_promised_twice(twin, now);
    if (*rc::gen::inRange(0, 10) > 0) continue;
    std::vector<Lease> rows;
    for (const auto& [n, lease] : twin.leases) rows.push_back(*book.find(id(n)));
    book = *Book::open({offer("a", Twin::kCapacity, true)}, book.holds(), rows, book.reservations());
    agree(book, twin, now);
  }
}

}  // namespace
}  // namespace inventory
