// The book against a list that is searched from one end to the other, and its rules one by one.
#include "auction/clearing/continuous_book.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <list>

namespace auction::clearing {
namespace {

using Fills = std::vector<Fill>;

// Orders in the order in which they came to rest.
class SlowBook {
 public:
  std::optional<Placed> submit(const BookOrder& order, Fills& fills) {
    if (find(order.id) != orders_.end()) return std::nullopt;
    std::uint64_t there = 0;
    for (const BookOrder& o : orders_)
      if (crosses(order, o)) there += o.units;
    Placed out;
    if (order.at_least > 1 && there < order.at_least) return out;
    while (out.filled < order.units) {
      auto best = orders_.end();
      for (auto o = orders_.begin(); o != orders_.end(); ++o)
        if (crosses(order, *o) &&
            (best == orders_.end() || (order.side == Side::kBid ? o->price < best->price : o->price > best->price)))
          best = o;
      if (best == orders_.end()) break;
      const std::uint32_t some = std::min(best->units, order.units - out.filled);
      fills.push_back({best->id, some, best->price});
      out.filled += some;
      if ((best->units -= some) == 0) orders_.erase(best);
    }
    if (out.filled < order.units && !order.immediate) {
      out.resting = order.units - out.filled;
      orders_.push_back(order);
      orders_.back().units = out.resting;
    }
    return out;
  }
  bool cancel(std::uint64_t id) {
    const auto at = find(id);
    if (at == orders_.end()) return false;
    orders_.erase(at);
    return true;
  }
  std::optional<Placed> replace(std::uint64_t id, std::int64_t price, std::uint32_t units, Fills& fills) {
    const auto at = find(id);
    if (at == orders_.end()) return std::nullopt;
    if (price == at->price && units <= at->units) {
      at->units = units;
      return Placed{0, units};
    }
    const Side side = at->side;
    orders_.erase(at);
    return submit({.id = id, .side = side, .price = price, .units = units}, fills);
  }
  std::vector<ContinuousBook::Depth> depth(Side side) const {
    std::map<std::int64_t, ContinuousBook::Depth> levels;
    for (const BookOrder& o : orders_) {
      if (o.side != side) continue;
      ContinuousBook::Depth& level = levels[side == Side::kBid ? -o.price : o.price];
      level.price = o.price;
      level.units += o.units;
      ++level.orders;
    }
    std::vector<ContinuousBook::Depth> out;
    for (const auto& [key, level] : levels) out.push_back(level);
    return out;
  }
  std::size_t orders() const { return orders_.size(); }

