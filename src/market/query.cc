#include "market/query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "market/lookup.h"

namespace market {
namespace {

__extension__ using Wide = __int128;

constexpr std::size_t kMostValue = 253;  // characters
constexpr std::array<std::string_view, 5> kKeywords{"and", "or", "not", "in", "exists"};

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool word_character(char c) { return letter(c) || digit(c) || std::string_view("._+-/:").find(c) != std::string::npos; }
bool printable(char c) { return c >= 0x20 && c < 0x7f && c != '"'; }

bool is_keyword(std::string_view word) { return std::ranges::find(kKeywords, word) != kKeywords.end(); }
bool is_attribute_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && letter(name.front()) && !is_keyword(name) &&
         std::ranges::all_of(
             name, [](char c) { return letter(c) || digit(c) || c == '.' || c == '_' || c == '-' || c == '/'; });
}

base::Error wrong(std::size_t place, const std::string& what) {
  return invalid("query", what + ", at character " + std::to_string(place + 1));
}

// What a suffix multiplies with: 10^tens · 2^twos.
struct Scale {
  int tens = 0, twos = 0;
};
std::optional<Scale> exponent(std::string_view suffix) {
  const bool negative = suffix[1] == '-';
  suffix.remove_prefix(negative || suffix[1] == '+' ? 2 : 1);
  if (suffix.empty() || suffix.size() > 2 || !std::ranges::all_of(suffix, digit)) return std::nullopt;
  int tens = 0;
  for (const char c : suffix) tens = tens * 10 + (c - '0');
  return Scale{negative ? -tens : tens, 0};
}
std::optional<Scale> scale_of(std::string_view suffix) {
  constexpr std::string_view kLarge = "kMGTPE", kBinary = "KMGTPE", kSmall = "mun";
  if (suffix.empty()) return Scale{};
  if (suffix.size() == 1) {
    if (const auto at = kLarge.find(suffix[0]); at != std::string_view::npos)
      return Scale{3 * (static_cast<int>(at) + 1), 0};
    if (const auto at = kSmall.find(suffix[0]); at != std::string_view::npos)
      return Scale{-3 * (static_cast<int>(at) + 1), 0};
    return std::nullopt;
  }
  if (suffix.substr(1) == "i") {
    const auto at = kBinary.find(suffix[0]);
    return at == std::string_view::npos ? std::nullopt : std::optional(Scale{0, 10 * (static_cast<int>(at) + 1)});
  }
  return suffix[0] == 'e' || suffix[0] == 'E' ? exponent(suffix) : std::nullopt;
}

bool multiply(Wide& value, int by, int times) {
  for (; times > 0; --times)
    if (__builtin_mul_overflow(value, Wide{by}, &value)) return false;
  return true;
}

// In units of 10⁻⁹; nothing for what is no number, or too large or too fine for that.
std::optional<Wide> number_of(std::string_view text) {
  constexpr std::size_t kMostDigits = 18;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view plain = text.substr(0, end);
  const std::size_t point = std::min(plain.find('.'), plain.size());
  std::string digits(plain.substr(0, point));
  int tens = 9;
  if (point < plain.size()) {
    digits += plain.substr(point + 1);
    tens -= static_cast<int>(std::min<std::size_t>(plain.size() - point - 1, kMostValue));
  }
  if (digits.empty() || !std::ranges::all_of(digits, digit)) return std::nullopt;
  const auto scale = scale_of(text.substr(end));
  if (!scale) return std::nullopt;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  for (; !digits.empty() && digits.back() == '0'; digits.pop_back()) ++tens;
  if (digits.empty()) return Wide{0};
  tens += scale->tens;
  std::int64_t mantissa = 0;
  if (digits.size() > kMostDigits || tens < 0) return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), mantissa);
  Wide value = negative ? -Wide{mantissa} : Wide{mantissa};
  if (!multiply(value, 10, tens) || !multiply(value, 2, scale->twos)) return std::nullopt;
  return value;
}

}  // namespace

