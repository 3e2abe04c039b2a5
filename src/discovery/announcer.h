// Announcer: keeps a provider's announcement in the directory: one signed value under its cells of all levels, for each
// family that it offers; again every five minutes (values expire, and one put in fifty is lost), when the epoch's keys
// change, at once when the classes change, and when it has moved into another cell, at most twice a minute; what lies
// in the cell that it left is replaced by what nobody counts there. Driven by run_once(); one thread at a time.
#pragma once

#include <set>

#include "discovery/announcement.h"
#include "discovery/cell.h"
#include "discovery/directory.h"

namespace discovery {

class Announcer {
 public:
  static constexpr std::int64_t kPeriodMs = 5 * 60'000, kMoveMs = 30'000;

  // The references outlive it. `endpoint` is what others dial.
  Announcer(const crypto::Identity& identity, std::string endpoint, Directory& directory)
      : identity_(identity), endpoint_(std::move(endpoint)), directory_(directory) {}

  // Puts what is due and says how many values; kInvalidInput as Announcement::sign. No classes: withdraws.
  base::Result<std::size_t> run_once(std::int64_t now, const Coordinate& own,
                                     const std::vector<model::ResourceClass>& classes);
  // Once before the end: nobody shall dial us any more.
  void withdraw(std::int64_t now);

 private:
  using Keys = std::set<DirectoryKey>;
  bool due(std::int64_t now, const Announcement& next, const Keys& keys) const;
  Keys keys_of(const Announcement& announcement, std::int64_t now) const;
  std::uint64_t sequence_after(std::int64_t now) const;
  void put(const Keys& keys, const base::Bytes& value);

  const crypto::Identity& identity_;
  const std::string endpoint_;
  Directory& directory_;
  std::optional<Announcement> said_;  // the last one, and where it is
  Keys said_under_;
  std::uint64_t sequence_ = 0;
};

}  // namespace discovery
