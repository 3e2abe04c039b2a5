#include "market/attribute_table.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace market {
namespace {

using Answers = AttributeTable::Answers;

bool is_before(const AttributeValue& a, const AttributeValue& b) {
  const std::partial_ordering order = compare(a, b);
  return order == std::partial_ordering::unordered ? a.number.has_value() : order < 0;
}

bool has(const Answers& answers, bool answer) {
  return !answers.empty() && std::memchr(answers.data(), answer ? 1 : 0, answers.size()) != nullptr;
}

}  // namespace

AttributeTable::AttributeTable(std::span<const Attributes* const> rows) : size_(rows.size()) {
  for (std::uint32_t row = 0; row < size_; ++row)
    for (const auto& [name, text] : *rows[row]) cells_[name].push_back({row, text});
}

AttributeTable::Column AttributeTable::column_of(std::span<const Cell> cells) {
  std::vector<std::pair<AttributeValue, std::uint32_t>> sorted;
  for (const Cell& cell : cells) sorted.emplace_back(AttributeValue::of(cell.text), cell.row);
  std::ranges::sort(sorted, is_before, [](const auto& entry) -> const AttributeValue& { return entry.first; });
  Column out;
  for (const auto& [value, row] : sorted) {
    out.values.push_back(value);
    out.rows.push_back(row);
    if (value.number) ++out.numbers;
  }
  return out;
}

const AttributeTable::Column& AttributeTable::column(std::string_view name) {
  static const Column nobody_has_it;
  const auto cells = cells_.find(name);
  if (cells == cells_.end()) return nobody_has_it;
  const auto [entry, fresh] = columns_.try_emplace(cells->first);
  if (fresh) entry->second = column_of(cells->second);
  return entry->second;
}

Answers AttributeTable::matching(const Query& query) {
  return query.empty() ? Answers(size_, 1) : answers(query, query.nodes_.back());
}

Answers AttributeTable::answers(const Query& query, const Query::Node& node) {
  using Op = Query::Op;
  if (node.op == Op::kAnd || node.op == Op::kOr) return combined(query, node);
  if (node.op != Op::kNot) return compared(node);
  Answers out = answers(query, query.nodes_[node.operands[0]]);
  for (std::uint8_t& answer : out) answer ^= 1;
  return out;
}

// Until no further operand can change anything.
Answers AttributeTable::combined(const Query& query, const Query::Node& node) {
  const bool all = node.op == Query::Op::kAnd;
  Answers out(size_, all ? 1 : 0);
  for (const std::uint32_t operand : node.operands) {
    if (!has(out, all)) break;
    const Answers more = answers(query, query.nodes_[operand]);
    if (all)
      std::ranges::transform(out, more, out.begin(), std::bit_and<>());
    else
      std::ranges::transform(out, more, out.begin(), std::bit_or<>());
  }
  return out;
}

Answers AttributeTable::compared(const Query::Node& node) {
  using Op = Query::Op;
  Answers out(size_, 0);
  const Column& in = column(node.name);
  const std::size_t size = in.rows.size();
  const auto mark = [&](std::size_t from, std::size_t to) {
    for (; from < to; ++from) out[in.rows[from]] = 1;
  };
  if (node.op == Op::kExists) mark(0, size);
  for (const Query::Literal& literal : node.values) {
    const AttributeValue with = literal.value();
    const auto equal = std::ranges::equal_range(in.values, with, is_before);
    const auto from = static_cast<std::size_t>(equal.begin() - in.values.begin()), to = from + equal.size();
    const std::size_t first = with.number ? 0 : in.numbers, last = with.number ? in.numbers : size;  // of its kind
    switch (node.op) {
      case Op::kUnequal: mark(0, from), mark(to, size); break;
      case Op::kLess: mark(first, from); break;
      case Op::kLessEqual: mark(first, to); break;
      case Op::kMore: mark(to, last); break;
      case Op::kMoreEqual: mark(from, last); break;
      default: mark(from, to);
    }
  }
  return out;
}

}  // namespace market
