#include "discovery/view.h"

#include <algorithm>

namespace discovery {

void View::refresh(const std::string& family, const Coordinate& own, std::int64_t now, int timeout_ms) {
  Sightings& sightings = sightings_[family];
  sightings.forget_expired(now);
  const std::vector<Bucket> wanted = buckets(family, first_cells(own), now);
  std::vector<DirectoryKey> keys;
  for (const Bucket& bucket : wanted) keys.push_back(bucket.key);
  directory_.get(keys, timeout_ms, [&](std::size_t key, base::ByteView value) {
    if (!value.empty()) sightings.add(wanted[key], value, now);
    return true;
  });
}

std::vector<Announcement> View::live(const std::string& family, std::int64_t now) const {
  std::vector<Announcement> out;
  const auto found = sightings_.find(family);
  if (found == sightings_.end()) return out;
  for (const auto& [key, announcement] : found->second.newest())
    if (key != self_ && announcement.live(now) && !announcement.withdrawn) out.push_back(announcement);
  return out;
}

std::set<crypto::PublicKey> View::seen(const std::string& family, std::int64_t now) const {
  std::set<crypto::PublicKey> keys;
  for (const Announcement& announcement : live(family, now)) keys.insert(announcement.key);
  return keys;
}

double coverage(std::span<const crypto::PublicKey> list, const std::set<crypto::PublicKey>& seen, std::size_t longest) {
  const std::set<crypto::PublicKey> named(list.begin(), list.end());  // naming somebody twice does not help
  const auto have = std::ranges::count_if(named, [&](const auto& key) { return seen.contains(key); });
  const std::size_t all = std::min(seen.size(), longest);
  return all == 0 ? 1 : std::min(1.0, static_cast<double>(have) / static_cast<double>(all));
}

}  // namespace discovery