 private:
  static bool crosses(const BookOrder& a, const BookOrder& b) {
    return a.side != b.side && (a.side == Side::kBid ? a.price >= b.price : a.price <= b.price);
  }
  std::list<BookOrder>::iterator find(std::uint64_t id) {
    return std::find_if(orders_.begin(), orders_.end(), [&](const BookOrder& o) { return o.id == id; });
  }
  std::list<BookOrder> orders_;
};

template <class T>
std::optional<T> as_optional(const base::Result<T>& result) {
  return result.ok() ? std::optional(*result) : std::nullopt;
}

RC_GTEST_PROP(ContinuousBook, IsTheSlowBook, ()) {
  ContinuousBook book;
  SlowBook slow;
  const auto steps = *rc::gen::inRange(1, 120);
  for (int step = 0; step < steps; ++step) {
    Fills fills, slow_fills;
    const auto id = *rc::gen::inRange<std::uint64_t>(0, 25);
    const auto price = *rc::gen::inRange<std::int64_t>(0, 8);
    const auto units = *rc::gen::inRange<std::uint32_t>(1, 6);
    switch (*rc::gen::inRange(0, 5)) {
      case 0: RC_ASSERT(book.cancel(id).ok() == slow.cancel(id)); break;
      case 1:
        RC_ASSERT(as_optional(book.replace(id, price, units, fills)) == slow.replace(id, price, units, slow_fills));
        break;
      default: {
        const BookOrder order{.id = id,
                              .side = *rc::gen::element(Side::kBid, Side::kAsk),
                              .price = price,
                              .units = units,
                              .at_least = *rc::gen::inRange<std::uint32_t>(1, units + 1),
                              .immediate = *rc::gen::inRange(0, 4) == 0};
        RC_ASSERT(as_optional(book.submit(order, fills)) == slow.submit(order, slow_fills));
      }
    }
    RC_ASSERT(fills == slow_fills);
    RC_ASSERT(book.orders() == slow.orders());
    for (const Side side : {Side::kBid, Side::kAsk}) RC_ASSERT(book.depth(side, 100) == slow.depth(side));
    const auto bids = book.depth(Side::kBid, 1), asks = book.depth(Side::kAsk, 1);
    if (!bids.empty() && !asks.empty()) RC_ASSERT(bids[0].price < asks[0].price);
  }
}

class Book : public testing::Test {
 protected:
  Placed submit(std::uint64_t id, Side side, std::int64_t price, std::uint32_t units) {
    return book_.submit({.id = id, .side = side, .price = price, .units = units}, fills_).value();
  }
  ContinuousBook book_;
  Fills fills_;
};

TEST_F(Book, TradesAtTheRestingPriceTheEarliestOfEqualOnesFirst) {
  submit(1, Side::kAsk, 7, 2);
  submit(2, Side::kAsk, 5, 1);
  submit(3, Side::kAsk, 5, 1);
  EXPECT_EQ(submit(4, Side::kBid, 9, 5), (Placed{4, 1}));
  EXPECT_EQ(fills_, (Fills{{2, 1, 5}, {3, 1, 5}, {1, 2, 7}}));
  EXPECT_EQ(book_.find(4)->units, 1U);
}

TEST_F(Book, NeverTradesBeyondALimit) {
  submit(1, Side::kAsk, 7, 1);
  EXPECT_EQ(submit(2, Side::kBid, 6, 1), (Placed{0, 1}));
  EXPECT_TRUE(fills_.empty());
}

TEST_F(Book, AllOrNoneTakesEnoughAtOnceOrIsGone) {
  submit(1, Side::kAsk, 5, 2);
  submit(2, Side::kAsk, 6, 1);
  const BookOrder order{.id = 3, .side = Side::kBid, .price = 5, .units = 3, .at_least = 3};
  EXPECT_EQ(book_.submit(order, fills_).value(), (Placed{0, 0}));
  EXPECT_EQ(book_.orders(), 2U) << "nothing was changed";
  BookOrder dearer = order;
  dearer.price = 6;
  EXPECT_EQ(book_.submit(dearer, fills_).value(), (Placed{3, 0}));
  EXPECT_EQ(book_.orders(), 0U);
}

TEST_F(Book, ImmediateOnesNeverRest) {
  submit(1, Side::kAsk, 5, 2);
  const BookOrder order{.id = 2, .side = Side::kBid, .price = 5, .units = 3, .immediate = true};
  EXPECT_EQ(book_.submit(order, fills_).value(), (Placed{2, 0}));
  EXPECT_EQ(book_.orders(), 0U);
}

TEST_F(Book, FewerUnitsKeepTheirPlaceMoreLoseIt) {
  submit(1, Side::kAsk, 5, 3);
  submit(2, Side::kAsk, 5, 1);
  EXPECT_EQ(book_.replace(1, 5, 1, fills_).value(), (Placed{0, 1}));
  submit(3, Side::kBid, 5, 1);
  EXPECT_EQ(fills_.back().resting, 1U);
  submit(4, Side::kAsk, 5, 1);
  EXPECT_EQ(book_.replace(2, 5, 2, fills_).value(), (Placed{0, 2}));
  submit(5, Side::kBid, 5, 1);
  EXPECT_EQ(fills_.back().resting, 4U);
}

TEST_F(Book, AReplacedOrderMayTrade) {
  submit(1, Side::kAsk, 5, 1);
  submit(2, Side::kBid, 3, 2);
  EXPECT_EQ(book_.replace(2, 6, 2, fills_).value(), (Placed{1, 1}));
  EXPECT_EQ(fills_, (Fills{{1, 1, 5}}));
}

TEST_F(Book, RefusesWhatCannotBeAndChangesNothing) {
  submit(1, Side::kAsk, 5, 1);
  const auto code = [](const auto& result) { return result.error().code; };
  const BookOrder good{.id = 2, .side = Side::kBid, .price = 5, .units = 2};
  for (const auto change : {+[](BookOrder& o) { o.id = 1; }, +[](BookOrder& o) { o.price = -1; },
                            +[](BookOrder& o) { o.price = kMaxPrice + 1; }, +[](BookOrder& o) { o.units = 0; },
                            +[](BookOrder& o) { o.units = kMaxUnits + 1; }, +[](BookOrder& o) { o.at_least = 0; },
                            +[](BookOrder& o) { o.at_least = 3; }}) {
    BookOrder bad = good;
    change(bad);
    EXPECT_EQ(code(book_.submit(bad, fills_)), base::Code::kInvalidInput);
  }
  EXPECT_EQ(code(book_.cancel(9)), base::Code::kNotFound);
  EXPECT_EQ(code(book_.replace(9, 5, 1, fills_)), base::Code::kNotFound);
  EXPECT_EQ(code(book_.replace(1, -1, 1, fills_)), base::Code::kInvalidInput);
  EXPECT_TRUE(fills_.empty());
  EXPECT_EQ(book_.depth(Side::kAsk, 9), (std::vector<ContinuousBook::Depth>{{5, 1, 1}}));
}

}  // namespace
}  // namespace auction::clearing
