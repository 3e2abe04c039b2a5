// Book: the rules of an inventory (inventory.h), in memory and without storage. An operation is asked first and says
// what would change; once that is written, apply() makes it so. So a disk that fails leaves book and disk as they were.
// Time: a hold lasts while now < until, an offered lease can be confirmed while now < confirm_by, a lease runs while
// now < end, whether expire() has been called since or not; what they hold is free only after expire(). A reservation
// counts while from <= now < until.
// What is promised at later times: a hold counts until the last end of a lease made of it, a lease until its end; what
// should be over and is not free yet counts for ever, since nobody knows when. So the units that a reservation finds free
// are free then, but for leases that are still being taken away: free is 0 until they are gone.
// Owners change their offers, between runs and while one runs: what was promised under a name stays promised. An
// offer's capacity counts as what is promised of it where that is more, so that free is 0 and never negative, and an
// offer that is gone counts with what is promised alone. Units are taken as they were: whoever changes an offer's class
// gives it a new name. Ended leases are kept for a week, the newest 10,000 at most, so that a late question gets an
// answer. Errors as inventory.h says. One thread; copies are independent.
#pragma once

#include <map>

#include "inventory/calendar.h"
#include "inventory/inventory.h"

namespace inventory {

// In this order: rows that go, then rows that are written, new or in place of the one with their id.
struct Changes {
  std::vector<Id> holds_gone, leases_gone, reservations_gone;
  std::vector<Hold> holds;
  std::vector<Lease> leases;
  std::vector<Reservation> reservations;
};

// Its units are promised, or not given back yet.
inline bool counts(const Lease& lease) { return lease.state != Lease::State::kEnded; }
base::Status check(const Reservation& reservation);
Calendar sum(const std::vector<Calendar::Step>& promises);

class Book {
 public:
  static constexpr std::uint64_t kMaxCapacity = 1'000'000'000'000;
  static constexpr std::size_t kMaxDocument = 64 * 1024, kMaxEnded = 10'000, kMaxReservations = 10'000,
                               kMaxPurpose = 100;
  static constexpr std::int64_t kKeepEndedMs = 7LL * 86'400'000;

  // Rows as they were written. kInvalidInput for offers that are none, kStorage for rows that no operation left so.
  static base::Result<Book> open(std::vector<Offer> offers, std::vector<Hold> holds, std::vector<Lease> leases,
                                 std::vector<Reservation> reservations = {});

  // No new hold where no offer fits; one of 0 units where nothing is free, written like any other so that it takes as
  // long, and nobody can tell by the clock.
  base::Result<Changes> hold(const Id& id, const Wanted& wanted, std::int64_t now, std::int64_t until) const;
  Changes release_hold(const Id& id) const;
  base::Result<Changes> lease(const Id& hold, const Lease& lease, std::int64_t now) const;
  base::Result<Changes> confirm(const Id& lease, base::Bytes document, std::int64_t now) const;
  base::Result<Changes> renew(const Id& lease, std::uint32_t revision, std::int64_t end, base::Bytes document,
                              std::int64_t now) const;
  base::Status may_renew(const Id& lease, std::int64_t end, std::int64_t now) const;
  base::Result<Changes> end_lease(const Id& lease, std::int64_t now) const;
  base::Result<Changes> returned(const Id& lease) const;
  base::Result<Changes> reserve(const Reservation& reservation, std::int64_t now) const;
  Changes release_reservation(const Id& id) const;
  Changes expire(std::int64_t now) const;  // .leases are those that end
  void apply(const Changes& changes);
  base::Status set_offers(std::vector<Offer> offers);

  std::optional<Lease> find(const Id& lease) const;
  std::vector<Hold> holds() const;  // by id
  std::vector<Lease> leases() const;
  std::vector<Reservation> reservations() const;
  // Offers first, in their order, then what is promised of offers that are gone.
  std::vector<Totals> totals(std::int64_t now) const;
  const std::vector<Offer>& offers() const { return offers_; }

 private:
  // What is left of the offer for who wants it in all of the window [now, until).
  PriceVariables variables(const Offer& offer, std::int64_t now, std::int64_t until) const;
  bool reserved_within(const std::string& offer, std::int64_t from, std::int64_t until) const;
  std::vector<Calendar::Step> reserved(const std::string& offer, std::int64_t now) const;  // from now on
  Calendar promised(const std::string& offer, std::int64_t now) const;                     // to anybody
  base::Status room_beside_reservations(const Lease& lease, std::int64_t from, std::int64_t until,
                                        std::int64_t now) const;

  std::vector<Offer> offers_;
  std::map<Id, Hold> holds_;
  std::map<Id, Lease> leases_;
  std::map<Id, Reservation> reservations_;
};

}  // namespace inventory
