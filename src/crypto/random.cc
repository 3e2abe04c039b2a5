#include "crypto/random.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/encoding.h"
#include "crypto/sha256.h"

namespace crypto {

void OsRandom::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

namespace {
Digest expand(base::ByteView seed) { return Sha256().update(base::view("tarn seed")).update(seed).finish(); }
}  // namespace

SeededRandom::SeededRandom(base::ByteView seed) : cipher_(Block{}) {
  Digest digest = expand(seed);
  std::copy(digest.begin(), digest.end(), seed_.expose().begin());
  Digest key = Sha256().update(base::view("tarn stream")).update(digest).finish();
  cipher_ = Aes128(block_from(base::ByteView(key).first(16)));
  base::wipe(digest.data(), digest.size());
  base::wipe(key.data(), key.size());
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  const auto take_rest = [&] {
    const std::size_t n = std::min(rest_left_, out.size());
    if (n == 0) return;
    std::memcpy(out.data(), reinterpret_cast<const std::uint8_t*>(&rest_) + (16 - rest_left_), n);
    rest_left_ -= n;
    out = out.subspan(n);
  };
  take_rest();
  Block chunk[64];
  while (out.size() >= 16) {
    const std::size_t n = std::min<std::size_t>(64, out.size() / 16);
    cipher_.stream(counter_, chunk, n);
    counter_.lo += n;
    std::memcpy(out.data(), chunk, n * 16);
    out = out.subspan(n * 16);
  }
  base::wipe(chunk, sizeof chunk);
  if (!out.empty()) {
    cipher_.stream(counter_, &rest_, 1);
    ++counter_.lo;
    rest_left_ = 16;
    take_rest();
  }
}

SeededRandom SeededRandom::fork(std::string_view purpose, std::uint64_t index) const {
  base::Bytes input = base::Writer().text(purpose).u64(index).raw(seed_.expose()).take();
  SeededRandom child(input);
  base::wipe(input.data(), input.size());
  return child;
}

}  // namespace crypto
