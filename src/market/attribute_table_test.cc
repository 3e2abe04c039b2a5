// The table against its slow and obvious twin, Query::matches: one lot after the other, a value read again each time.
#include "market/attribute_table.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace market {
namespace {

using Answers = AttributeTable::Answers;

AttributeTable table_of(const std::vector<Attributes>& rows) {
  std::vector<const Attributes*> pointers;
  for (const Attributes& row : rows) pointers.push_back(&row);
  return AttributeTable(pointers);
}

Answers matching(std::string_view query, const std::vector<Attributes>& rows) {
  return table_of(rows).matching(Query::parse(query).value());
}

const std::vector<Attributes> kLots{
    {{"cpu", "4"}, {"site", "bos"}}, {{"cpu", "4000m"}}, {{"cpu", "32"}, {"site", "7"}}, {{"site", "ams"}}, {}};

TEST(AttributeTable, ANumberIsTheSameHoweverItIsWritten) {
  EXPECT_EQ(matching("cpu = 4.0", kLots), (Answers{1, 1, 0, 0, 0}));
  EXPECT_EQ(matching("cpu > 4", kLots), (Answers{0, 0, 1, 0, 0}));
  EXPECT_EQ(matching("cpu in (32000m, 9)", kLots), (Answers{0, 0, 1, 0, 0}));
}

TEST(AttributeTable, ANumberAndATextAreOnlyEverUnequal) {
  EXPECT_EQ(matching("site > 0", kLots), (Answers{0, 0, 1, 0, 0}));
  EXPECT_EQ(matching("site < zzz", kLots), (Answers{1, 0, 0, 1, 0}));
  EXPECT_EQ(matching("site >= ams", kLots), (Answers{1, 0, 0, 1, 0}));
  EXPECT_EQ(matching("site != bos", kLots), (Answers{0, 0, 1, 1, 0}));
  EXPECT_EQ(matching("site != 7", kLots), (Answers{1, 0, 0, 1, 0}));
}

TEST(AttributeTable, WhatIsNotThereHoldsOnlyOfNot) {
  EXPECT_EQ(matching("disk = 1 or disk != 1 or exists disk", kLots), (Answers{0, 0, 0, 0, 0}));
  EXPECT_EQ(matching("not exists disk", kLots), (Answers{1, 1, 1, 1, 1}));
  EXPECT_EQ(matching("not cpu = 4", kLots), (Answers{0, 0, 1, 1, 1}));
  EXPECT_EQ(matching("", kLots), (Answers{1, 1, 1, 1, 1}));
  EXPECT_EQ(matching("not (disk = 1 and cpu = 4)", {}), Answers{});
}

std::string some_value() {
  return *rc::gen::element<std::string>("0", "-0", "1", "1000m", "1.0", "1Ki", "1024", "1e3", "1k", "-1500m", "-1.5",
                                        "0.0000000001", "9999999999999999999", "a", "ab", "b", "-", "1x", "~ 7");
}

Attributes some_attributes() {
  Attributes out;
  for (const char* name : {"a", "b", "c"})
    if (*rc::gen::inRange(0, 4) != 0) out[name] = some_value();
  return out;
}

std::string some_comparison() {
  const auto name = *rc::gen::element<std::string>("a", "b", "c", "nobody.has");
  const auto sign = *rc::gen::element<std::string>("=", "!=", "<", "<=", ">", ">=", " in ", "exists");
  if (sign == "exists") return "exists " + name;
  const std::string value = "\"" + some_value() + "\"";
  return name + sign + (sign == " in " ? "(" + value + ", \"" + some_value() + "\")" : value);
}

std::string some_query(int depth) {
  const int what = depth == 0 ? 0 : *rc::gen::inRange(0, 5);
  if (what <= 1) return some_comparison();
  if (what == 2) return "not (" + some_query(depth - 1) + ")";
  std::string out = "(" + some_query(depth - 1) + ")";
  for (int further = *rc::gen::inRange(1, 4); further > 0; --further)
    out += (what == 3 ? " and (" : " or (") + some_query(depth - 1) + ")";
  return out;
}

RC_GTEST_PROP(AttributeTable, AnswersForEachLotWhatTheQueryAnswersForItAlone, ()) {
  std::vector<Attributes> rows;
  for (int left = *rc::gen::inRange(0, 9); left > 0; --left) rows.push_back(some_attributes());
  AttributeTable table = table_of(rows);
  for (int left = 16; left > 0; --left) {  // of one table: what an earlier one left there changes nothing
    const auto query = Query::parse(some_query(3));
    if (!query.ok()) continue;  // a large one is too long
    const Answers answers = table.matching(*query);
    RC_ASSERT(answers.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
      RC_ASSERT(answers[i] == static_cast<std::uint8_t>(query->matches(rows[i])));
  }
}

}  // namespace
}  // namespace market
