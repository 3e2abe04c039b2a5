#include "base/base64.h"

#include <cstdint>

namespace base {

namespace {
constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int size = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (size += 8; size >= 6; size -= 6) out += kDigits[bits >> (size - 6) & 63];
  }
  if (size > 0) out += kDigits[bits << (6 - size) & 63];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int size = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos || padding > 0) return std::nullopt;
    ++digits;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    size += 6;
    if (size >= 8) {
      size -= 8;
      out += static_cast<char>(bits >> size & 0xff);
    }
  }
  const bool whole = (digits + padding) % 4 == 0 && padding < 3 && digits % 4 != 1;
  const bool clean = (bits & ((1U << size) - 1)) == 0;
  if (!whole || !clean) return std::nullopt;
  return out;
}

}  // namespace base
