#include "discovery/cell.h"

#include <cmath>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/sha256.h"

namespace discovery {
namespace {

constexpr std::int64_t kEarlyMs = 600'000, kLateMs = 120'000;

std::int32_t square(double v, double side) { return static_cast<std::int32_t>(std::floor(v / side)); }

}  // namespace

Cell cell_of(const Coordinate& at, std::size_t level) {
  CHECK(level < kLevels && at.valid());
  if (level == 0) return {};
  const double side = kSidesMs[level];
  return {level, square(at.position_ms[0], side), square(at.position_ms[1], side)};
}

std::vector<Cell> ring(const Coordinate& at, std::size_t level) {
  const Cell own = cell_of(at, level);
  std::vector<Cell> cells = {own};
  if (level == 0) return cells;
  for (int dx = -1; dx <= 1; ++dx)
    for (int dy = -1; dy <= 1; ++dy)
      if (dx != 0 || dy != 0) cells.push_back({level, own.x + dx, own.y + dy});
  return cells;
}

std::vector<Cell> first_cells(const Coordinate& at) {
  std::vector<Cell> cells = ring(at, kFinest);
  cells.push_back({});
  return cells;
}

std::int64_t epoch_of(std::int64_t now) { return now / kEpochMs; }

std::vector<std::int64_t> epochs_to_announce(std::int64_t now) {
  const std::int64_t current = epoch_of(now);
  if (epoch_of(now + kEarlyMs) == current) return {current};
  return {current, current + 1};
}

std::vector<std::int64_t> epochs_to_ask(std::int64_t now) {
  const std::int64_t current = epoch_of(now);
  if (epoch_of(now - kLateMs) == current) return {current};
  return {current, current - 1};
}

DirectoryKey key_of(const std::string& family, const Cell& cell, std::int64_t epoch) {
  base::Writer out;
  out.raw(base::view("tarn cell v1")).text(family).u8(static_cast<std::uint8_t>(cell.level));
  out.u32(static_cast<std::uint32_t>(cell.x)).u32(static_cast<std::uint32_t>(cell.y));
  out.u64(static_cast<std::uint64_t>(epoch));
  return crypto::sha256(out.bytes());
}

}  // namespace discovery
