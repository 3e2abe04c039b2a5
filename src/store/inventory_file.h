// InventoryFile: the inventory in one SQLite database. The rules are inventory::Book's; every change is one transaction
// that is durable before the book in memory follows, so a process killed at any point starts again with the state
// before or after it, and a full disk refuses and changes nothing. Opened by one process at a time.
// Errors: those of inventory.h. Threads: any; a lock is held while the disk writes, so changes queue up behind it.
#pragma once

#include <memory>
#include <mutex>

#include "inventory/book.h"
#include "store/sqlite.h"

namespace store {

class InventoryFile final : public inventory::Inventory {
 public:
  using Id = inventory::Id;
  using Lease = inventory::Lease;
  // The offers are the configuration's; of former ones stays what was promised (inventory/book.h).
  static base::Result<std::unique_ptr<InventoryFile>> open(const std::string& path,
                                                           std::vector<inventory::Offer> offers);

  base::Result<inventory::Hold> hold(const Id& id, const inventory::Wanted& wanted, std::int64_t now,
                                     std::int64_t until) override;
  base::Status release_hold(const Id& id) override;
  base::Status lease(const Id& hold, const Lease& lease, std::int64_t now) override;
  base::Status confirm(const Id& lease, base::Bytes document, std::int64_t now) override;
  base::Status renew(const Id& lease, std::uint32_t revision, std::int64_t end, base::Bytes document,
                     std::int64_t now) override;
  base::Status may_renew(const Id& lease, std::int64_t end, std::int64_t now) const override;
  base::Status end_lease(const Id& lease, std::int64_t now) override;
  base::Status returned(const Id& lease) override;
  base::Status reserve(const inventory::Reservation& reservation, std::int64_t now) override;
  base::Status release_reservation(const Id& id) override;
  base::Result<std::vector<Lease>> expire(std::int64_t now) override;

  std::optional<Lease> find(const Id& lease) const override;
  std::vector<Lease> leases() const override;
  std::vector<inventory::Reservation> reservations() const override;
  std::vector<inventory::Totals> totals(std::int64_t now) const override;
  std::vector<inventory::Offer> offers() const override;
  base::Status set_offers(std::vector<inventory::Offer> offers) override;

 private:
  InventoryFile(std::unique_ptr<Database> database, inventory::Book book)
      : database_(std::move(database)), book_(std::move(book)) {}
  base::Status write(const base::Result<inventory::Changes>& changes);

  mutable std::mutex mutex_;
  std::unique_ptr<Database> database_;
  inventory::Book book_;
};

}  // namespace store
