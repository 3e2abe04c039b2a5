#include <gtest/gtest.h>

#include "tarn/pool_demo.h"

namespace tarn {
namespace {

using auction::Mechanism;

PoolDemoProvider provider(const std::string& id, std::uint64_t capacity, std::uint64_t price, Fate fate) {
  PoolDemoProvider out;
  out.book = {id, capacity, ""};
  out.price = price;
  out.id = id;
  out.fate = fate;
  return out;
}
void sell(PoolDemo& demo, std::size_t provider, std::uint64_t units, std::uint64_t payment) {
  const DemoLease lease{"", demo.providers[provider].id, units, payment};
  demo.providers[provider].lease = lease;
  demo.request.leases.push_back(lease);
}
// a is the cheapest that is drawn; d would be, but is not.
PoolDemo sold_by(std::size_t winner, std::uint64_t units, std::uint64_t payment) {
  PoolDemo out;
  out.books.quantity = 10;
  out.books.max_price = 80;
  out.providers = {provider("a", 20, 40, Fate::kLost), provider("b", 20, 50, Fate::kLost),
                   provider("c", 9, 30, Fate::kLost), provider("d", 20, 20, Fate::kNotDrawn)};
  out.providers[winner].fate = Fate::kWon;
  sell(out, winner, units, payment);
  return out;
}

TEST(PoolDemoCheck, TheCheapestOfThoseWhoComputedIsRightAndNobodyElse) {
  EXPECT_TRUE(equals_plain(sold_by(0, 10, 400), Mechanism::kFirstPrice));
  EXPECT_TRUE(equals_plain(sold_by(0, 10, 500), Mechanism::kSecondPrice));
  EXPECT_FALSE(equals_plain(sold_by(1, 10, 500), Mechanism::kFirstPrice)) << "a is cheaper";
  EXPECT_FALSE(equals_plain(sold_by(2, 10, 300), Mechanism::kFirstPrice)) << "c has not enough";
  EXPECT_FALSE(equals_plain(sold_by(0, 10, 401), Mechanism::kFirstPrice)) << "another payment";
  EXPECT_FALSE(equals_plain(sold_by(0, 9, 400), Mechanism::kFirstPrice)) << "another quantity";
  EXPECT_FALSE(equals_plain(sold_by(3, 10, 200), Mechanism::kSecondPrice)) << "without its draw d is paid b's price";
}

TEST(PoolDemoCheck, TheProviderItselfMustKnow) {
  PoolDemo demo = sold_by(0, 10, 400);
  demo.providers[0].fate = Fate::kLost;
  EXPECT_FALSE(equals_plain(demo, Mechanism::kFirstPrice));
  demo = sold_by(0, 10, 400);
  demo.providers[1].fate = Fate::kWon;
  EXPECT_FALSE(equals_plain(demo, Mechanism::kFirstPrice));
}

TEST(PoolDemoCheck, NoLeaseIsRightWhereNobodyFits) {
  PoolDemo demo = sold_by(0, 10, 400);
  demo.providers[0].fate = Fate::kLost;
  demo.providers[0].lease.reset();
  demo.request.leases.clear();
  EXPECT_FALSE(equals_plain(demo, Mechanism::kFirstPrice));
  demo.books.max_price = 39;
  EXPECT_TRUE(equals_plain(demo, Mechanism::kFirstPrice));
}

TEST(PoolDemoCheck, AnyOfEqualsMayHaveWon) {
  for (const std::size_t winner : {std::size_t{0}, std::size_t{1}}) {
    PoolDemo demo = sold_by(winner, 10, 400);
    demo.providers[1].price = 40;
    EXPECT_TRUE(equals_plain(demo, Mechanism::kFirstPrice));
  }
}

// Two ask the same and have six each: whoever came first sold all of it, the other the rest.
TEST(PoolDemoCheck, AnyOfEqualsMayHaveSoldOut) {
  for (const std::size_t first : {std::size_t{0}, std::size_t{1}}) {
    PoolDemo demo;
    demo.books.quantity = 10;
    demo.books.max_price = 80;
    demo.providers = {provider("a", 6, 40, Fate::kWon), provider("b", 6, 40, Fate::kWon),
                      provider("c", 6, 41, Fate::kLost)};
    sell(demo, first, 6, 240);
    sell(demo, 1 - first, 4, 160);
    EXPECT_TRUE(equals_plain(demo, Mechanism::kSplit));
    demo.providers[first].lease->units = 5;
    EXPECT_FALSE(equals_plain(demo, Mechanism::kSplit));
  }
}

TEST(PoolDemoCheck, WithoutAnybodyThereIsNothingToCompare) { EXPECT_FALSE(equals_plain({}, Mechanism::kSplit)); }

}  // namespace
}  // namespace tarn
