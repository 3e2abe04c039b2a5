// AES-128 (FIPS 197) on blocks: the permutation under every PRG, leaf expansion and garbling hash of the engine.
// AES-NI where the CPU has it, else OpenSSL's constant-time code; the same bytes either way.
// A key lives in the object and is wiped with it. Thread-safe once constructed.
#pragma once

#include <array>
#include <cstddef>

#include "crypto/block.h"

namespace crypto {

class Aes128 {
 public:
  explicit Aes128(const Block& key);
  ~Aes128() { base::wipe(round_keys_.data(), sizeof round_keys_); }
  Aes128(const Aes128&) = default;
  Aes128& operator=(const Aes128&) = default;

  // out may be in.
  void encrypt(const Block* in, Block* out, std::size_t count) const;
  Block encrypt(const Block& in) const {
    Block out;
    encrypt(&in, &out, 1);
    return out;
  }
  // out[i] = AES(start + i), the addition in the low 64 bits only: a stream for one (key, start).
  void stream(const Block& start, Block* out, std::size_t count) const;
  const std::array<Block, 11>& round_keys() const { return round_keys_; }  // for native kernels that do more at once

 private:
  std::array<Block, 11> round_keys_;  // native: the schedule; portable: the key in [0]
};

}  // namespace crypto
