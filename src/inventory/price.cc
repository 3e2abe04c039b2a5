#include "inventory/price.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "model/money.h"

namespace inventory {
namespace {

__extension__ using Wide = __int128;
constexpr int kMaxDepth = 64;

// Always reduced, den > 0, so that equal values are equal.
struct Rational {
  Wide num = 0, den = 1;
};

Wide gcd(Wide a, Wide b) {
  for (; b != 0; std::swap(a, b)) a %= b;
  return a < 0 ? -a : a;
}

// Both below 2¹²⁶ in size, so that signs can be turned; nothing if it does not fit.
std::optional<Rational> rational(Wide num, Wide den) {
  constexpr Wide kLimit = Wide{1} << 126;
  if (num >= kLimit || num <= -kLimit || den >= kLimit || den <= -kLimit) return std::nullopt;
  const Wide by = (den < 0 ? -1 : 1) * gcd(num, den);
  return Rational{num / by, den / by};
}
std::optional<Rational> times(const Rational& a, const Rational& b) {
  Wide num = 0, den = 0;
  if (__builtin_mul_overflow(a.num, b.num, &num) || __builtin_mul_overflow(a.den, b.den, &den)) return std::nullopt;
  return rational(num, den);
}
std::optional<Rational> plus(const Rational& a, const Rational& b) {
  Wide left = 0, right = 0, num = 0, den = 0;
  if (__builtin_mul_overflow(a.num, b.den, &left) || __builtin_mul_overflow(b.num, a.den, &right) ||
      __builtin_add_overflow(left, right, &num) || __builtin_mul_overflow(a.den, b.den, &den))
    return std::nullopt;
  return rational(num, den);
}
std::optional<Rational> minus(const Rational& a, const Rational& b) { return plus(a, {-b.num, b.den}); }
std::optional<Rational> over(const Rational& a, const Rational& b) { return times(a, {b.den, b.num}); }

base::Error wrong(std::size_t place, const std::string& what) {
  return {base::Code::kInvalidInput, "price, character " + std::to_string(place + 1) + ": " + what};
}

enum class Op {
  kNumber,
  kVariable,
  kPlus,
  kMinus,
  kTimes,
  kOver,
  kMin,
  kMax,
  kLess,
  kLessEqual,
  kEqual,
  kUnequal,
  kIf
};

bool is_condition(Op op) { return op >= Op::kLess && op <= Op::kUnequal; }

using Variable = std::uint64_t PriceVariables::*;
constexpr std::array<std::pair<std::string_view, Variable>, 5> kVariables{{{"capacity", &PriceVariables::capacity},
                                                                           {"free", &PriceVariables::free},
                                                                           {"held", &PriceVariables::held},
                                                                           {"leased", &PriceVariables::leased},
                                                                           {"reserved", &PriceVariables::reserved}}};

}  // namespace

struct PriceFunction::Node {
  Op op = Op::kNumber;
  std::size_t place = 0;
  Rational number;                                      // kNumber
  Variable variable = nullptr;                          // kVariable
  std::vector<std::shared_ptr<const Node>> operands{};  // kIf: condition, then, else

