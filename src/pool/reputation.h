#pragma once
#include <vector>
#include "crypto/identity.h"
namespace pool {
enum class Offence : std::uint8_t { kNamed = 1, kSuspect, kSilent, kLate };
class Reputation { public: virtual ~Reputation() = default;
  virtual double score(const crypto::PublicKey& key, std::int64_t now) = 0;
  virtual base::Status record(const crypto::PublicKey& key, Offence offence, std::int64_t now, base::Bytes evidence) = 0; };
inline bool excluded(double s) { return s >= 1.5; }
}
