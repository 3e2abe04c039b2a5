// Acquaintances in memory, with the bookkeeping of the real store: what is marked is gone when it is loaded.
// `saves_left`: after so many saves the disk no longer changes, as where the process died just then.
#pragma once

#include <map>
#include <optional>

#include "mpc/acquaintance.h"

namespace support {

class MemoryStore final : public mpc::AcquaintanceStore {
 public:
  base::Result<std::optional<mpc::Acquaintance>> load(const crypto::PublicKey& peer) override {
    const auto found = kept.find(peer);
    if (found == kept.end()) return std::optional<mpc::Acquaintance>{};
    auto acquaintance = mpc::Acquaintance::decode(found->second);
    if (!acquaintance || acquaintance->marked) {
      kept.erase(found);
      return std::optional<mpc::Acquaintance>{};
    }
    return acquaintance;
  }
  base::Status save(const std::vector<std::pair<crypto::PublicKey, const mpc::Acquaintance*>>& entries,
                    mpc::Durability) override {
    if (broken) return base::Error{base::Code::kStorage, "disk full"};
    if (saves_left == 0) return {};
    if (saves_left) --*saves_left;
    for (const auto& [peer, acquaintance] : entries) kept[peer] = acquaintance->encode();
    return {};
  }
  base::Status destroy(const crypto::PublicKey& peer) override {
    if (saves_left == 0) return {};
    kept.erase(peer);
    ++destroyed;
    return {};
  }
  base::Status may_meet(const crypto::PublicKey&) override {
    if (no_meetings) return base::Error{base::Code::kCancelled, "not so often"};
    return {};
  }

  std::map<crypto::PublicKey, base::Bytes> kept;
  int destroyed = 0;
  std::optional<int> saves_left;
  bool broken = false, no_meetings = false;
};

}  // namespace support