  // A condition is 1 or 0. Of an if only the branch that is taken.
  base::Result<Rational> evaluate(const PriceVariables& variables) const;
};

namespace {

std::optional<Rational> apply(Op op, const Rational& a, const Rational& b) {
  if (op == Op::kPlus) return plus(a, b);
  if (op == Op::kMinus) return minus(a, b);
  if (op == Op::kTimes) return times(a, b);
  if (op == Op::kOver) return over(a, b);
  const auto difference = minus(a, b);
  if (!difference) return std::nullopt;
  const Wide sign = difference->num;
  if (op == Op::kMin) return sign < 0 ? a : b;
  if (op == Op::kMax) return sign < 0 ? b : a;
  const bool holds = op == Op::kLess        ? sign < 0
                     : op == Op::kLessEqual ? sign <= 0
                     : op == Op::kEqual     ? sign == 0
                                            : sign != 0;
  return Rational{holds ? 1 : 0, 1};
}

}  // namespace

base::Result<Rational> PriceFunction::Node::evaluate(const PriceVariables& variables) const {
  if (op == Op::kNumber) return number;
  if (op == Op::kVariable) return Rational{static_cast<Wide>(variables.*variable), 1};
  TARN_ASSIGN(const Rational a, operands[0]->evaluate(variables));
  if (op == Op::kIf) return operands[a.num != 0 ? 1 : 2]->evaluate(variables);
  TARN_ASSIGN(const Rational b, operands[1]->evaluate(variables));
  if (op == Op::kOver && b.num == 0) return wrong(place, "division by zero");
  const auto result = apply(op, a, b);
  if (!result) return wrong(place, "the numbers become too large or too fine");
  return *result;
}

// By recursive descent, with C's precedence:
//   choice     = comparison [ "?" choice ":" choice ]
//   comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
//   sum        = product { ("+" | "-") product }
//   product    = atom { ("*" | "/") atom }
//   atom       = number | variable | ("min" | "max") "(" choice "," choice ")" | "(" choice ")"
// A comparison is a condition and stands before "?" alone; everything else is a number.
class PriceFunction::Parser {
 public:
  using Tree = std::shared_ptr<const Node>;
  explicit Parser(std::string_view text) : text_(text) {}

  base::Result<Tree> parse() {
    TARN_ASSIGN(Tree tree, choice());
    if (at_ < text_.size()) return wrong(at_, "expected the end, or one of + - * / < <= > >= == != ?");
    if (is_condition(tree->op)) return wrong(tree->place, "a comparison is no price; write CONDITION ? PRICE : PRICE");
    return tree;
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view token) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    skip_spaces();
    return true;
  }
  base::Status need(std::string_view token) {
    if (take(token)) return {};
    return wrong(at_, "expected " + std::string(token));
  }

  // What is made of constants is computed at once: its errors are the text's.
  static base::Result<Tree> make(Op op, std::size_t place, std::vector<Tree> operands) {
    for (std::size_t i = 0; i < operands.size(); ++i)
      if (is_condition(operands[i]->op) != (op == Op::kIf && i == 0))
        return wrong(op == Op::kIf && i == 0 ? place : operands[i]->place,
                     op == Op::kIf && i == 0 ? "expected a comparison before ?" : "a comparison is no number");
    auto node = std::make_shared<Node>(Node{op, place, {}, nullptr, std::move(operands)});
    const auto constant = [](const Tree& t) { return t->op == Op::kNumber; };
    if (op == Op::kIf) {  // of one whose condition is made of constants, the branch is all that will ever matter
      const Node& condition = *node->operands[0];
      if (!std::all_of(condition.operands.begin(), condition.operands.end(), constant)) return Tree(std::move(node));
      TARN_ASSIGN(const Rational holds, condition.evaluate({}));
      return node->operands[holds.num != 0 ? 1 : 2];
    }
    if (std::all_of(node->operands.begin(), node->operands.end(), constant)) {
      TARN_ASSIGN(const Rational value, node->evaluate({}));
      if (!is_condition(op)) return Tree(std::make_shared<Node>(Node{Op::kNumber, place, value}));
    }
    return Tree(std::move(node));
  }

