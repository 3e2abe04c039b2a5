#include "discovery/announcer.h"

#include <algorithm>

#include "base/check.h"

namespace discovery {

Announcer::Keys Announcer::keys_of(const Announcement& announcement, std::int64_t now) const {
  std::set<std::string> families;
  for (const model::ResourceClass& unit : announcement.classes) families.insert(unit.family());
  Keys keys;
  for (const std::string& family : families)
    for (const std::int64_t epoch : epochs_to_announce(now))
      for (std::size_t level = 0; level < kLevels; ++level)
        keys.insert(key_of(family, cell_of(announcement.coordinate, level), epoch));
  return keys;
}

bool Announcer::due(std::int64_t now, const Announcement& next, const Keys& keys) const {
  if (!said_ || now - said_->issued_ms >= kPeriodMs || now < said_->issued_ms) return true;
  if (next.classes != said_->classes) return true;
  return keys != said_under_ && now - said_->issued_ms >= kMoveMs;
}

// Above all that this process said and, because it is the time, above what an earlier one said.
std::uint64_t Announcer::sequence_after(std::int64_t now) const {
  return std::max(sequence_ + 1, static_cast<std::uint64_t>(now));
}

void Announcer::put(const Keys& keys, const base::Bytes& value) {
  for (const DirectoryKey& key : keys) directory_.put(key, slot_of(identity_.public_key()), value);
}

base::Result<std::size_t> Announcer::run_once(std::int64_t now, const Coordinate& own,
                                              const std::vector<model::ResourceClass>& classes) {
  if (classes.empty()) {
    const std::size_t count = said_under_.size();
    withdraw(now);
    return count;
  }
  Announcement next;
  next.endpoint = endpoint_;
  next.classes = classes;
  next.coordinate = *Coordinate::decode(own.encode());  // rounded, as others read it: a cell's edge is sharp
  next.issued_ms = now;
  next.expires_ms = now + Announcement::kMaxLifeMs;
  next.sequence = sequence_after(now);
  TARN_ASSIGN(const base::Bytes value, next.sign(identity_));
  const Keys keys = keys_of(next, now);
  if (!due(now, next, keys)) return std::size_t{0};
  // To where it no longer is, too, in place of what lies there: it does not belong there, so nobody counts it. A
  // withdrawal might be found before the announcement that is to outlive it, and hide us for a while.
  Keys everywhere = keys;
  if (said_) everywhere.merge(keys_of(*said_, now));  // of the epochs of now: in an old one it is still where it says
  put(everywhere, value);
  sequence_ = next.sequence;
  said_ = std::move(next);
  said_under_ = keys;
  return keys.size();
}

void Announcer::withdraw(std::int64_t now) {
  if (!said_) return;
  Announcement gone = *said_;  // a withdrawal, too, lies in a cell where it belongs
  gone.issued_ms = now;
  gone.expires_ms = now + Announcement::kMaxLifeMs;
  gone.sequence = sequence_ = sequence_after(now);
  gone.withdrawn = true;
  const auto value = gone.sign(identity_);
  CHECK(value.ok());  // as the announcement that it withdraws
  put(said_under_, *value);
  said_.reset();
  said_under_.clear();
}

}  // namespace discovery
