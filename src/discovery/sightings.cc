#include "discovery/sightings.h"

namespace discovery {

std::vector<Bucket> buckets(const std::string& family, std::span<const Cell> cells, std::int64_t now) {
  std::vector<Bucket> out;
  for (const std::int64_t epoch : epochs_to_ask(now))
    for (const Cell& cell : cells) out.push_back({family, cell, key_of(family, cell, epoch)});
  return out;
}

const Announcement* Sightings::add(const Bucket& found_in, base::ByteView value, std::int64_t now) {
  if (seen_.size() >= kMaxValues) return nullptr;
  // The table repeats itself: a hash is cheaper than a signature.
  if (!seen_.insert(crypto::Sha256().update(found_in.key).update(value).finish()).second) return nullptr;
  auto said = Announcement::decode(value);
  if (!said || !said->live(now) || !said->offers(found_in.family) ||
      cell_of(said->coordinate, found_in.cell.level) != found_in.cell) {
    ++dropped_;
    return nullptr;
  }
  const auto known = newest_.find(said->key);
  if (known == newest_.end() ? newest_.size() >= kMaxKeys : !said->newer_than(known->second)) return nullptr;
  const crypto::PublicKey key = said->key;
  return &newest_.insert_or_assign(key, std::move(*said)).first->second;
}

void Sightings::forget_expired(std::int64_t now) {
  std::erase_if(newest_, [now](const auto& entry) { return !entry.second.live(now); });
  seen_.clear();
}

}  // namespace discovery
