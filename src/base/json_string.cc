#include "base/json_string.h"

#include <cstdint>

namespace base {
namespace {

constexpr char32_t kReplacement = 0xfffd;

struct CodePoint {
  char32_t value;
  std::size_t size;  // bytes
};

// The first code point of a text that is not empty. Overlong forms, surrogates and cut ends are not UTF-8 (RFC 3629).
CodePoint first(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {kReplacement, 1};
  char32_t value = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {kReplacement, 1};
    value = value << 6 | (byte(i) & 0x3fU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {kReplacement, 1};
  return {value, size};
}

void escape(std::string& out, std::uint32_t unit) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[unit >> shift & 0xf];
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto [value, size] = first(text);
    text.remove_prefix(size);
    if (value == '"' || value == '\\') {
      out += '\\';
      out += static_cast<char>(value);
    } else if (value >= 0x20 && value < 0x7f) {
      out += static_cast<char>(value);
    } else if (value < 0x10000) {
      escape(out, value);
    } else {  // a surrogate pair
      escape(out, 0xd800 + ((value - 0x10000) >> 10));
      escape(out, 0xdc00 + ((value - 0x10000) & 0x3ff));
    }
  }
  return out + '"';
}

}  // namespace base