  base::Result<Tree> choice() {
    if (++depth_ > kMaxDepth) return wrong(at_, "nested too deeply");
    TARN_ASSIGN(Tree tree, comparison());
    const std::size_t place = at_;
    if (take("?")) {
      TARN_ASSIGN(Tree then, choice());
      TARN_TRY(need(":"));
      TARN_ASSIGN(Tree otherwise, choice());
      TARN_ASSIGN(tree, make(Op::kIf, place, {tree, then, otherwise}));
    }
    --depth_;
    return tree;
  }
  base::Result<Tree> comparison() {
    TARN_ASSIGN(Tree left, sum());
    struct Sign {
      std::string_view text;
      Op op;
      bool swapped;
    };
    constexpr std::array<Sign, 6> kSigns{{{"<=", Op::kLessEqual, false},
                                          {">=", Op::kLessEqual, true},
                                          {"==", Op::kEqual, false},
                                          {"!=", Op::kUnequal, false},
                                          {"<", Op::kLess, false},
                                          {">", Op::kLess, true}}};
    for (const Sign& sign : kSigns) {
      const std::size_t place = at_;
      if (!take(sign.text)) continue;
      TARN_ASSIGN(Tree right, sum());
      if (sign.swapped) std::swap(left, right);
      return make(sign.op, place, {left, right});
    }
    return left;
  }
  base::Result<Tree> sum() {
    TARN_ASSIGN(Tree left, product());
    for (;;) {
      const std::size_t place = at_;
      const bool plus = take("+");
      if (!plus && !take("-")) return left;
      TARN_ASSIGN(Tree right, product());
      TARN_ASSIGN(left, make(plus ? Op::kPlus : Op::kMinus, place, {left, right}));
    }
  }
  base::Result<Tree> product() {
    TARN_ASSIGN(Tree left, atom());
    for (;;) {
      const std::size_t place = at_;
      const bool times = take("*");
      if (!times && !take("/")) return left;
      TARN_ASSIGN(Tree right, atom());
      TARN_ASSIGN(left, make(times ? Op::kTimes : Op::kOver, place, {left, right}));
    }
  }
  base::Result<Tree> atom() {
    skip_spaces();
    const std::size_t place = at_;
    if (take("(")) {
      TARN_ASSIGN(Tree inner, choice());
      TARN_TRY(need(")"));
      return inner;
    }
    const std::size_t end = text_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.", at_);
    const std::string_view word = text_.substr(at_, end - at_);
    if (word.empty()) return wrong(place, "expected a number, a variable, min, max or (");
    at_ += word.size();
    skip_spaces();
    if (word == "min" || word == "max") return function(word == "min" ? Op::kMin : Op::kMax, place);
    for (const auto& [name, variable] : kVariables)
      if (word == name) return Tree(std::make_shared<Node>(Node{Op::kVariable, place, {}, variable}));
    const auto number = model::parse_credits(word);
    if (!number.ok())
      return wrong(place, "expected capacity, free, held, leased, reserved, or a number with at most six decimals");
    return Tree(std::make_shared<Node>(
        Node{Op::kNumber, place, *rational(static_cast<Wide>(*number), model::kMicroCreditsInCredit)}));
  }
  base::Result<Tree> function(Op op, std::size_t place) {
    TARN_TRY(need("("));
    TARN_ASSIGN(Tree a, choice());
    TARN_TRY(need(","));
    TARN_ASSIGN(Tree b, choice());
    TARN_TRY(need(")"));
    return make(op, place, {a, b});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

PriceFunction::PriceFunction() : root_(std::make_shared<Node>()) {}

base::Result<PriceFunction> PriceFunction::parse(std::string_view text) {
  if (text.size() > kMaxText) return wrong(kMaxText, "too long; at most 512 characters");
  PriceFunction out;
  TARN_ASSIGN(out.root_, Parser(text).parse());
  out.text_ = text;
  if (out.root_->op == Op::kNumber)
    if (const auto always = out.micro_credits({}); !always.ok()) return always.error();
  return out;
}

base::Result<std::uint64_t> PriceFunction::micro_credits(const PriceVariables& variables) const {
  TARN_ASSIGN(const Rational credits, root_->evaluate(variables));
  if (credits.num < 0) return wrong(root_->place, "the result is negative");
  const auto micro = times(credits, {model::kMicroCreditsInCredit, 1});
  const auto rounded = micro ? plus(*micro, {1, 2}) : std::nullopt;  // half a micro-credit counts as one
  if (!rounded || rounded->num / rounded->den > Wide{UINT64_MAX}) return wrong(root_->place, "the result is too large");
  return static_cast<std::uint64_t>(rounded->num / rounded->den);
}

}  // namespace inventory
