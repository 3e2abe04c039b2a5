#include "api/failures.h"

#include <algorithm>

namespace api {

std::int64_t Failures::wait_ms(std::uint64_t key, std::int64_t now) const {
  return std::max<std::int64_t>(0, counters_[key % counters_.size()].until - now);
}

void Failures::failed(std::uint64_t key, std::uint64_t source, std::int64_t now) {
  Counter& counter = counters_[key % counters_.size()];
  if (counter.count > 0 && now - counter.last >= rule_.forget_ms) counter = {};
  if (counter.count > 0 && counter.source != source) counter.several_sources = true;
  counter.source = source;
  counter.last = now;
  ++counter.count;
  if (counter.count < rule_.free) return;
  std::int64_t wait = rule_.first_wait_ms;
  for (unsigned i = rule_.free; i < counter.count && wait < rule_.longest_wait_ms; ++i) wait *= 2;
  counter.until = now + std::min(wait, rule_.longest_wait_ms);
}

void Failures::succeeded(std::uint64_t key, std::uint64_t source) {
  Counter& counter = counters_[key % counters_.size()];
  if (!counter.several_sources && counter.source == source) counter = {};
}

}  // namespace api
