#include "base/encoding.h"

#include "base/check.h"

namespace base {

Writer& Writer::little(std::uint64_t v, int size) {
  std::uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(v >> (8 * i));
  bytes_.insert(bytes_.end(), bytes, bytes + size);
  return *this;
}
Writer& Writer::u8(std::uint8_t v) { return little(v, 1); }
Writer& Writer::u16(std::uint16_t v) { return little(v, 2); }
Writer& Writer::u32(std::uint32_t v) { return little(v, 4); }
Writer& Writer::u64(std::uint64_t v) { return little(v, 8); }
Writer& Writer::raw(ByteView bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}
Writer& Writer::sized(ByteView bytes) {
  CHECK(bytes.size() <= UINT32_MAX);
  return u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
}
Writer& Writer::text(std::string_view s) { return sized(view(s)); }

ByteView Reader::raw(std::size_t size) {
  if (!good_ || size > rest_.size()) {
    good_ = false;
    return {};
  }
  const ByteView out = rest_.first(size);
  rest_ = rest_.subspan(size);
  return out;
}
std::uint64_t Reader::little(std::size_t size) {
  std::uint64_t v = 0;
  const ByteView bytes = raw(size);
  for (std::size_t i = 0; i < bytes.size(); ++i) v |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return v;
}
ByteView Reader::sized(std::size_t max_size) {
  const std::uint32_t size = u32();
  if (size > max_size) good_ = false;
  return raw(size);
}
std::string Reader::text(std::size_t max_size) {
  const ByteView bytes = sized(max_size);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace base