// By recursive descent: `in` and the brackets of a list are no recursion, so only "not" and "(" nest.
class Query::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  base::Result<std::vector<Node>> parse() {
    skip_blanks();
    if (at_ == text_.size()) return std::vector<Node>{};
    TARN_TRY(any());
    if (at_ < text_.size()) return wrong(at_, "expected and, or, or the end");
    return std::move(nodes_);
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    skip_blanks();
    return true;
  }
  std::string_view word() const {
    std::size_t end = at_;
    while (end < text_.size() && word_character(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_keyword(std::string_view keyword) { return word() == keyword && take(keyword); }
  base::Result<std::uint32_t> add(Node node) {
    count_ += 1 + node.values.size();
    if (count_ > kMostNodes) return wrong(at_, "too long: at most 128 comparisons and values");
    nodes_.push_back(std::move(node));
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  base::Result<std::uint32_t> any() { return chain(Op::kOr, "or", &Parser::all); }
  base::Result<std::uint32_t> all() { return chain(Op::kAnd, "and", &Parser::term); }
  base::Result<std::uint32_t> chain(Op op, std::string_view keyword, base::Result<std::uint32_t> (Parser::*part)()) {
    Node node{op};
    do {
      TARN_ASSIGN(const std::uint32_t operand, (this->*part)());
      node.operands.push_back(operand);
    } while (take_keyword(keyword));
    if (node.operands.size() == 1) return node.operands[0];
    return add(std::move(node));
  }

  base::Result<std::uint32_t> term() {
    if (++depth_ > kMostDepth) return wrong(at_, "nested too deeply: at most 16 of not and (");
    const auto result = nested();
    --depth_;
    return result;
  }
  base::Result<std::uint32_t> nested() {
    if (take("(")) {
      TARN_ASSIGN(const std::uint32_t inside, any());
      if (!take(")")) return wrong(at_, "expected )");
      return inside;
    }
    if (take_keyword("not")) {
      TARN_ASSIGN(const std::uint32_t operand, term());
      return add({Op::kNot, {}, {}, {operand}});
    }
    if (take_keyword("exists")) {
      TARN_ASSIGN(std::string name, attribute());
      return add({Op::kExists, std::move(name)});
    }
    return comparison();
  }

  base::Result<std::string> attribute() {
    const std::string_view name = word();
    if (!is_attribute_name(name)) return wrong(at_, "expected the name of an attribute, as memory or gpu.model");
    take(name);
    return std::string(name);
  }
  base::Result<std::uint32_t> comparison() {
    TARN_ASSIGN(std::string name, attribute());
    if (take_keyword("in")) return list(std::move(name));
    constexpr std::array<std::pair<std::string_view, Op>, 6> kSigns{{{"<=", Op::kLessEqual},
                                                                     {">=", Op::kMoreEqual},
                                                                     {"!=", Op::kUnequal},
                                                                     {"<", Op::kLess},
                                                                     {">", Op::kMore},
                                                                     {"=", Op::kEqual}}};
    for (const auto& [sign, op] : kSigns) {
      if (!take(sign)) continue;
      TARN_ASSIGN(Value with, value());
      return add({op, std::move(name), {std::move(with)}});
    }
    return wrong(at_, "expected one of = != < <= > >= in");
  }
  base::Result<std::uint32_t> list(std::string name) {
    Node node{Op::kIn, std::move(name)};
    if (!take("(")) return wrong(at_, "expected ( after in");
    do {
      TARN_ASSIGN(Value element, value());
      if (node.values.size() == kMostNodes) return wrong(at_, "too long: at most 128 comparisons and values");
      node.values.push_back(std::move(element));
    } while (take(","));
    if (!take(")")) return wrong(at_, "expected , or )");
    return add(std::move(node));
  }
  base::Result<Value> value() {
    const std::size_t place = at_;
    std::string_view text = word();
    if (at_ < text_.size() && text_[at_] == '"') {
      const std::size_t end = text_.find('"', ++at_);
      if (end == std::string_view::npos) return wrong(place, "a quote that does not end");
      text = text_.substr(at_, end - at_);
      at_ = end + 1;
      skip_blanks();
      if (!std::ranges::all_of(text, printable)) return wrong(place, "a value has printable characters only");
    } else {
      take(text);
    }
    if (text.empty() || text.size() > kMostValue) return wrong(place, "expected a value of 1 to 253 characters");
    return value_of(text);
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0, count_ = 0;
  std::vector<Node> nodes_;
};

Query::Value Query::value_of(std::string_view text) { return {std::string(text), number_of(text)}; }

base::Result<Query> Query::parse(std::string_view text) {
  if (text.size() > kMostText) return wrong(kMostText, "too long: at most 1,024 characters");
  Query query;
  TARN_ASSIGN(query.nodes_, Parser(text).parse());
  return query;
}

bool Query::compares(Op op, const Value& attribute, const Value& with) {
  if (attribute.number.has_value() != with.number.has_value()) return op == Op::kUnequal;
  const auto order = attribute.number ? *attribute.number <=> *with.number : attribute.text.compare(with.text) <=> 0;
  switch (op) {
    case Op::kUnequal: return order != 0;
    case Op::kLess: return order < 0;
    case Op::kLessEqual: return order <= 0;
    case Op::kMore: return order > 0;
    case Op::kMoreEqual: return order >= 0;
    default: return order == 0;
  }
}

bool Query::holds(const Node& node, const Attributes& attributes) const {
  const auto operand = [&](std::uint32_t place) { return holds(nodes_[place], attributes); };
  if (node.op == Op::kNot) return !operand(node.operands[0]);
  if (node.op == Op::kAnd) return std::ranges::all_of(node.operands, operand);
  if (node.op == Op::kOr) return std::ranges::any_of(node.operands, operand);
  const auto found = attributes.find(node.name);
  if (found == attributes.end()) return false;
  if (node.op == Op::kExists) return true;
  const Value attribute = value_of(found->second);
  return std::ranges::any_of(node.values, [&](const Value& with) { return compares(node.op, attribute, with); });
}

bool Query::matches(const Attributes& attributes) const { return nodes_.empty() || holds(nodes_.back(), attributes); }

std::string Query::text_of(const Node& node) const {
  constexpr std::array<std::string_view, 8> kWords{" = ", " != ", " < ", " <= ", " > ", " >= ", " in ", "exists "};
  const auto quoted = [](const Value& value) {
    return std::ranges::all_of(value.text, word_character) ? value.text : "\"" + value.text + "\"";
  };
  const auto bracketed = [&](std::uint32_t place) {
    const Node& inner = nodes_[place];
    const bool brackets = inner.op == Op::kOr || inner.op == Op::kAnd;
    return brackets ? "(" + text_of(inner) + ")" : text_of(inner);
  };
  const std::string word(kWords[std::min<std::size_t>(static_cast<std::size_t>(node.op), kWords.size() - 1)]);
  std::string out;
  switch (node.op) {
    case Op::kNot: return "not " + bracketed(node.operands[0]);
    case Op::kExists: return word + node.name;
    case Op::kIn:
      for (const Value& value : node.values) out += (out.empty() ? "" : ", ") + quoted(value);
      return node.name + word + "(" + out + ")";
    case Op::kAnd:
    case Op::kOr:
      for (const std::uint32_t operand : node.operands)
        out += (out.empty() ? "" : node.op == Op::kAnd ? " and " : " or ") + bracketed(operand);
      return out;
    default: return node.name + word + quoted(node.values[0]);
  }
}

std::string Query::text() const { return nodes_.empty() ? "" : text_of(nodes_.back()); }

base::Status check_attributes(const Attributes& attributes) {
  if (attributes.size() > kMostAttributes) return invalid("attributes", "has at most 64 of them");
  for (const auto& [name, value] : attributes) {
    if (!is_attribute_name(name))
      return invalid("attributes", "names have 1 to 63 letters, digits and . _ - /, and begin with a letter");
    if (value.empty() || value.size() > kMostValue || !std::ranges::all_of(value, printable))
      return invalid("attributes", "values have 1 to 253 printable characters and no quotes");
  }
  return {};
}

}  // namespace market
