// What a field takes, and what a string from a stranger can do to a line: nothing.
#include "base/log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <vector>

#include "base/json_string.h"

namespace base {
namespace {

static_assert(!std::is_constructible_v<Field, std::string_view, Secret<32>>);
static_assert(!std::is_constructible_v<Field, std::string_view, const Secret<32>&>);
static_assert(!std::is_constructible_v<Field, std::string_view, std::span<const std::uint8_t, 32>>);  // Secret::expose
static_assert(!std::is_constructible_v<Field, std::string_view, Bytes>);
static_assert(!std::is_constructible_v<Field, std::string_view, const void*>);  // would be a bool

TEST(LogField, SaysWhatItIsMadeOf) {
  EXPECT_EQ(Field("n", 42).value(), "42");
  EXPECT_EQ(Field("n", std::int64_t{-1}).value(), "-1");
  EXPECT_EQ(Field("n", std::numeric_limits<std::uint64_t>::max()).value(), "18446744073709551615");
  EXPECT_EQ(Field("n", 1.5).value(), "1.500");
  EXPECT_EQ(Field("n", std::numeric_limits<double>::infinity()).value(), "null");
  EXPECT_EQ(Field("n", 1e300).value(), "null");
  EXPECT_EQ(Field("n", true).value(), "true");
  EXPECT_FALSE(Field("n", false).is_text());
  EXPECT_EQ(Field("n", "text").value(), "text");
  EXPECT_TRUE(Field("n", std::string("text")).is_text());
}

TEST(LogField, KeepsTwelveDigitsOfAKeyAndAThousandBytesOfAText) {
  std::array<std::uint8_t, 32> key{0xab, 0xcd, 0xef, 1, 2, 3, 4, 5};
  EXPECT_EQ(Field("key", key).value(), "abcdef010203");
  EXPECT_EQ(Field("text", std::string(100'000, 'x')).value(), std::string(1000, 'x'));
}

TEST(JsonString, EscapesByTheBook) {
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("plain /~"), "\"plain /~\"");
  EXPECT_EQ(json_string("\"\\"), R"("\"\\")");
  EXPECT_EQ(json_string(std::string_view("\0\n\r\t\x1b[2J\x7f", 9)), R"("\u0000\u000a\u000d\u0009\u001b[2J\u007f")");
  EXPECT_EQ(json_string("\u00e9 \u20ac"), R"("\u00e9 \u20ac")");
  EXPECT_EQ(json_string("\U0001f600"), R"("\ud83d\ude00")");    // RFC 8259, section 7
  EXPECT_EQ(json_string("\u009b\u202e"), R"("\u009b\u202e")");  // a terminal's CSI; right to left
  EXPECT_EQ(json_string("a\x80z"), R"("a\ufffdz")");            // a tail alone
  EXPECT_EQ(json_string("\xc0\xaf"), R"("\ufffd\ufffd")");      // overlong
  EXPECT_EQ(json_string("\xe0\x80\xaf"), R"("\ufffd\ufffd\ufffd")");
  EXPECT_EQ(json_string("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");            // a surrogate
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // beyond Unicode
  EXPECT_EQ(json_string("\xe2\x82"), R"("\ufffd\ufffd")");                      // cut off
}

RC_GTEST_PROP(JsonString, IsPrintableAndEndsOnlyAtItsEnd, (const std::vector<std::uint8_t>& bytes)) {
  const std::string out = json_string({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  RC_ASSERT(out.size() >= 2 && out.front() == '"' && out.back() == '"');
  std::size_t i = 1;
  for (; i < out.size() && out[i] != '"'; ++i) {
    RC_ASSERT(out[i] >= 0x20 && out[i] < 0x7f);
    if (out[i] == '\\') ++i;
  }
  RC_ASSERT(i == out.size() - 1);
}

}  // namespace
}  // namespace base
