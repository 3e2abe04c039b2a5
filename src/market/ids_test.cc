#include "market/ids.h"

#include <gtest/gtest.h>

namespace market {
namespace {

TEST(Ids, HaveOneTextEach) {
  for (int kind = 1; kind <= static_cast<int>(IdKind::kTransfer); ++kind)
    for (const Id id : {Id{1}, Id{12}, INT64_MAX}) {
      const std::string text = id_text(static_cast<IdKind>(kind), id);
      EXPECT_EQ(*parse_id(static_cast<IdKind>(kind), text), id);
    }
  for (const std::string_view text : {"ctr_", "ctr_0", "ctr_-1", "ctr_+1", "ctr_01", "ctr_1 ", " ctr_1", "ctr_1x",
                                      "ctr1", "CTR_1", "bid_1", "1", "", "ctr_9223372036854775808"})
    EXPECT_FALSE(parse_id(IdKind::kContract, text).ok()) << text;
}

TEST(Ids, OfOrdersSayTheSide) {
  Order order;
  order.id = 12;
  EXPECT_EQ(order_text(order), "bid_12");
  order.terms.side = Side::kOffer;
  EXPECT_EQ(order_text(order), "off_12");
  EXPECT_EQ(*parse_order_id("bid_12"), std::pair(Side::kBid, Id{12}));
  EXPECT_EQ(*parse_order_id("off_3"), std::pair(Side::kOffer, Id{3}));
  EXPECT_FALSE(parse_order_id("ctr_3").ok());
}

}  // namespace
}  // namespace market
