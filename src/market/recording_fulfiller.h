// A Fulfiller that delivers nothing, at once, and notes what it was asked: for simulations, demonstrations, and tests that
// kill the market. What it remembers is gone with the process, and made again as it is asked again.
// Threads: as market::Fulfiller.
#pragma once

#include <cstddef>
#include <deque>
#include <set>

#include "market/fulfiller.h"

namespace market {

class RecordingFulfiller final : public Fulfiller {
 public:
  static constexpr std::size_t kMostAsked = 100'000;  // the oldest are forgotten

  struct Asked {
    enum class What : std::uint8_t { kBegin, kEnd };
    What what = What::kBegin;
    Lease lease;
  };

  base::Status begin(const Lease& lease) override {
    note({Asked::What::kBegin, lease});
    there_.insert(lease.id);
    return {};
  }
  base::Status end(const Lease& lease) override {
    note({Asked::What::kEnd, lease});
    there_.erase(lease.id);
    return {};
  }
  base::Result<Sight> look(const Lease& lease) override {
    return Sight{there_.contains(lease.id) ? Sight::State::kReady : Sight::State::kGone};
  }

  const std::deque<Asked>& asked() const { return asked_; }
  const std::set<Id>& there() const { return there_; }

 private:
  void note(Asked asked) {
    asked_.push_back(std::move(asked));
    if (asked_.size() > kMostAsked) asked_.pop_front();
  }

  std::deque<Asked> asked_;
  std::set<Id> there_;
};

}  // namespace market
