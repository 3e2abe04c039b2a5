// Failures: how often somebody failed to prove who it is, and how long it has to wait therefore. After `free` failures
// each one doubles the wait, from the first to the longest; without a failure for `forget_ms` all is forgotten.
// The table has a fixed number of counters, each for all keys that fall on it: it cannot be flooded into forgetting, and
// keys are made with a secret (authentication.cc), so nobody can choose with whom to share.
// Threads: one at a time. Time is an argument, in steady milliseconds.
#pragma once

#include <cstdint>
#include <vector>

namespace api {

class Failures {
 public:
  struct Rule {
    unsigned free = 5;
    std::int64_t first_wait_ms = 1'000, longest_wait_ms = 900'000, forget_ms = 3'600'000;
  };
  Failures(std::size_t counters, const Rule& rule) : rule_(rule), counters_(counters) {}

  std::int64_t wait_ms(std::uint64_t key, std::int64_t now) const;  // 0: may try
  void failed(std::uint64_t key, std::uint64_t source, std::int64_t now);
  // Forgives what came from this source, if nothing came from any other.
  void succeeded(std::uint64_t key, std::uint64_t source);

 private:
  struct Counter {
    unsigned count = 0;
    bool several_sources = false;
    std::uint64_t source = 0;
    std::int64_t last = 0, until = 0;
  };
  Rule rule_;
  std::vector<Counter> counters_;
};

}  // namespace api
