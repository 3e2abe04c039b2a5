#include "store/shared_acquaintances.h"

namespace store {

class SharedAcquaintances::View final : public mpc::AcquaintanceStore {
 public:
  explicit View(SharedAcquaintances& shared) : shared_(shared) {}
  ~View() override {
    const std::lock_guard lock(shared_.mutex_);
    std::erase_if(shared_.lent_, [this](const auto& entry) { return entry.second == this; });
  }

  base::Result<std::optional<mpc::Acquaintance>> load(const crypto::PublicKey& peer) override {
    const std::lock_guard lock(shared_.mutex_);
    if (shared_.lent_.try_emplace(peer, this).first->second != this) return std::optional<mpc::Acquaintance>{};
    return shared_.store_.load(peer);
  }
  base::Status save(const std::vector<std::pair<crypto::PublicKey, const mpc::Acquaintance*>>& entries,
                    mpc::Durability durability) override {
    const std::lock_guard lock(shared_.mutex_);
    auto ours = entries;
    std::erase_if(ours, [this](const auto& entry) {
      const auto lent = shared_.lent_.find(entry.first);
      return lent == shared_.lent_.end() || lent->second != this;
    });
    return shared_.store_.save(ours, durability);
  }
  base::Status destroy(const crypto::PublicKey& peer) override {
    const std::lock_guard lock(shared_.mutex_);
    return shared_.store_.destroy(peer);
  }
  base::Status may_meet(const crypto::PublicKey& peer) override {
    const std::lock_guard lock(shared_.mutex_);
    return shared_.store_.may_meet(peer);
  }

 private:
  SharedAcquaintances& shared_;
};

std::unique_ptr<mpc::AcquaintanceStore> SharedAcquaintances::lend() { return std::make_unique<View>(*this); }

}  // namespace store
