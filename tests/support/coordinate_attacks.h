// Ways to lie about one's place, for CoordinateWorld.
#pragma once

#include <memory>
#include <vector>

#include "crypto/random.h"
#include "support/coordinate_world.h"

namespace support {

struct Attack {
  const char* name;
  CoordinateWorld::Lie lie;
};

// Each claims to be certain, so that it counts most.
inline std::vector<Attack> attacks() {
  const auto random = std::make_shared<crypto::SeededRandom>(base::view("lies"));
  const auto around = [random](double reach) {
    std::array<std::uint8_t, 2> two{};
    random->fill(two);
    return (two[0] * 256 + two[1] - 32768) / 32768.0 * reach;
  };
  using Answer = CoordinateWorld::Answer;
  const auto sure = [](CoordinateWorld::Lie lie) {
    return [lie](Answer truth, std::size_t liar, std::size_t asker, std::size_t round) {
      Answer answer = lie(truth, liar, asker, round);
      answer.coordinate.error = 0.01;
      return answer;
    };
  };
  return {{"random coordinates", sure([around](Answer a, std::size_t, std::size_t, std::size_t) {
             for (double& v : a.coordinate.position_ms) v = around(1000);
             return a;
           })},
          {"inflated times", sure([around](Answer a, std::size_t, std::size_t, std::size_t) {
             a.rtt_ms += 1000 + around(500);
             return a;
           })},
          {"oscillation", sure([](Answer a, std::size_t liar, std::size_t, std::size_t round) {
             a.coordinate.position_ms = {};
             a.coordinate.position_ms[liar % discovery::kDimensions] = (round / 4 + liar) % 2 == 0 ? -500 : 500;
             return a;
           })},
          {"steady pull apart", sure([](Answer a, std::size_t, std::size_t asker, std::size_t round) {
             a.coordinate.position_ms[0] += (asker % 2 == 0 ? -2 : 2) * static_cast<double>(round);
             return a;
           })}};
}

}  // namespace support
