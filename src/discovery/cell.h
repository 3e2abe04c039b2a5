// Cell: where in the directory a place is looked up. The first two dimensions of a coordinate are cut into squares, at
// four levels; level 0 is the whole world. Leaving dimensions out only shortens distances: whoever is within a level's
// side of a point, heights apart, is in the point's own square or one of the eight around it. (An adjustment may
// shorten a prediction below that, by a few ms.) What is found is ranked at home, in all dimensions.
// A key is a hash of (family, level, square, epoch): a node of the table learns in which square somebody asks, not
// what for; and where a square's values are kept changes every hour, so nobody can settle beside one.
// Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "discovery/coordinate.h"
#include "discovery/directory.h"

namespace discovery {

inline constexpr std::array<double, 4> kSidesMs = {0, 100, 40, 15};  // 0: no limit; measured: docs/discovery.md
inline constexpr std::size_t kLevels = kSidesMs.size(), kFinest = kLevels - 1;
inline constexpr std::int64_t kEpochMs = 3'600'000;

struct Cell {
  std::size_t level = 0;
  std::int32_t x = 0, y = 0;
  bool operator==(const Cell&) const = default;
};

Cell cell_of(const Coordinate& at, std::size_t level);
// The point's own cell and, below level 0, the eight around it; its own is first.
std::vector<Cell> ring(const Coordinate& at, std::size_t level);
// Where to look first: the ring of the finest level, and the world, which is all there is of a small pool.
std::vector<Cell> first_cells(const Coordinate& at);

std::int64_t epoch_of(std::int64_t now);  // Unix ms
// Under which epochs to announce: the next one too from ten minutes before it begins (two rounds of announcements).
std::vector<std::int64_t> epochs_to_announce(std::int64_t now);
// And to ask: the one before too for two minutes, for those whose clocks are slow.
std::vector<std::int64_t> epochs_to_ask(std::int64_t now);

DirectoryKey key_of(const std::string& family, const Cell& cell, std::int64_t epoch);

}  // namespace discovery
