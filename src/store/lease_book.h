// LeaseBook: a requester's leases in one SQLite database: what it bought, from whom, until when, and the document as
// signed so far. Commands of one user may use it side by side.
// A lease is named by its id in hexadecimal, or by as much from its start as nobody else's has.
// Errors: kInvalidInput (no such lease, or several), kStorage. Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/inventory.h"
#include "store/sqlite.h"

namespace store {

struct LeaseRecord {
  enum class State : std::uint8_t { kUnconfirmed = 1, kActive, kReleased };
  inventory::Id id{};
  inventory::Key provider{};
  std::string provider_address;  // host:port
  std::int64_t end_unix_ms = 0;
  std::uint32_t revision = 0;
  State state = State::kUnconfirmed;
  base::Bytes document;
};

class LeaseBook {
 public:
  static base::Result<std::unique_ptr<LeaseBook>> open(const std::string& path);

  base::Status put(const LeaseRecord& lease);  // new, or in place of the one with its id
  base::Result<LeaseRecord> find(const inventory::Id& id);
  base::Result<LeaseRecord> find(std::string_view prefix);
  base::Result<std::vector<LeaseRecord>> list();  // by end, latest first

 private:
  explicit LeaseBook(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  std::mutex mutex_;
  std::unique_ptr<Database> database_;
};

}  // namespace store
