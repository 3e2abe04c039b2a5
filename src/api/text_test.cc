#include "api/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

using Segments = std::vector<std::string>;

TEST(Path, IsSplitFirstAndDecodedThen) {
  EXPECT_EQ(*api::path_segments("/v1/ports/gi1%2F0%2F5"), (Segments{"v1", "ports", "gi1/0/5"}));
  EXPECT_EQ(*api::path_segments("/a%20b/c+d"), (Segments{"a b", "c+d"}));
}

TEST(Path, RefusesWhatIsNotOne) {
  for (const char* path : {"", "v1", "/", "/a//b", "/a/", "/%", "/%4", "/%zz", "/a%00b"})
    EXPECT_FALSE(api::path_segments(path)) << path;
  EXPECT_FALSE(api::path_segments("/" + std::string(api::kMaxSegment + 1, 'a')));
  std::string deep;
  for (std::size_t i = 0; i < api::kMaxSegments; ++i) deep += "/a";
  EXPECT_TRUE(api::path_segments(deep));
  EXPECT_FALSE(api::path_segments(deep + "/a"));
}

RC_GTEST_PROP(Path, DecodesWhatWasEncoded, ()) {
  const auto text =
      *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::distinctFrom(rc::gen::arbitrary<char>(), '\0')));
  RC_PRE(text.size() <= api::kMaxSegment);
  RC_ASSERT(*api::path_segments("/" + api::percent_encoded(text)) == Segments{text});
}

TEST(Query, IsNamesAndValues) {
  const auto parameters = api::query_parameters("a=1&b=x%26y+z&c&=d&&");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(*parameters, (api::Parameters{{"a", "1"}, {"b", "x&y z"}, {"c", ""}, {"", "d"}}));
  EXPECT_FALSE(api::query_parameters("a=%g1"));
  std::string many;
  for (std::size_t i = 0; i <= api::kMaxParameters; ++i) many += "a=1&";
  EXPECT_FALSE(api::query_parameters(many));
}

TEST(Time, IsRfc3339) {
  EXPECT_EQ(api::rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(api::rfc3339(1'795'761'865'120), "2026-11-27T06:44:25.120Z");
  EXPECT_EQ(api::from_rfc3339("2026-11-27T07:44:25.1209+01:00"), 1'795'761'865'120);
  EXPECT_EQ(api::from_rfc3339("2024-02-29T00:00:00Z"), 1'709'164'800'000);
  for (const char* text :
       {"", "2026-11-27", "2026-11-27 06:44:25Z", "2026-11-27T06:44:25", "2026-02-30T00:00:00Z", "2026-11-27T24:00:00Z",
        "2026-11-27T06:44:25.Z", "2026-11-27T06:44:25+0100", "1969-11-27T06:44:25Z", "2026-11-27T06:44:25ZZ",
        "2026-13-01T00:00:00Z", "2026-11-27T06:4x:25Z"})
    EXPECT_FALSE(api::from_rfc3339(text)) << text;
}

RC_GTEST_PROP(Time, ComesBackAsItWasWritten, ()) {
  const auto at = *rc::gen::inRange<std::int64_t>(0, 253'402'300'800'000);
  RC_ASSERT(api::from_rfc3339(api::rfc3339(at)) == at);
}

TEST(Digits, AreDigitsAlone) {
  EXPECT_EQ(api::from_digits("0042"), 42);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x1", "1234567890123456789"})
    EXPECT_FALSE(api::from_digits(text)) << text;
}

}  // namespace
