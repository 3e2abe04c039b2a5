#include "inventory/book.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace inventory {
namespace {

constexpr std::size_t kMaxName = 64;

base::Error refused(std::string message) { return {base::Code::kInvalidInput, std::move(message)}; }
base::Error damaged(std::string message) {
  return {base::Code::kStorage, "the inventory is damaged: " + std::move(message)};
}

// It has not ended, as far as both sides agreed.
bool runs(const Lease& lease) { return counts(lease) && lease.state != Lease::State::kReturning; }

base::Status check(const Offer& offer) {
  const bool plain = std::all_of(offer.name.begin(), offer.name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (offer.name.empty() || offer.name.size() > kMaxName || !plain)
    return refused("an offer needs a name of at most 64 characters without spaces");
  if (offer.unit.amounts.empty()) return refused("offer " + offer.name + ": needs a class");
  if (offer.capacity > Book::kMaxCapacity) return refused("offer " + offer.name + ": capacity is at most 10^12 units");
  if (offer.bucket == 0) return refused("offer " + offer.name + ": bucket must be at least 1");
  return {};
}

std::uint64_t units_to_hold(const Offer& offer, std::uint64_t free) {
  const std::uint64_t most = offer.per_session == 0 ? free : std::min(free, offer.per_session);
  return most - most % offer.bucket;
}

// What was never confirmed was never delivered.
Lease ended(Lease lease, std::int64_t now) {
  const bool there = lease.delivered && lease.state == Lease::State::kActive;
  lease.state = there ? Lease::State::kReturning : Lease::State::kEnded;
  lease.end_unix_ms = std::min(lease.end_unix_ms, std::max(now, lease.start_unix_ms));
  return lease;
}

}  // namespace

base::Status Book::set_offers(std::vector<Offer> offers) {
  std::set<std::string> names;
  for (const Offer& offer : offers) {
    TARN_TRY(check(offer));
    if (!names.insert(offer.name).second) return refused("offer " + offer.name + ": there is another of this name");
  }
  offers_ = std::move(offers);
  return {};
}

base::Result<Book> Book::open(std::vector<Offer> offers, std::vector<Hold> holds, std::vector<Lease> leases,
                              std::vector<Reservation> reservations) {
  Book book;
  TARN_TRY(book.set_offers(std::move(offers)));
  std::map<std::string, std::uint64_t> promised;
  const auto promise = [&](const std::string& offer, std::uint64_t units) {
    std::uint64_t& sum = promised[offer];
    sum += std::min(units, kMaxCapacity + 1);
    return !offer.empty() && sum <= kMaxCapacity;
  };
  for (Hold& hold : holds) {
    if (!promise(hold.offer, hold.units)) return damaged("more is held than there ever was");
    if (hold.lease_until_unix_ms < hold.until_unix_ms) return damaged("a hold's lease is over before the hold");
    if (!book.holds_.emplace(hold.id, std::move(hold)).second) return damaged("a hold is there twice");
  }
  for (Lease& lease : leases) {
    if (counts(lease) && !promise(lease.offer, lease.units)) return damaged("more is leased than there ever was");
    if (!book.leases_.emplace(lease.id, std::move(lease)).second) return damaged("a lease is there twice");
  }
  for (Reservation& reservation : reservations) {
    if (!check(reservation).ok()) return damaged("a reservation is of nothing");
    if (!book.reservations_.emplace(reservation.id, std::move(reservation)).second)
      return damaged("a reservation is there twice");
  }
  if (book.reservations_.size() > kMaxReservations) return damaged("there are more reservations than it takes");
  return book;
}

PriceVariables Book::variables(const Offer& offer, std::int64_t now, std::int64_t until) const {
  PriceVariables out;
  for (const auto& [id, hold] : holds_)
    if (hold.offer == offer.name) out.held += hold.units;
  for (const auto& [id, lease] : leases_)
    if (lease.offer == offer.name && counts(lease)) out.leased += lease.units;
  // Without reservations nothing grows later: what is promised now is the most of the window.
  if (reserved_within(offer.name, now, until))
    out.reserved = promised(offer.name, now).peak(now, until) - out.held - out.leased;
  out.capacity = std::max(offer.capacity, out.held + out.leased + out.reserved);
  out.free = out.capacity - out.held - out.leased - out.reserved;
  return out;
}

base::Result<Changes> Book::hold(const Id& id, const Wanted& wanted, std::int64_t now, std::int64_t until) const {
  if (holds_.contains(id)) return refused("this hold exists already");
  if (until <= now) return refused("the hold's time is over before it begins");
  const std::int64_t lease_until =
      until + std::min(Calendar::kForever - until, std::int64_t{1000} * wanted.lease_seconds);
  std::optional<Hold> chosen;
  for (const bool exact : {true, false})
    for (const Offer& offer : offers_) {
      if ((offer.unit == wanted.unit) != exact || !serves(offer, wanted)) continue;
      const PriceVariables left = variables(offer, now, lease_until);
      const auto price = offer.price.micro_credits(left);
      if (!price.ok()) continue;  // an offer without a price is not made
      const std::uint64_t units = units_to_hold(offer, left.free);
      if (!chosen || (chosen->units == 0 && units > 0))
        chosen = Hold{id, offer.name, units, *price, until, offer.delivered, lease_until};
    }
  Changes changes;
  if (chosen) changes.holds.push_back(std::move(*chosen));
  return changes;
}

Changes Book::release_hold(const Id& id) const {
  Changes changes;
  if (holds_.contains(id)) changes.holds_gone.push_back(id);
  return changes;
}

base::Result<Changes> Book::lease(const Id& hold, const Lease& lease, std::int64_t now) const {
  const auto held = holds_.find(hold);
  if (held == holds_.end() || held->second.until_unix_ms <= now) return refused("there is no such hold any more");
  if (leases_.contains(lease.id)) return refused("this lease exists already");
  if (lease.offer != held->second.offer) return refused("the lease is of another offer than the hold");
  if (lease.units == 0 || lease.units > held->second.units) return refused("the lease is of more units than are held");
  if (lease.state != Lease::State::kOffered || lease.revision != 0) return refused("a new lease is offered first");
  if (lease.end_unix_ms <= std::max(now, lease.start_unix_ms) || lease.confirm_by_unix_ms <= now)
    return refused("the lease is over before it begins");
  if (lease.document.size() > kMaxDocument) return refused("the lease's document is too long");
  TARN_TRY(room_beside_reservations(lease, held->second.lease_until_unix_ms, lease.end_unix_ms, now));
  Changes changes;
  changes.holds_gone.push_back(hold);
  changes.leases.push_back(lease);
  changes.leases.back().delivered = held->second.delivered;
  return changes;
}

base::Result<Changes> Book::confirm(const Id& id, base::Bytes document, std::int64_t now) const {
  const auto found = leases_.find(id);
  if (found == leases_.end() || !runs(found->second)) return refused("there is no such lease any more");
  if (found->second.state == Lease::State::kActive) return Changes{};
  if (found->second.confirm_by_unix_ms <= now) return refused("the lease was not confirmed in time");
  if (document.size() > kMaxDocument) return refused("the lease's document is too long");
  Lease lease = found->second;
  lease.state = Lease::State::kActive;
  lease.confirm_by_unix_ms = 0;
  lease.document = std::move(document);
  Changes changes;
  changes.leases.push_back(std::move(lease));
  return changes;
}

base::Result<Changes> Book::renew(const Id& id, std::uint32_t revision, std::int64_t end, base::Bytes document,
                                  std::int64_t now) const {
  const auto found = leases_.find(id);
  if (found == leases_.end() || found->second.state != Lease::State::kActive || found->second.end_unix_ms <= now)
    return refused("there is no such lease any more");
  Lease lease = found->second;
  if (revision == lease.revision && end == lease.end_unix_ms && document == lease.document) return Changes{};  // again
  if (revision != lease.revision + 1) return refused("the renewal follows another state of the lease");
  if (document.size() > kMaxDocument) return refused("the lease's document is too long");
  TARN_TRY(may_renew(id, end, now));
  lease.revision = revision;
  lease.end_unix_ms = end;
  lease.document = std::move(document);
  Changes changes;
  changes.leases.push_back(std::move(lease));
  return changes;
}

base::Status Book::may_renew(const Id& id, std::int64_t end, std::int64_t now) const {
  const auto found = leases_.find(id);
  if (found == leases_.end() || found->second.state != Lease::State::kActive || found->second.end_unix_ms <= now)
    return refused("there is no such lease any more");
  if (end <= found->second.end_unix_ms) return refused("a renewal ends later than the lease");
  return room_beside_reservations(found->second, found->second.end_unix_ms, end, now);
}

base::Result<Changes> Book::end_lease(const Id& id, std::int64_t now) const {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return refused("there is no such lease");
  Changes changes;
  if (runs(found->second)) changes.leases.push_back(ended(found->second, now));
  return changes;
}

base::Result<Changes> Book::returned(const Id& id) const {
  const auto found = leases_.find(id);
  if (found == leases_.end() || runs(found->second)) return refused("there is no such lease that has ended");
  Changes changes;
  if (!counts(found->second)) return changes;
  changes.leases.push_back(found->second);
  changes.leases.back().state = Lease::State::kEnded;
  return changes;
}

Changes Book::expire(std::int64_t now) const {
  Changes changes;
  for (const auto& [id, hold] : holds_)
    if (hold.until_unix_ms <= now) changes.holds_gone.push_back(id);
  for (const auto& [id, reservation] : reservations_)
    if (reservation.until_unix_ms <= now) changes.reservations_gone.push_back(id);
  std::vector<std::pair<std::int64_t, Id>> history;
  for (const auto& [id, lease] : leases_) {
    if (!counts(lease)) {
      history.emplace_back(lease.end_unix_ms, id);
    } else if (runs(lease) && (lease.end_unix_ms <= now ||
                               (lease.state == Lease::State::kOffered && lease.confirm_by_unix_ms <= now))) {
      changes.leases.push_back(ended(lease, now));
    }
  }
  std::sort(history.rbegin(), history.rend());
  for (std::size_t i = 0; i < history.size(); ++i)
    if (i >= kMaxEnded || history[i].first + kKeepEndedMs <= now) changes.leases_gone.push_back(history[i].second);
  return changes;
}

void Book::apply(const Changes& changes) {
  for (const Id& id : changes.holds_gone) holds_.erase(id);
  for (const Id& id : changes.leases_gone) leases_.erase(id);
  for (const Id& id : changes.reservations_gone) reservations_.erase(id);
  for (const Hold& hold : changes.holds) holds_[hold.id] = hold;
  for (const Lease& lease : changes.leases) leases_[lease.id] = lease;
  for (const Reservation& reservation : changes.reservations) reservations_[reservation.id] = reservation;
}

std::optional<Lease> Book::find(const Id& lease) const {
  const auto found = leases_.find(lease);
  return found == leases_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Hold> Book::holds() const {
  std::vector<Hold> out;
  for (const auto& [id, hold] : holds_) out.push_back(hold);
  return out;
}

std::vector<Lease> Book::leases() const {
  std::vector<Lease> out;
  for (const auto& [id, lease] : leases_)
    if (counts(lease)) out.push_back(lease);
  std::sort(out.begin(), out.end(), [](const Lease& a, const Lease& b) {
    return std::tie(a.start_unix_ms, a.id) < std::tie(b.start_unix_ms, b.id);
  });
  return out;
}

std::vector<Totals> Book::totals(std::int64_t now) const {
  std::vector<Offer> all = offers_;
  std::set<std::string> named;
  for (const Offer& offer : offers_) named.insert(offer.name);
  const auto gone = [&](const std::string& name) {
    if (named.insert(name).second) all.emplace_back().name = name;
  };
  for (const auto& [id, hold] : holds_) gone(hold.offer);
  for (const auto& [id, lease] : leases_)
    if (counts(lease)) gone(lease.offer);
  for (const auto& [id, reservation] : reservations_)
    if (reservation.until_unix_ms > now) gone(reservation.offer);
  std::vector<Totals> out;
  for (const Offer& offer : all) {
    const PriceVariables v = variables(offer, now, now + 1);
    out.push_back({offer.name, v.capacity, v.free, v.held, v.leased, v.reserved,
                   sum(reserved(offer.name, now)).peak(now, Calendar::kForever)});
  }
  return out;
}

}  // namespace inventory
