// Query: which attributes a bid requires of what serves it, and a market of what is sold there. Declarative and small:
//   gpu.model = a100 and memory >= 64Gi and (site in (bos, nyc) or not exists site)
//   query      = and { "or" and }
//   and        = term { "and" term }
//   term       = "not" term | "(" query ")" | "exists" name | name sign value | name "in" "(" value { "," value } ")"
//   sign       = "=" | "!=" | "<" | "<=" | ">" | ">="
//   value      = letters, digits and . _ + - / : ; or anything printable between double quotes
// Two values that are numbers, plain decimals or Kubernetes quantities ("1.5", "500m", "64Gi", "2e3"), are compared exactly
// as numbers; two that are not, byte by byte; a number and something else are only ever unequal. A comparison with an
// attribute that is not there does not hold, whatever its sign. The empty query holds always.
// No regular expressions, no functions: evaluating costs at most kMostNodes comparisons, whoever wrote it. Text, nodes,
// nesting and values are limited before. Many lots at once are asked by attribute_table.h, at a fraction of the price.
// A value, any thread. Errors: kInvalidInput, "query: …, at character N".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "market/attribute_value.h"

namespace market {

using Attributes = std::map<std::string, std::string>;

class Query {
 public:
  static constexpr std::size_t kMostText = 1'024, kMostNodes = 128, kMostDepth = 16;

  static base::Result<Query> parse(std::string_view text);
  bool matches(const Attributes& attributes) const;
  std::string text() const;  // one text for queries that are the same but for blanks, quotes and brackets
  bool empty() const { return nodes_.empty(); }

 private:
  friend class AttributeTable;  // the same answers, of many lots at once
  enum class Op : std::uint8_t {
    kEqual,
    kUnequal,
    kLess,
    kLessEqual,
    kMore,
    kMoreEqual,
    kIn,
    kExists,
    kNot,
    kAnd,
    kOr
  };
  struct Literal {
    std::string text;
    decltype(AttributeValue::number) number = {};
    AttributeValue value() const { return {text, number}; }
  };
  struct Node {
    Op op = Op::kAnd;
    std::string name = {};
    std::vector<Literal> values = {};
    std::vector<std::uint32_t> operands = {};  // of not, and, or: their place in nodes_
  };
  class Parser;

  static bool compares(Op op, const AttributeValue& attribute, const AttributeValue& with);
  bool holds(const Node& node, const Attributes& attributes) const;
  std::string text_of(const Node& node) const;

  std::vector<Node> nodes_;  // operands before what they belong to; the last is the whole
};

// Attributes that a lot may have: at most kMostAttributes, names as in queries, values of 1 to 253 printable characters.
base::Status check_attributes(const Attributes& attributes);

}  // namespace market
