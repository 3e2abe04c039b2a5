// OsRandom: the operating system's generator. SeededRandom: AES-128 in counter mode under a seed, the same bytes for the
// same seed; fork() gives independent streams by name, so what one part draws never shifts what another part gets.
#pragma once

#include <string_view>

#include "base/random.h"
#include "crypto/aes.h"
#include "crypto/block.h"

namespace crypto {

class OsRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

class SeededRandom final : public base::Random {
 public:
  explicit SeededRandom(base::ByteView seed);  // hashed, so of any length; secret streams need ≥ 16 random bytes
  void fill(std::span<std::uint8_t> out) override;
  SeededRandom fork(std::string_view purpose, std::uint64_t index = 0) const;

  Block block() {
    Block b;
    fill(writable_bytes_of({&b, 1}));
    return b;
  }
  Blocks blocks(std::size_t count) {
    Blocks out(count);
    fill(writable_bytes_of(out));
    return out;
  }

 private:
  base::Secret<32> seed_;
  Aes128 cipher_;
  Block counter_{};
  Block rest_{};  // the part of the last block that was not asked for yet
  std::size_t rest_left_ = 0;
};

}  // namespace crypto
