// Coordinate: a point in a space where distance predicts round-trip time: 8 Euclidean dimensions, a height for the
// access link, and an adjustment (Dabek et al., Vivaldi, SIGCOMM'04; Ledlie et al., NSDI'07; Serf's parameters).
// Milliseconds throughout. A value, any thread; what comes from outside is checked by decode().
#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"

namespace discovery {

inline constexpr std::size_t kDimensions = 8;

struct Coordinate {
  std::array<double, kDimensions> position_ms{};
  double height_ms = 0.01;
  double adjustment_ms = 0;
  double error = 1.5;  // relative; 1.5 means that nothing is known

  base::Bytes encode() const;
  static std::optional<Coordinate> decode(base::ByteView bytes);  // finite and within limits, or nothing
  bool operator==(const Coordinate&) const = default;
};

// The predicted round-trip time.
double distance_ms(const Coordinate& a, const Coordinate& b);

}  // namespace discovery
