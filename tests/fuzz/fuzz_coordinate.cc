// A coordinate from a peer: what decodes is a valid place and encodes to the very same bytes; distances between such are
// finite and positive; and a Vivaldi that hears any of them, with any times, stays in the world itself.
#include <cmath>
#include <memory>

#include "crypto/random.h"
#include "discovery/cell.h"
#include "discovery/vivaldi.h"
#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace discovery;
  fuzz::Input in(data, size);
  crypto::SeededRandom random(base::view("fuzz"));
  Vivaldi newton(random), naive(random, {}, Vivaldi::Checks::kNone);
  while (in.left() > 0) {
    const double rtt_ms = in.u32() / 1e4 - 1000;
    const crypto::PublicKey key = {in.u8()};
    const base::ByteView wire = in.take(Coordinate::kEncodedSize);
    const auto theirs = Coordinate::decode(wire);
    if (!theirs) continue;
    CHECK(theirs->valid() && theirs->encode() == fuzz::copy(wire));
    for (Vivaldi* vivaldi : {&newton, &naive}) {
      vivaldi->observe(key, *theirs, rtt_ms, 0);
      CHECK(vivaldi->own().valid());
      const double distance = distance_ms(vivaldi->own(), *theirs);
      CHECK(std::isfinite(distance) && distance > 0);
      for (std::size_t level = 0; level < kLevels; ++level)
        CHECK(ring(vivaldi->own(), level).size() == (level ? 9 : 1));
    }
  }
  return 0;
}
