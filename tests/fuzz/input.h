// What the fuzzers share. Input: the fuzzer's bytes, taken from the front as a harness asks for them, and zeros once they
// are used up, so that every input means something. damaged(): valid bytes with what the input says done to them, so
// that a few bytes of input reach deep into a format. Properties are CHECKs (base/check.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"

namespace fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  std::size_t left() const { return rest_.size(); }
  std::uint8_t u8() { return rest_.empty() ? std::uint8_t{0} : take(1)[0]; }
  std::uint16_t u16() {
    const unsigned low = u8();
    return static_cast<std::uint16_t>(low | unsigned{u8()} << 8);
  }
  std::uint32_t u32() {
    const std::uint32_t low = u16();
    return low | std::uint32_t{u16()} << 16;
  }
  std::size_t below(std::size_t n) { return u8() % n; }  // n ≤ 256
  // At most so many bytes; the view is of the fuzzer's own buffer, so that reading past its end is noticed.
  base::ByteView take(std::size_t size) {
    const base::ByteView out = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(out.size());
    return out;
  }
  base::ByteView rest() { return take(rest_.size()); }

 private:
  base::ByteView rest_;
};

inline std::string_view text(base::ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline base::Bytes copy(base::ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// Up to seven operations, as the next byte says: none leaves `bytes` as they are.
inline base::Bytes damaged(Input& in, base::Bytes bytes) {
  for (std::size_t left = in.below(8); left > 0; --left) {
    const unsigned operation = in.u8() % 5;
    const std::size_t at = in.u16() % (bytes.size() + 1), size = std::min<std::size_t>(in.u8(), bytes.size() - at);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    if (operation == 0) {  // change a byte
      if (at < bytes.size()) bytes[at] ^= in.u8();
    } else if (operation == 1) {  // write over
      const base::ByteView with = in.take(size);
      std::copy(with.begin(), with.end(), place);
    } else if (operation == 2) {  // insert
      const base::ByteView with = in.take(in.u8());
      bytes.insert(place, with.begin(), with.end());
    } else if (operation == 3) {  // leave out
      bytes.erase(place, place + static_cast<std::ptrdiff_t>(size));
    } else {  // cut off
      bytes.resize(at);
    }
  }
  return bytes;
}

// Fit for a terminal: plain characters, and not too many.
inline bool printable(std::string_view message, std::size_t limit = 400) {
  return !message.empty() && message.size() <= limit &&
         std::all_of(message.begin(), message.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace fuzz
