// The query against a slow twin (other grammar, numbers as fractions in long double's stead: digits compared as text), and
// the limits that keep it harmless.
#include "market/query.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>

#include "market/types.h"

namespace market {
namespace {

bool matches(std::string_view query, const Attributes& attributes) {
  const auto parsed = Query::parse(query);
  EXPECT_TRUE(parsed.ok()) << query << ": " << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() && parsed->matches(attributes);
}

const Attributes kServer{{"cpu", "32"},         {"memory", "64Gi"},      {"site", "bos"},
                         {"gpu.model", "a100"}, {"nvidia.com/gpu", "2"}, {"rack", "row 7"}};

TEST(Query, ComparesNumbersExactlyWhateverTheirUnits) {
  EXPECT_TRUE(matches("memory = 65536Mi", kServer));
  EXPECT_TRUE(matches("memory >= 64G", kServer));
  EXPECT_FALSE(matches("memory >= 65G and memory < 68G and memory >= 69G", kServer));
  EXPECT_TRUE(matches("cpu = 32000m and cpu = 32.0 and cpu = 3.2e1", kServer));
  EXPECT_TRUE(matches("cpu > 31.999999999", kServer));
  EXPECT_FALSE(matches("cpu > 32", kServer));
  EXPECT_TRUE(matches("cpu > 9", kServer));  // as text it were less
  EXPECT_TRUE(matches("x < 0 and x = -1.5", {{"x", "-1500m"}}));
  EXPECT_FALSE(matches("x = 0.1", {{"x", "0.1000000001"}}));  // finer than a nano: not a number, and not the same text
}

TEST(Query, ComparesTheRestAsText) {
  EXPECT_TRUE(matches("site = bos and site != nyc and site in (nyc, bos) and site < nyc", kServer));
  EXPECT_TRUE(matches("rack = \"row 7\"", kServer));
  EXPECT_FALSE(matches("site = BOS", kServer));
  EXPECT_TRUE(matches("site != 1", kServer));
  EXPECT_FALSE(matches("site < 1 or site > 1 or site <= 1 or site >= 1 or site = 1", kServer));
}

TEST(Query, NothingHoldsOfWhatIsNotThere) {
  EXPECT_FALSE(matches("disk = 1 or disk != 1 or disk < 1 or disk >= 1 or disk in (1, 2) or exists disk", kServer));
  EXPECT_TRUE(matches("not exists disk and exists gpu.model and exists nvidia.com/gpu", kServer));
  EXPECT_TRUE(matches("", kServer));
  EXPECT_TRUE(matches("  ", {}));
}

TEST(Query, BindsNotBeforeAndBeforeOr) {
  EXPECT_TRUE(matches("site = bos or site = nyc and cpu = 1", kServer));
  EXPECT_FALSE(matches("(site = bos or site = nyc) and cpu = 1", kServer));
  EXPECT_FALSE(matches("not site = bos or cpu = 1", kServer));
  EXPECT_TRUE(matches("not (site = nyc or cpu = 1)", kServer));
  EXPECT_TRUE(matches("not not site=bos", kServer));
}

TEST(Query, SaysWhereItIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"cpu >", "query: expected a value of 1 to 253 characters, at character 6"},
      {"cpu 1", "query: expected one of = != < <= > >= in, at character 5"},
      {"cpu = 1 memory = 2", "query: expected and, or, or the end, at character 9"},
      {"cpu = 1 and", "query: expected the name of an attribute, as memory or gpu.model, at character 12"},
      {"(cpu = 1", "query: expected ), at character 9"},
      {"cpu in 1", "query: expected ( after in, at character 8"},
      {"cpu in (1, 2", "query: expected , or ), at character 13"},
      {"site = \"bos", "query: a quote that does not end, at character 8"},
      {"and = 1", "query: expected the name of an attribute, as memory or gpu.model, at character 1"},
      {"site ~ b.*", "query: expected one of = != < <= > >= in, at character 6"},
  };
  for (const auto& [text, message] : cases) {
    const auto parsed = Query::parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message, message) << text;
  }
}

TEST(Query, IsLimitedInTextNestingAndSize) {
  const auto repeated = [](std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
  };
  EXPECT_TRUE(Query::parse(repeated("(", 15) + "a=1" + repeated(")", 15)).ok());
  EXPECT_FALSE(Query::parse(repeated("(", 16) + "a=1" + repeated(")", 16)).ok());
  EXPECT_FALSE(Query::parse(repeated("not ", 16) + "a=1").ok());
  EXPECT_TRUE(Query::parse("a=1" + repeated(" or a=1", 62)).ok());
  EXPECT_FALSE(Query::parse("a=1" + repeated(" or a=1", 64)).ok());
  EXPECT_FALSE(Query::parse("a in (1" + repeated(",1", 200) + ")").ok());
  EXPECT_FALSE(Query::parse(std::string(Query::kMostText + 1, ' ')).ok());
}

