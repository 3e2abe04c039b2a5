// CoordinateWorld: a Vivaldi at each host of a matrix, learning from one random other host a round, some of them lying
// as a test says. The same seed gives the same world.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "crypto/random.h"
#include "discovery/vivaldi.h"
#include "support/latency_matrix.h"

namespace support {

class CoordinateWorld {
 public:
  struct Answer {
    discovery::Coordinate coordinate;
    double rtt_ms = 0;
  };
  // What a liar answers, given the truth, its own number, the asker's and the round.
  using Lie = std::function<Answer(Answer truth, std::size_t liar, std::size_t asker, std::size_t round)>;

  CoordinateWorld(const LatencyMatrix& matrix, const std::string& seed, discovery::Vivaldi::Checks checks)
      : matrix_(matrix), random_(base::view(seed)), choice_(random_.fork("choice")) {
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      streams_.push_back(std::make_unique<crypto::SeededRandom>(random_.fork("node", i)));
      nodes_.emplace_back(*streams_.back(), discovery::Coordinate{}, checks);
      keys_.push_back({});
      streams_.back()->fill(keys_.back());
    }
  }

  std::size_t size() const { return nodes_.size(); }
  const discovery::Vivaldi& node(std::size_t i) const { return nodes_[i]; }
  const crypto::PublicKey& key(std::size_t i) const { return keys_[i]; }
  std::size_t pick(std::size_t below) {
    std::array<std::uint8_t, 4> bytes{};
    choice_.fill(bytes);
    std::size_t v = 0;
    for (const std::uint8_t b : bytes) v = v << 8 | b;
    return v % below;
  }

  // The first `liars` hosts lie. Each round every host asks one other.
  void run(std::size_t rounds, std::size_t liars = 0, const Lie& lie = {}) {
    liars_ = liars;
    for (std::size_t end = round_ + rounds; round_ < end; ++round_)
      for (std::size_t i = 0; i < size(); ++i) ask(i, pick(size()), lie);
  }

  // The median relative error of predictions among the honest.
  double median_error() const {
    std::vector<double> errors;
    for (std::size_t i = liars_; i < size(); ++i)
      for (std::size_t j = i + 1; j < size(); ++j)
        if (const auto rtt = matrix_.rtt_ms(i, j))
          errors.push_back(std::abs(discovery::distance_ms(nodes_[i].own(), nodes_[j].own()) - *rtt) / *rtt);
    const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
    std::nth_element(errors.begin(), middle, errors.end());
    return *middle;
  }

 private:
  void ask(std::size_t asker, std::size_t other, const Lie& lie) {
    const auto rtt = matrix_.rtt_ms(asker, other);
    if (!rtt) return;
    Answer answer{nodes_[other].own(), *rtt};
    if (other < liars_ && lie) answer = lie(answer, other, asker, round_);
    nodes_[asker].observe(keys_[other], answer.coordinate, answer.rtt_ms, static_cast<std::int64_t>(round_) * 1000);
  }

  const LatencyMatrix& matrix_;
  crypto::SeededRandom random_, choice_;
  std::vector<std::unique_ptr<crypto::SeededRandom>> streams_;
  std::vector<discovery::Vivaldi> nodes_;
  std::vector<crypto::PublicKey> keys_;
  std::size_t liars_ = 0, round_ = 0;
};

}  // namespace support
