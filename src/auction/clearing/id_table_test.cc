#include "auction/clearing/id_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace auction::clearing {
namespace {

TEST(IdTable, IsAMapThroughGrowthAndGaps) {
  std::mt19937_64 random(1);
  for (const std::uint64_t ids : {5U, 40U, 3000U}) {
    IdTable table;
    std::map<std::uint64_t, std::uint32_t> map;
    for (std::uint32_t step = 0; step < 20'000; ++step) {
      const std::uint64_t id = random() % ids * (ids == 40 ? std::uint64_t{1} << 40 : 1);
      if (map.contains(id)) {
        table.erase(id);
        map.erase(id);
      } else {
        table.insert(id, step);
        map.emplace(id, step);
      }
      const std::uint64_t other = random() % ids * (ids == 40 ? std::uint64_t{1} << 40 : 1);
      const auto found = map.find(other);
      ASSERT_EQ(table.find(other), found == map.end() ? IdTable::kNone : found->second);
      ASSERT_EQ(table.size(), map.size());
    }
    for (const auto& [id, place] : map) ASSERT_EQ(table.find(id), place);
  }
}

}  // namespace
}  // namespace auction::clearing
