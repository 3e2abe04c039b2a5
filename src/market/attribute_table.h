// AttributeTable: what many lots are like, to ask each query of all of them at once. It answers as Query::matches does
// of one lot after the other; but that looks up and reads a value anew for each comparison, which with thousands of bids
// and lots is most of a call, and how much more, any member could decide by its queries.
// Here each name that some query asks for is a column: values in their order, read once, with the rows that have them.
// What a comparison holds of is one or two pieces of its column, found by bisection. A set of rows is a byte for each,
// and `and`, `or`, `not` are of whole sets. So a comparison costs a nanosecond or two a row (bench/queries.cc).
// The attributes stay where they are: the table refers to them. Threads: one at a time. No errors.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "market/attribute_value.h"
#include "market/query.h"

namespace market {

class AttributeTable {
 public:
  using Answers = std::vector<std::uint8_t>;  // 1 or 0 for each row

  explicit AttributeTable(std::span<const Attributes* const> rows);

  Answers matching(const Query& query);

 private:
  struct Cell {
    std::uint32_t row = 0;
    std::string_view text;
  };
  struct Column {
    std::vector<AttributeValue> values;  // numbers by size, then texts
    std::vector<std::uint32_t> rows;     // that have them
    std::size_t numbers = 0;             // how many
  };

  static Column column_of(std::span<const Cell> cells);
  const Column& column(std::string_view name);
  Answers answers(const Query& query, const Query::Node& node);
  Answers combined(const Query& query, const Query::Node& node);
  Answers compared(const Query::Node& node);

  std::size_t size_;
  std::unordered_map<std::string_view, std::vector<Cell>> cells_;
  std::unordered_map<std::string_view, Column> columns_;  // of names that were asked for
};

}  // namespace market
