#include "pool/reputation.h"

#include <cmath>

namespace pool {

double weight(Offence offence) {
  switch (offence) {
    case Offence::kNamed: return 8;
    case Offence::kSuspect: return 2;
    case Offence::kSilent: return 1;
    case Offence::kLate: return 0.5;
  }
  CHECK(false);
}

double decayed(double score, std::int64_t since_unix_ms, std::int64_t now) {
  constexpr double kHalfLifeMs = 24 * 3'600'000.0;
  if (now <= since_unix_ms) return score;
  return score * std::exp2(-static_cast<double>(now - since_unix_ms) / kHalfLifeMs);
}

}  // namespace pool
