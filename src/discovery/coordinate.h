// Coordinate: a point in a space where distance predicts round-trip time: 8 Euclidean dimensions, a height for the
// access link, and an adjustment (Dabek et al., Vivaldi, SIGCOMM'04; Ledlie et al., NSDI'07; Serf's parameters).
// Milliseconds throughout. A value, any thread; what comes from outside is checked by decode().
#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"

namespace discovery {

inline constexpr std::size_t kDimensions = 8;
inline constexpr double kHeightMinMs = 0.01, kErrorMax = 1.5, kCoordinateLimitMs = 10'000;

struct Coordinate {
  static constexpr std::size_t kEncodedSize = (kDimensions + 3) * 4;  // whole microseconds, whole millionths

  std::array<double, kDimensions> position_ms{};
  double height_ms = kHeightMinMs;
  double adjustment_ms = 0;
  double error = kErrorMax;  // relative; 1.5 means that nothing is known

  bool valid() const;          // finite and within limits
  base::Bytes encode() const;  // of a valid one
  static std::optional<Coordinate> decode(base::ByteView bytes);
  bool operator==(const Coordinate&) const = default;
};

// Between the points alone, without heights and adjustments.
double euclid_ms(const Coordinate& a, const Coordinate& b);
// The predicted round-trip time.
double distance_ms(const Coordinate& a, const Coordinate& b);

}  // namespace discovery
