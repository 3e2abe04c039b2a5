#include "discovery/vivaldi.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace discovery {
namespace {

constexpr double kErrorGain = 0.25, kForceGain = 0.25, kGravityRhoMs = 400;
constexpr double kRttMaxMs = 10'000, kTinyMs = 1e-3;
constexpr std::size_t kFilter = 3, kAdjustmentWindow = 20;
constexpr std::size_t kUsualLeast = 8, kUsualWindow = 64;
constexpr double kUsualWidth = 4, kUsualFloorMs = 1;  // measured: docs/discovery.md

template <class Values>
double median(Values& values) {  // and leaves them in another order
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Vivaldi::Vivaldi(base::Random& random, const Coordinate& start, Checks checks)
    : random_(random), checks_(checks), own_(start.valid() ? start : Coordinate{}) {}

bool Vivaldi::observe(const crypto::PublicKey& key, const Coordinate& theirs, double rtt_ms, std::int64_t now) {
  if (!theirs.valid() || !(rtt_ms > 0 && rtt_ms <= kRttMaxMs)) {
    ++refused_;
    return false;
  }
  Peer& peer = remember(key);
  peer.rtts_ms.push_back(rtt_ms);
  if (peer.rtts_ms.size() > kFilter) peer.rtts_ms.pop_front();
  std::deque<double> rtts_ms = peer.rtts_ms;
  const double rtt = median(rtts_ms);
  const bool good = lawful(peer, theirs, rtt);
  peer.at = theirs;
  peer.heard = now;
  if (!good && checks_ == Checks::kNewton) {
    ++refused_;
    return false;
  }
  pull(theirs, rtt);
  adjust(theirs, rtt);
  gravitate();
  if (!own_.valid()) own_ = {};  // driven out of the world: begin again
  return true;
}

Vivaldi::Peer& Vivaldi::remember(const crypto::PublicKey& key) {
  if (!peers_.contains(key) && peers_.size() >= kMaxPeers)
    peers_.erase(std::ranges::min_element(peers_, {}, [](const auto& entry) { return entry.second.heard; }));
  return peers_[key];
}

bool Vivaldi::Usual::sticks_out(double value_ms) const {
  if (last_.size() < kUsualLeast) return false;
  std::vector<double> values = last_;
  const double middle = median(values);
  for (double& v : values) v = std::abs(v - middle);
  return value_ms > middle + kUsualWidth * std::max(median(values), kUsualFloorMs);
}

void Vivaldi::Usual::add(double value_ms) {
  if (last_.size() < kUsualWindow) {
    last_.push_back(value_ms);
  } else {
    last_[oldest_] = value_ms;
    oldest_ = (oldest_ + 1) % kUsualWindow;
  }
}

// Refused values count as usual too: a minority cannot move a median, and when it is we who have moved, what the
// majority says becomes usual within half a window.
bool Vivaldi::lawful(const Peer& peer, const Coordinate& theirs, double rtt_ms) {
  const double force = std::abs(rtt_ms - distance_ms(own_, theirs));
  bool good = !forces_.sticks_out(force);
  forces_.add(force);
  if (peer.at) {
    const double move = euclid_ms(*peer.at, theirs);
    if (moves_.sticks_out(move)) good = false;
    moves_.add(move);
  }
  return good;
}

void Vivaldi::pull(const Coordinate& theirs, double rtt_ms) {
  const double distance = distance_ms(own_, theirs);
  const double wrong = std::abs(distance - rtt_ms) / rtt_ms;
  const double weight = own_.error / std::max(own_.error + theirs.error, 1e-6);
  own_.error = std::min(kErrorMax, kErrorGain * weight * wrong + own_.error * (1 - kErrorGain * weight));
  apply(kForceGain * weight * (rtt_ms - distance), theirs);
}

void Vivaldi::apply(double force_ms, const Coordinate& from) {
  std::array<double, kDimensions> way{};
  const double apart = euclid_ms(own_, from);
  double length = 0;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    if (apart > kTinyMs) {
      way[i] = own_.position_ms[i] - from.position_ms[i];
    } else {  // in the same place: any direction parts us
      std::array<std::uint8_t, 1> byte{};
      random_.fill(byte);
      way[i] = byte[0] - 127.5;
    }
    length += way[i] * way[i];
  }
  length = std::sqrt(length);
  for (std::size_t i = 0; i < kDimensions; ++i) own_.position_ms[i] += way[i] / length * force_ms;
  if (apart > kTinyMs)
    own_.height_ms = std::max(kHeightMinMs, own_.height_ms + (own_.height_ms + from.height_ms) * force_ms / apart);
}

void Vivaldi::adjust(const Coordinate& theirs, double rtt_ms) {
  residuals_ms_.push_back(rtt_ms - (euclid_ms(own_, theirs) + own_.height_ms + theirs.height_ms));
  if (residuals_ms_.size() > kAdjustmentWindow) residuals_ms_.pop_front();
  double sum = 0;
  for (const double r : residuals_ms_) sum += r;
  own_.adjustment_ms = sum / (2.0 * kAdjustmentWindow);
}

void Vivaldi::gravitate() {
  const Coordinate origin;
  const double pull = euclid_ms(own_, origin) / kGravityRhoMs;
  apply(-pull * pull, origin);
}

}  // namespace discovery
