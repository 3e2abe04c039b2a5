#include "market/query.h"

#include <algorithm>
#include <array>

#include "market/lookup.h"

namespace market {
namespace {

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
      TARN_ASSIGN(Literal with, value());
      return add({op, std::move(name), {std::move(with)}});
    }
    return wrong(at_, "expected one of = != < <= > >= in");
  }
  base::Result<std::uint32_t> list(std::string name) {
    Node node{Op::kIn, std::move(name)};
    if (!take("(")) return wrong(at_, "expected ( after in");
    do {
      TARN_ASSIGN(Literal element, value());
      if (node.values.size() == kMostNodes) return wrong(at_, "too long: at most 128 comparisons and values");
      node.values.push_back(std::move(element));
    } while (take(","));
    if (!take(")")) return wrong(at_, "expected , or )");
    return add(std::move(node));
  }
  base::Result<Literal> value() {
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
    return Literal{std::string(text), AttributeValue::of(text).number};
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0, count_ = 0;
  std::vector<Node> nodes_;
};

base::Result<Query> Query::parse(std::string_view text) {
  if (text.size() > kMostText) return wrong(kMostText, "too long: at most 1,024 characters");
  Query query;
  TARN_ASSIGN(query.nodes_, Parser(text).parse());
  return query;
}

bool Query::compares(Op op, const AttributeValue& attribute, const AttributeValue& with) {
  const std::partial_ordering order = compare(attribute, with);
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
  const AttributeValue attribute = AttributeValue::of(found->second);
  return std::ranges::any_of(node.values,
                             [&](const Literal& with) { return compares(node.op, attribute, with.value()); });
}

bool Query::matches(const Attributes& attributes) const { return nodes_.empty() || holds(nodes_.back(), attributes); }

std::string Query::text_of(const Node& node) const {
  constexpr std::array<std::string_view, 8> kWords{" = ", " != ", " < ", " <= ", " > ", " >= ", " in ", "exists "};
  const auto quoted = [](const Literal& value) {
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
      for (const Literal& value : node.values) out += (out.empty() ? "" : ", ") + quoted(value);
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
