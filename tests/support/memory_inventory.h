// Inventory in memory: the real rules (inventory/book.h) behind a lock, without a disk.
#pragma once

#include <mutex>
#include <utility>

#include "inventory/book.h"

namespace support {

class MemoryInventory : public inventory::Inventory {
 public:
  using Id = inventory::Id;
  using Lease = inventory::Lease;
  explicit MemoryInventory(std::vector<inventory::Offer> offers)
      : book_(*inventory::Book::open(std::move(offers), {}, {})) {}

  base::Result<inventory::Hold> hold(const Id& id, const inventory::Wanted& wanted, std::int64_t now,
                                     std::int64_t until) override {
    const std::lock_guard lock(mutex_);
    TARN_ASSIGN(const inventory::Changes changes, book_.hold(id, wanted, now, until));
    book_.apply(changes);
    return changes.holds.empty() ? inventory::Hold{id, "", 0, 0, until} : changes.holds[0];
  }
  base::Status release_hold(const Id& id) override {
    const std::lock_guard lock(mutex_);
    return apply(book_.release_hold(id));
  }
  base::Status lease(const Id& hold, const Lease& lease, std::int64_t now) override {
    const std::lock_guard lock(mutex_);
    return apply(book_.lease(hold, lease, now));
  }
  base::Status confirm(const Id& lease, base::Bytes document, std::int64_t now) override {
    const std::lock_guard lock(mutex_);
    return apply(book_.confirm(lease, std::move(document), now));
  }
  base::Status renew(const Id& lease, std::uint32_t revision, std::int64_t end, base::Bytes document,
                     std::int64_t now) override {
    const std::lock_guard lock(mutex_);
    return apply(book_.renew(lease, revision, end, std::move(document), now));
  }
  base::Status may_renew(const Id& lease, std::int64_t end, std::int64_t now) const override {
    const std::lock_guard lock(mutex_);
    return book_.may_renew(lease, end, now);
  }
  base::Status end_lease(const Id& lease, std::int64_t now) override {
    const std::lock_guard lock(mutex_);
    return apply(book_.end_lease(lease, now));
  }
  base::Status returned(const Id& lease) override {
    const std::lock_guard lock(mutex_);
    return apply(book_.returned(lease));
  }
  base::Status reserve(const inventory::Reservation& reservation, std::int64_t now) override {
    const std::lock_guard lock(mutex_);
    return apply(book_.reserve(reservation, now));
  }
  base::Status release_reservation(const Id& id) override {
    const std::lock_guard lock(mutex_);
    return apply(book_.release_reservation(id));
  }
  base::Result<std::vector<Lease>> expire(std::int64_t now) override {
    const std::lock_guard lock(mutex_);
    inventory::Changes changes = book_.expire(now);
    book_.apply(changes);
    return std::move(changes.leases);
  }
  std::vector<inventory::Hold> holds() const {
    const std::lock_guard lock(mutex_);
    return book_.holds();
  }
  std::optional<Lease> find(const Id& lease) const override {
    const std::lock_guard lock(mutex_);
    return book_.find(lease);
  }
  std::vector<Lease> leases() const override {
    const std::lock_guard lock(mutex_);
    return book_.leases();
  }
  std::vector<inventory::Reservation> reservations() const override {
    const std::lock_guard lock(mutex_);
    return book_.reservations();
  }
  std::vector<inventory::Totals> totals(std::int64_t now) const override {
    const std::lock_guard lock(mutex_);
    return book_.totals(now);
  }
  std::vector<inventory::Offer> offers() const override {
    const std::lock_guard lock(mutex_);
    return book_.offers();
  }
  base::Status set_offers(std::vector<inventory::Offer> offers) override {
    const std::lock_guard lock(mutex_);
    return book_.set_offers(std::move(offers));
  }

 private:
  base::Status apply(const base::Result<inventory::Changes>& changes) {
    if (!changes.ok()) return changes.error();
    book_.apply(*changes);
    return {};
  }

  mutable std::mutex mutex_;
  inventory::Book book_;
};

}  // namespace support
