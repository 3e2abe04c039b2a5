// Prices: what the language means, what it refuses and where, and that it agrees with floating-point arithmetic.
#include "inventory/price.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace inventory {
namespace {

constexpr PriceVariables kSome{.capacity = 100, .free = 50, .held = 20, .leased = 30};

std::uint64_t price(std::string_view text, const PriceVariables& variables = kSome) {
  const auto function = PriceFunction::parse(text);
  EXPECT_TRUE(function.ok()) << text << ": " << (function.ok() ? "" : function.error().message);
  if (!function.ok()) return UINT64_MAX;
  const auto value = function->micro_credits(variables);
  EXPECT_TRUE(value.ok()) << text << ": " << (value.ok() ? "" : value.error().message);
  return value.ok() ? *value : UINT64_MAX;
}
std::string refusal(std::string_view text) {
  const auto function = PriceFunction::parse(text);
  return function.ok() ? "" : function.error().message;
}
std::string failure(std::string_view text, const PriceVariables& variables = kSome) {
  const auto function = PriceFunction::parse(text);
  EXPECT_TRUE(function.ok()) << text;
  const auto value = function.ok() ? function->micro_credits(variables) : function.error();
  return value.ok() ? "" : value.error().message;
}

TEST(Price, IsWhatTheExamplesSay) {
  EXPECT_EQ(price("0.04"), 40'000U);
  EXPECT_EQ(price("0.02 + 0.03 * leased / capacity"), 29'000U);
  const std::string_view scarce = "free < 8 ? 0.10 : max(0.02, 0.05 - 0.001 * free)";
  EXPECT_EQ(price(scarce, {.free = 7}), 100'000U);
  EXPECT_EQ(price(scarce, {.free = 8}), 42'000U);
  EXPECT_EQ(price(scarce, {.free = 50}), 20'000U);
  EXPECT_EQ(PriceFunction().text(), "0");
  EXPECT_EQ(*PriceFunction().micro_credits({}), 0U);
  EXPECT_EQ(PriceFunction::parse(scarce)->text(), scarce);
}

TEST(Price, HasOrdinaryPrecedence) {
  EXPECT_EQ(price("1+2*3"), 7'000'000U);
  EXPECT_EQ(price("(1+2)*3"), 9'000'000U);
  EXPECT_EQ(price("10-2-3"), 5'000'000U);
  EXPECT_EQ(price("12/2/3"), 2'000'000U);
  EXPECT_EQ(price("free<40?1:free<60?2:3"), 2'000'000U);
  EXPECT_EQ(price("1 + (free == 50 ? 1 : 2)"), 2'000'000U);
  EXPECT_EQ(price("(free >= 50) ? min(held, leased) : 0"), 20'000'000U);
  EXPECT_EQ(price("free != 50 ? 1 : free > 50 ? 2 : free <= 50 ? 3 : 4"), 3'000'000U);
}

TEST(Price, IsRoundedOnlyAtTheEnd) {
  EXPECT_EQ(price("1 / 3 * 3"), 1'000'000U);
  EXPECT_EQ(price("leased / capacity * 0.03"), 9'000U);
  EXPECT_EQ(price("0.000001 / 2"), 1U);
  EXPECT_EQ(price("0.000001 / 2.000001"), 0U);
  EXPECT_EQ(price("18446744073709.551615"), UINT64_MAX);
}

TEST(Price, TakesOneBranchAlone) { EXPECT_EQ(price("free == 0 ? 9 : 1 / free", {.free = 0}), 9'000'000U); }

TEST(Price, SaysWhereItsTextIsWrong) {
  EXPECT_EQ(refusal(""), "price, character 1: expected a number, a variable, min, max or (");
  EXPECT_EQ(refusal("1 + "), "price, character 5: expected a number, a variable, min, max or (");
  EXPECT_EQ(refusal("2 * fre"),
            "price, character 5: expected capacity, free, held, leased, reserved, or a number with at most "
            "six decimals");
  EXPECT_EQ(refusal("1 / (2 - 2)"), "price, character 3: division by zero");
  EXPECT_EQ(refusal("free < 1 ? 1 / 0 : 1"), "price, character 14: division by zero");
  EXPECT_EQ(refusal("1 - 2"), "price, character 3: the result is negative");
  EXPECT_EQ(refusal("1 < 2 ? 3 - 4 : free"), "price, character 11: the result is negative");
  EXPECT_EQ(refusal("1 + (2 == 3 ? free : 4 - 5) - 6"), "price, character 29: the result is negative");
  EXPECT_EQ(refusal("free < 3"), "price, character 6: a comparison is no price; write CONDITION ? PRICE : PRICE");
  EXPECT_EQ(refusal("free ? 1 : 2"), "price, character 6: expected a comparison before ?");
  EXPECT_EQ(refusal("1 + (free < 3)"), "price, character 11: a comparison is no number");
  EXPECT_EQ(refusal("min(1 2)"), "price, character 7: expected ,");
  EXPECT_EQ(refusal("(1"), "price, character 3: expected )");
  EXPECT_EQ(refusal("1 ) 2"), "price, character 3: expected the end, or one of + - * / < <= > >= == != ?");
  for (const std::string text :
       {"-1", "+1", "1 2", "1.0000001", "1e3", "free < held < leased", "1 = 1 ? 1 : 2", "min(1)", "abs(1)", "1 ? 2",
        "free < 1 ? 2", "Free", "1\t+ 1", "1; 2", ".5", "5.", "free.1"})
    EXPECT_FALSE(PriceFunction::parse(text).ok()) << text;
}

TEST(Price, IsBounded) {
  EXPECT_TRUE(PriceFunction::parse("1" + std::string(511, ' ')).ok());
  EXPECT_NE(refusal("1" + std::string(512, ' ')).find("at most 512"), std::string::npos);
  EXPECT_NE(refusal(std::string(500, '(')).find("nested too deeply"), std::string::npos);
  std::string sum = "free";
  while (sum.size() < 500) sum += "+free";
  EXPECT_EQ(price(sum, {.free = 1}), 101'000'000U);
  std::string power = "free";
  while (power.size() < 500) power += "*free";
  EXPECT_NE(failure(power).find("too large"), std::string::npos);
  EXPECT_EQ(price(power, {.free = 1}), 1'000'000U);
  EXPECT_NE(failure("free * 18446744073709").find("the result is too large"), std::string::npos);
  EXPECT_NE(refusal("18446744073709 * 2").find("the result is too large"), std::string::npos);
  constexpr PriceVariables kMost{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
  EXPECT_EQ(price("free / capacity", kMost), 1'000'000U);
  EXPECT_FALSE(failure("free * held * leased", kMost).empty());
}

TEST(Price, SaysWhereItFails) {
  EXPECT_EQ(failure("1 / free", {}), "price, character 3: division by zero");
  EXPECT_EQ(failure("1 - free"), "price, character 3: the result is negative");
}

// A random expression as text, with every value computed as it is written; nothing where arithmetic fails.
struct Sample {
  std::string text;
  std::optional<long double> value;
};
std::string parenthesised(const std::string& text) { return "(" + text + ")"; }

Sample sample(const PriceVariables& v, int depth) {
  const int what = *rc::gen::inRange(0, depth == 0 ? 2 : 8);
  if (what == 0) {
    const auto number = *rc::gen::inRange<unsigned>(0, 4000);
    std::string text = std::to_string(number / 1000) + "." + std::to_string(1000 + number % 1000).substr(1);
    return {std::move(text), number / 1000.0L};
  }
  if (what == 1) {
    const std::vector<std::pair<std::string, std::uint64_t>> variables{
        {"capacity", v.capacity}, {"free", v.free}, {"held", v.held}, {"leased", v.leased}};
    const auto& [name, value] = *rc::gen::elementOf(variables);
    return {name, static_cast<long double>(value)};
  }
  const Sample a = sample(v, depth - 1), b = sample(v, depth - 1);
  const auto both = [&](auto f) -> std::optional<long double> {
    if (!a.value || !b.value) return std::nullopt;
    return f(*a.value, *b.value);
  };
  const std::string left = parenthesised(a.text), right = parenthesised(b.text);
  if (what == 2) return {left + "+" + right, both([](auto x, auto y) { return x + y; })};
  if (what == 3) return {left + " - " + right, both([](auto x, auto y) { return x - y; })};
  if (what == 4) return {left + " *" + right, both([](auto x, auto y) { return x * y; })};
  if (what == 5) {
    auto quotient = both([](auto x, auto y) { return x / y; });
    if (b.value && std::abs(*b.value) < 1e-9L) quotient = std::nullopt;
    return {left + "/ " + right, quotient};
  }
  if (what == 6) {
    const bool min = *rc::gen::arbitrary<bool>();
    return {(min ? "min(" : "max(") + a.text + ", " + b.text + ")",
            both([min](auto x, auto y) { return min ? std::min(x, y) : std::max(x, y); })};
  }
  // What is compared are variables alone: integers, so that both arithmetics decide alike.
  const auto sign = *rc::gen::element<std::string>("<", "<=", ">", ">=", "==", "!=");
  const bool holds = sign == "<"    ? v.free < v.held
                     : sign == "<=" ? v.free <= v.held
                     : sign == ">"  ? v.free > v.held
                     : sign == ">=" ? v.free >= v.held
                     : sign == "==" ? v.free == v.held
                                    : v.free != v.held;
  return {"free" + sign + "held ? " + a.text + " : " + b.text, holds ? a.value : b.value};
}

RC_GTEST_PROP(Price, AgreesWithFloatingPoint, ()) {
  const auto small = rc::gen::inRange<std::uint64_t>(0, 20);
  const PriceVariables v{.capacity = *small, .free = *small, .held = *small, .leased = *small};
  const Sample s = sample(v, 3);
  RC_PRE(s.text.size() <= PriceFunction::kMaxText && s.value && std::abs(*s.value) < 1e9L);
  const auto function = PriceFunction::parse(s.text);
  if (!function.ok()) {  // it fails in a branch that is not taken, or is a negative constant
    RC_ASSERT(function.error().message.find("expected") == std::string::npos);
    return;
  }
  const auto got = function->micro_credits(v);
  RC_ASSERT(got.ok() || *s.value < 1e-9L);
  if (got.ok()) RC_ASSERT(std::abs(static_cast<long double>(*got) - *s.value * 1e6L) <= 0.5001L);
}

}  // namespace
}  // namespace inventory
