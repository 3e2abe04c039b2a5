// The one way in which our own formats and messages are laid out: little-endian integers, byte strings after a
// 32-bit length, nothing implied. Reader never reads past its end and never allocates more than is there: after the
// first thing that does not fit, every read yields zeros and done() is false.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace base {

class Writer {
 public:
  Writer& u8(std::uint8_t v);
  Writer& u16(std::uint16_t v);
  Writer& u32(std::uint32_t v);
  Writer& u64(std::uint64_t v);
  Writer& raw(ByteView bytes);       // no length: the format fixes it
  Writer& sized(ByteView bytes);     // u32 length, then the bytes
  Writer& text(std::string_view s);  // as sized
  void reserve(std::size_t more) { bytes_.reserve(bytes_.size() + more); }
  Bytes take() { return std::move(bytes_); }
  const Bytes& bytes() const { return bytes_; }

 private:
  Writer& little(std::uint64_t v, int size);
  Bytes bytes_;
};

class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(little(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little(4)); }
  std::uint64_t u64() { return little(8); }
  ByteView raw(std::size_t size);        // empty view if it does not fit
  ByteView sized(std::size_t max_size);  // refuses lengths above max_size
  std::string text(std::size_t max_size);
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    const ByteView bytes = raw(N);
    for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = bytes[i];
    return out;
  }
  bool good() const { return good_; }                   // nothing has failed so far
  bool done() const { return good_ && rest_.empty(); }  // and nothing is left over
  std::size_t left() const { return rest_.size(); }

 private:
  std::uint64_t little(std::size_t size);
  ByteView rest_;
  bool good_ = true;
};

}  // namespace base
