// View: what a provider itself sees in the buckets around it, so that it can tell when a requester's list of candidates
// leaves out whom it should name (a list of one's own creatures finds out by binary search what the victim has).
// Refreshed by housekeeping. One thread at a time; hand copies of seen() to others.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "discovery/sightings.h"

namespace discovery {

class View {
 public:
  // The directory outlives it.
  View(Directory& directory, const crypto::PublicKey& self) : directory_(directory), self_(self) {}

  // Looks once under the finest cells around `own` and under the world; takes at most so long.
  void refresh(const std::string& family, const Coordinate& own, std::int64_t now, int timeout_ms);
  // Others' live announcements.
  std::vector<Announcement> live(const std::string& family, std::int64_t now) const;
  std::set<crypto::PublicKey> seen(const std::string& family, std::int64_t now) const;

 private:
  Directory& directory_;
  const crypto::PublicKey self_;
  std::map<std::string, Sightings> sightings_;  // by family
};

// Which share of those seen the list has, 0 … 1; if more are seen than a list of `longest` can hold, that many are all.
// Nobody seen: 1.
double coverage(std::span<const crypto::PublicKey> list, const std::set<crypto::PublicKey>& seen, std::size_t longest);

}  // namespace discovery
