// Where the order with an id is: a hash table of (id, place) in one array, at most half full. Open addressing with linear
// probing; what is taken out closes the gap behind it, so nothing is left of it and no search gets longer with time. Ids
// are the market's, not a stranger's to choose. Lookups touch one or two cache lines; growing doubles.
// Threads: none of its own.
#pragma once

#include <cstdint>
#include <vector>

namespace auction::clearing {

class IdTable {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::size_t size() const { return size_; }
  std::uint32_t find(std::uint64_t id) const {  // kNone: it is not there
    std::size_t at = home(id);
    while (entries_[at].place != kNone && entries_[at].id != id) at = behind(at);
    return entries_[at].place;
  }
  void insert(std::uint64_t id, std::uint32_t place) {  // which is not there
    if (2 * (size_ + 1) > entries_.size()) grow();
    put({id, place});
    ++size_;
  }
  void erase(std::uint64_t id) {  // which is there
    std::size_t gap = home(id);
    while (entries_[gap].id != id || entries_[gap].place == kNone) gap = behind(gap);
    --size_;
    // What lies behind moves into the gap unless its home is behind the gap, too.
    for (std::size_t at = behind(gap); entries_[at].place != kNone; at = behind(at)) {
      if (((at - home(entries_[at].id)) & mask()) < ((at - gap) & mask())) continue;
      entries_[gap] = entries_[at];
      gap = at;
    }
    entries_[gap].place = kNone;
  }

 private:
  struct Entry {
    std::uint64_t id = 0;
    std::uint32_t place = kNone;
  };

  std::size_t mask() const { return entries_.size() - 1; }
  std::size_t behind(std::size_t at) const { return (at + 1) & mask(); }
  // Fibonacci hashing: neighbouring ids, which are the rule, are far apart.
  std::size_t home(std::uint64_t id) const { return (id * 0x9e3779b97f4a7c15) >> shift_; }
  void put(const Entry& entry) {
    std::size_t at = home(entry.id);
    while (entries_[at].place != kNone) at = behind(at);
    entries_[at] = entry;
  }
  void grow() {
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    --shift_;
    for (const Entry& entry : old)
      if (entry.place != kNone) put(entry);
  }

  std::vector<Entry> entries_ = std::vector<Entry>(16);
  int shift_ = 64 - 4;  // that many bits of the product are the home
  std::size_t size_ = 0;
};

}  // namespace auction::clearing
