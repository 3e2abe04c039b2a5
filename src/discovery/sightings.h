// Sightings: what a search in the directory has shown so far, the newest announcement of each key. Believes nothing:
// forged, malformed, expired, premature and foreign values (of another cell than they were found in, of another family)
// are counted and dropped; a withdrawal hides what its key said before, in whatever order they come.
// Bounded: at most kMaxKeys keys, and each distinct value is checked once. One thread at a time.
#pragma once

#include <map>
#include <set>
#include <span>

#include "crypto/sha256.h"
#include "discovery/announcement.h"
#include "discovery/cell.h"
#include "discovery/directory.h"

namespace discovery {

// A key of the directory, and what it stands for.
struct Bucket {
  std::string family;
  Cell cell;
  DirectoryKey key{};
};
// Every bucket of the cells, in all epochs to ask; those of the first cell first.
std::vector<Bucket> buckets(const std::string& family, std::span<const Cell> cells, std::int64_t now);

class Sightings {
 public:
  static constexpr std::size_t kMaxKeys = 4096, kMaxValues = 4 * kMaxKeys;

  // The announcement if it tells something new of its key (it may be withdrawn).
  const Announcement* add(const Bucket& found_in, base::ByteView value, std::int64_t now);
  const std::map<crypto::PublicKey, Announcement>& newest() const { return newest_; }
  std::size_t dropped() const { return dropped_; }
  void forget_expired(std::int64_t now);

 private:
  std::map<crypto::PublicKey, Announcement> newest_;
  std::set<crypto::Digest> seen_;  // of value and bucket
  std::size_t dropped_ = 0;
};

}  // namespace discovery
