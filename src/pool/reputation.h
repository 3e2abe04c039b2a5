// Reputation: whom we would rather not meet again soon. Every offence weighs, and weights halve every 24 hours, because
// a broken host gets mended and a key costs a cheater nothing: the list saves us time, it is no punishment.
//   named 8     proven to have cheated, out for two and a half days     suspect 2   one of few who may have, ten hours
//   silent 1    did not answer: twice in half a day, ten hours          late 0.5    answered after its time
// One misdeed or silence twice reach kExcluded; a single lost packet does not. Each party keeps its own list and tells
// nobody. Evidence is what shows the offence to a person, e.g. the signed messages; it is not read here.
// Time: Unix milliseconds, an argument; a clock that was set back lets nothing grow.
// Errors: kStorage. Threads: implementations lock.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/identity.h"

namespace pool {

enum class Offence : std::uint8_t { kNamed = 1, kSuspect, kSilent, kLate };

inline constexpr double kExcluded = 1.5;
inline bool excluded(double score) { return score >= kExcluded; }
double weight(Offence offence);
double decayed(double score, std::int64_t since_unix_ms, std::int64_t now);

class Reputation {
 public:
  struct Entry {
    crypto::PublicKey key{};
    double score = 0;  // now
    Offence last = Offence::kNamed;
    std::int64_t last_unix_ms = 0;
  };
  virtual ~Reputation() = default;
  virtual double score(const crypto::PublicKey& key, std::int64_t now) const = 0;  // 0: clean
  virtual base::Status record(const crypto::PublicKey& key, Offence offence, std::int64_t now,
                              base::Bytes evidence) = 0;
  virtual std::vector<Entry> list(std::int64_t now) const = 0;  // worst first
};

}  // namespace pool
