// A directory and a prober in memory, on made-up time: they move the clock on as their values and answers "arrive".
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "discovery/directory.h"
#include "discovery/prober.h"

namespace support {

class ManualClock final : public base::Clock {
 public:
  explicit ManualClock(std::int64_t unix_ms = 1'750'000'000'000) : now(unix_ms) {}
  std::int64_t unix_ms() const override { return now; }
  std::int64_t now;
};

class MemoryDirectory final : public discovery::Directory {
 public:
  explicit MemoryDirectory(ManualClock& clock) : clock_(clock) {}

  void put(const discovery::DirectoryKey& key, std::uint64_t slot, base::Bytes value) override {
    values[key][slot] = std::move(value);
    ++puts;
  }
  void get(std::span<const discovery::DirectoryKey> keys, int timeout_ms,
           const std::function<bool(std::size_t, base::ByteView)>& on_value) override {
    const std::int64_t start = clock_.now, end = start + timeout_ms;
    asked.emplace_back(keys.begin(), keys.end());
    std::int64_t next = start + first_ms;
    const bool blind = blind_lookups > 0 && blind_lookups-- > 0;
    for (std::size_t k = 0; k < keys.size() && !blind; ++k)
      for (const auto& [slot, value] : values[keys[k]]) {
        if (!wait(std::min(next, end), on_value)) return;
        if (next > end) return;
        if (!on_value(k, value)) return;
        next += gap_ms;
      }
    wait(std::min(start + search_ms, end), on_value);
  }

  std::map<discovery::DirectoryKey, std::map<std::uint64_t, base::Bytes>> values;
  std::vector<std::vector<discovery::DirectoryKey>> asked;
  std::size_t puts = 0;
  int first_ms = 20, gap_ms = 1;  // when the first value arrives, and then each
  int search_ms = 4000;           // until every key is searched to the end
  int blind_lookups = 0;          // so many find nothing

 private:
  bool wait(std::int64_t until, const std::function<bool(std::size_t, base::ByteView)>& on_value) {
    while (clock_.now + 20 < until) {
      clock_.now += 20;
      if (!on_value(0, {})) return false;
    }
    clock_.now = std::max(clock_.now, until);
    return true;
  }
  ManualClock& clock_;
};

// Answers by a function of the key; who has none is silent.
class MemoryProber final : public discovery::Prober {
 public:
  using Answer = std::optional<discovery::ProbeAnswer>;
  MemoryProber(ManualClock& clock, std::function<Answer(const crypto::PublicKey&)> answer)
      : clock_(clock), answer_(std::move(answer)) {}

  void probe(std::span<const discovery::ProbeTarget> targets, int timeout_ms,
             const std::function<bool(const discovery::ProbeAnswer&)>& on_answer) override {
    probed += targets.size();
    std::vector<discovery::ProbeAnswer> answers;
    for (std::size_t i = 0; i < targets.size(); ++i)
      if (auto answer = answer_(targets[i].key); answer && answer->rtt_ms <= timeout_ms) {
        answer->target = i;
        answers.push_back(*answer);
      }
    std::ranges::sort(answers, {}, &discovery::ProbeAnswer::rtt_ms);
    const std::int64_t start = clock_.now;
    for (const discovery::ProbeAnswer& answer : answers) {
      clock_.now = std::max(clock_.now, start + static_cast<std::int64_t>(answer.rtt_ms));
      if (!on_answer(answer)) return;
    }
    if (answers.size() < targets.size()) clock_.now = start + timeout_ms;
  }
  std::size_t probed = 0;

 private:
  ManualClock& clock_;
  std::function<Answer(const crypto::PublicKey&)> answer_;
};

}  // namespace support