// The twin: a tree of closures beside its text, with numbers as whole thousandths.
struct Twin {
  std::string text;
  std::function<bool(const Attributes&)> holds;
};

std::string milli_text(int milli) {
  const std::string sign = milli < 0 ? "-" : "";
  const int size = milli < 0 ? -milli : milli;
  switch (*rc::gen::inRange(0, 3)) {
    case 0: return sign + std::to_string(size) + "m";
    case 1: return sign + std::to_string(size / 1000) + "." + std::to_string(1000 + size % 1000).substr(1);
    default: return sign + std::to_string(size) + "000000n";
  }
}

std::optional<int> milli_of(const std::string& text) {  // of what milli_text makes
  if (text.find_first_of("0123456789") == std::string::npos) return std::nullopt;
  if (text.back() == 'm') return std::stoi(text);
  if (text.back() == 'n') return static_cast<int>(std::stoll(text) / 1'000'000);
  const std::size_t point = text.find('.');
  const int whole = std::abs(std::stoi(text.substr(0, point))) * 1000 + std::stoi(text.substr(point + 1));
  return text.front() == '-' ? -whole : whole;
}

int order_of(const std::string& a, const std::string& b) {  // 2: of different kinds
  const auto left = milli_of(a), right = milli_of(b);
  if (left.has_value() != right.has_value()) return 2;
  if (left) return *left < *right ? -1 : *left > *right ? 1 : 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

std::string some_value() {
  return *rc::gen::arbitrary<bool>() ? milli_text(*rc::gen::inRange(-3000, 3000))
                                     : *rc::gen::element<std::string>("bos", "nyc", "ams");
}

Twin comparison() {
  const auto name = *rc::gen::element<std::string>("a", "b", "gpu.model");
  const auto sign = *rc::gen::element<std::string>("=", "!=", "<", "<=", ">", ">=", "in", "exists");
  if (sign == "exists") return {"exists " + name, [name](const Attributes& a) { return a.contains(name); }};
  if (sign == "in") {
    const std::vector<std::string> values{some_value(), some_value(), some_value()};
    return {name + " in (" + values[0] + "," + values[1] + " , " + values[2] + ")", [=](const Attributes& a) {
              return a.contains(name) &&
                     std::ranges::any_of(values, [&](const auto& value) { return order_of(a.at(name), value) == 0; });
            }};
  }
  const std::string value = some_value();
  return {name + sign + "\"" + value + "\"", [=](const Attributes& a) {
            if (!a.contains(name)) return false;
            const int order = order_of(a.at(name), value);
            if (order == 2) return sign == "!=";
            return sign == "="    ? order == 0
                   : sign == "!=" ? order != 0
                   : sign == "<"  ? order < 0
                   : sign == "<=" ? order <= 0
                   : sign == ">"  ? order > 0
                                  : order >= 0;
          }};
}

Twin some_query(int depth) {
  const int what = depth == 0 ? 0 : *rc::gen::inRange(0, 5);
  if (what <= 1) return comparison();
  const Twin left = some_query(depth - 1);
  if (what == 2) return {"not (" + left.text + ")", [left](const Attributes& a) { return !left.holds(a); }};
  const Twin right = some_query(depth - 1);
  if (what == 3)
    return {"(" + left.text + ") and (" + right.text + ")",
            [=](const Attributes& a) { return left.holds(a) && right.holds(a); }};
  return {"(" + left.text + ") or (" + right.text + ")",
          [=](const Attributes& a) { return left.holds(a) || right.holds(a); }};
}

RC_GTEST_PROP(Query, HoldsWhereItsSlowTwinDoes, ()) {
  const Twin twin = some_query(4);
  Attributes attributes;
  for (const char* name : {"a", "b", "gpu.model"})
    if (*rc::gen::inRange(0, 4) != 0) attributes[name] = some_value();
  const auto query = Query::parse(twin.text);
  RC_PRE(query.ok());  // a large one is too long
  RC_ASSERT(query->matches(attributes) == twin.holds(attributes));
  const auto again = Query::parse(query->text());
  RC_ASSERT(again.ok());
  RC_ASSERT(again->text() == query->text());
  RC_ASSERT(again->matches(attributes) == twin.holds(attributes));
}

TEST(Query, AttributesAreFewShortAndPrintable) {
  EXPECT_TRUE(check_attributes(kServer).ok());
  EXPECT_FALSE(check_attributes({{"", "1"}}).ok());
  EXPECT_FALSE(check_attributes({{"and", "1"}}).ok());
  EXPECT_FALSE(check_attributes({{"cpu", ""}}).ok());
  EXPECT_FALSE(check_attributes({{"cpu", "a\"b"}}).ok());
  EXPECT_FALSE(check_attributes({{"cpu", std::string(254, '1')}}).ok());
  Attributes many;
  for (std::size_t i = 0; i <= kMostAttributes; ++i) many["a" + std::to_string(i)] = "1";
  EXPECT_FALSE(check_attributes(many).ok());
}

}  // namespace
}  // namespace market
