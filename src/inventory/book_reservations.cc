// What is promised of an offer at later times, and the reservations of a Book, which alone make it grow there.
#include <algorithm>
#include <tuple>

#include "inventory/book.h"

namespace inventory {
namespace {

base::Error refused(std::string message) { return {base::Code::kInvalidInput, std::move(message)}; }
base::Error taken(const std::string& offer, std::uint64_t free) {
  return {base::Code::kConflict, "offer " + offer + ": only " + std::to_string(free) +
                                     " of its units are not promised to others in all of that time"};
}

// Until when its units are not free, as far as anybody knows.
std::int64_t until(const Hold& hold, std::int64_t now) {
  return hold.until_unix_ms <= now ? Calendar::kForever : hold.lease_until_unix_ms;
}
std::int64_t until(const Lease& lease, std::int64_t now) {
  const bool overdue = lease.state == Lease::State::kReturning || lease.end_unix_ms <= now ||
                       (lease.state == Lease::State::kOffered && lease.confirm_by_unix_ms <= now);
  return overdue ? Calendar::kForever : lease.end_unix_ms;
}

}  // namespace

// All that a book takes can be added: kMaxReservations and as much again, of kMaxCapacity.
Calendar sum(const std::vector<Calendar::Step>& promises) {
  const auto out = Calendar::sum(promises);
  CHECK(out.has_value());
  return *out;
}

base::Status check(const Reservation& reservation) {
  if (reservation.offer.empty()) return refused("a reservation needs the name of an offer");
  if (reservation.units == 0 || reservation.units > Book::kMaxCapacity)
    return refused("a reservation is of 1 … 10^12 units");
  if (reservation.from_unix_ms >= reservation.until_unix_ms) return refused("the reservation ends before it begins");
  const std::string& purpose = reservation.purpose;
  const bool plain = std::all_of(purpose.begin(), purpose.end(), [](char c) { return c >= ' ' && c < 0x7f; });
  if (purpose.size() > Book::kMaxPurpose || !plain)
    return refused("a reservation's purpose is at most 100 printable characters");
  return {};
}

bool Book::reserved_within(const std::string& offer, std::int64_t from, std::int64_t until) const {
  return std::any_of(reservations_.begin(), reservations_.end(), [&](const auto& entry) {
    const Reservation& r = entry.second;
    return r.offer == offer && r.from_unix_ms < until && from < r.until_unix_ms;
  });
}

std::vector<Calendar::Step> Book::reserved(const std::string& offer, std::int64_t now) const {
  std::vector<Calendar::Step> out;
  for (const auto& [id, r] : reservations_)
    if (r.offer == offer && r.until_unix_ms > now)
      out.push_back({std::max(r.from_unix_ms, now), r.until_unix_ms, r.units});
  return out;
}

Calendar Book::promised(const std::string& offer, std::int64_t now) const {
  std::vector<Calendar::Step> all = reserved(offer, now);
  for (const auto& [id, hold] : holds_)
    if (hold.offer == offer) all.push_back({now, until(hold, now), hold.units});
  for (const auto& [id, lease] : leases_)
    if (lease.offer == offer && counts(lease)) all.push_back({now, until(lease, now), lease.units});
  return sum(all);
}

// The lease's units are wanted from … until, too, where they were not promised to it before. Other leases were there
// before it beside it and only become fewer, so it is reservations alone that can be in the way.
base::Status Book::room_beside_reservations(const Lease& lease, std::int64_t from, std::int64_t until,
                                            std::int64_t now) const {
  if (from >= until || !reserved_within(lease.offer, from, until)) return {};
  const auto offer =
      std::find_if(offers_.begin(), offers_.end(), [&](const Offer& o) { return o.name == lease.offer; });
  const std::uint64_t capacity = offer == offers_.end() ? 0 : offer->capacity;
  const Calendar all = promised(lease.offer, now);
  std::uint64_t free = kMaxCapacity;
  for (const Calendar::Step& step : sum(reserved(lease.offer, now)).steps(from, until))
    if (step.units > 0) free = std::min(free, all.free(capacity, step.from, step.until));
  if (free < lease.units) return taken(lease.offer, free);
  return {};
}

base::Result<Changes> Book::reserve(const Reservation& wanted, std::int64_t now) const {
  const auto found = reservations_.find(wanted.id);
  if (found != reservations_.end() && found->second == wanted) return Changes{};  // again
  if (found != reservations_.end())
    return base::Error{base::Code::kConflict, "there is another reservation with this id; release it first"};
  TARN_TRY(check(wanted));
  if (wanted.until_unix_ms <= now) return refused("the reservation is over before it is made");
  if (reservations_.size() >= kMaxReservations)
    return refused("there are " + std::to_string(kMaxReservations) + " reservations already; release some");
  const auto offer =
      std::find_if(offers_.begin(), offers_.end(), [&](const Offer& o) { return o.name == wanted.offer; });
  if (offer == offers_.end()) return refused("there is no offer of this name");
  const Calendar all = promised(wanted.offer, now);  // from now on, whenever the reservation begins
  const std::uint64_t free = all.free(offer->capacity, wanted.from_unix_ms, wanted.until_unix_ms);
  if (free < wanted.units) return taken(wanted.offer, free);
  Changes changes;
  changes.reservations.push_back(wanted);
  return changes;
}

Changes Book::release_reservation(const Id& id) const {
  Changes changes;
  if (reservations_.contains(id)) changes.reservations_gone.push_back(id);
  return changes;
}

std::vector<Reservation> Book::reservations() const {
  std::vector<Reservation> out;
  for (const auto& [id, reservation] : reservations_) out.push_back(reservation);
  std::sort(out.begin(), out.end(), [](const Reservation& a, const Reservation& b) {
    return std::tie(a.from_unix_ms, a.id) < std::tie(b.from_unix_ms, b.id);
  });
  return out;
}

}  // namespace inventory
