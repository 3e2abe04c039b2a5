#include "discovery/coordinate.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/encoding.h"

namespace discovery {
namespace {

bool within(double v, double low, double high) { return v >= low && v <= high; }  // false for NaN

std::uint32_t fixed(double v, double scale) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(v * scale)));
}
double real(std::uint32_t v, double scale) { return static_cast<std::int32_t>(v) / scale; }

constexpr double kPerMs = 1e3, kPerOne = 1e6;

}  // namespace

bool Coordinate::valid() const {
  const auto fits = [](double v) { return within(v, -kCoordinateLimitMs, kCoordinateLimitMs); };
  return std::all_of(position_ms.begin(), position_ms.end(), fits) && fits(adjustment_ms) &&
         within(height_ms, kHeightMinMs, kCoordinateLimitMs) && within(error, 0, kErrorMax);
}

base::Bytes Coordinate::encode() const {
  CHECK(valid());
  base::Writer out;
  for (const double v : position_ms) out.u32(fixed(v, kPerMs));
  out.u32(fixed(height_ms, kPerMs)).u32(fixed(adjustment_ms, kPerMs)).u32(fixed(error, kPerOne));
  return out.take();
}

std::optional<Coordinate> Coordinate::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  Coordinate out;
  for (double& v : out.position_ms) v = real(in.u32(), kPerMs);
  out.height_ms = real(in.u32(), kPerMs);
  out.adjustment_ms = real(in.u32(), kPerMs);
  out.error = real(in.u32(), kPerOne);
  if (!in.done() || !out.valid()) return std::nullopt;
  return out;
}

double euclid_ms(const Coordinate& a, const Coordinate& b) {
  double sum = 0;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    const double d = a.position_ms[i] - b.position_ms[i];
    sum += d * d;
  }
  return std::sqrt(sum);
}

double distance_ms(const Coordinate& a, const Coordinate& b) {
  const double raw = euclid_ms(a, b) + a.height_ms + b.height_ms;
  const double adjusted = raw + a.adjustment_ms + b.adjustment_ms;
  return adjusted > 0 ? adjusted : raw;
}

}  // namespace discovery
