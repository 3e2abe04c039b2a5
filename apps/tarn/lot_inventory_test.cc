// A lot and the units behind it: both are there or neither, whatever the market says and however often it is tried.
#include "tarn/lot_inventory.h"

#include <gtest/gtest.h>

#include "support/memory_inventory.h"

namespace tarn {
namespace {

using base::Code;

class LotInventory : public testing::Test {
 protected:
  static support::MemoryInventory inventory_of(std::uint64_t capacity) {
    inventory::Offer offer;
    offer.name = "small";
    offer.unit = *model::ResourceClass::parse("cpu=1");
    offer.capacity = capacity;
    return support::MemoryInventory({offer});
  }
  std::optional<Code> create(const LotUnits& lot) {
    const base::Status done = reserve_for_lot(ask, lot, [&]() -> base::Status {
      ++asked;
      EXPECT_EQ(inventory.reservations().size(), 1U);  // before the market hears of it
      if (market) return base::Error{*market, "the market says no"};
      return {};
    });
    said = done.ok() ? "" : done.error().message;
    return done.ok() ? std::nullopt : std::optional(done.error().code);
  }
  support::MemoryInventory inventory = inventory_of(10);
  bool gone = false;  // the inventory cannot be reached any more
  AskInventory ask = [this](const InventoryQuestion& question) -> base::Result<InventoryAnswer> {
    if (gone) return base::Error{Code::kStorage, "the provider has just stopped"};
    InventoryAnswer out = answer(question, inventory, 0);
    if (out.error) return *out.error;
    return out;
  };
  const LotUnits night{{7}, "night", "small", 6, 1'000, 2'000};
  std::optional<Code> market;  // how it refuses
  int asked = 0;
  std::string said;
};

TEST_F(LotInventory, ReservesWhatIsRegistered) {
  EXPECT_EQ(create(night), std::nullopt);
  ASSERT_EQ(inventory.reservations().size(), 1U);
  const inventory::Reservation made = inventory.reservations()[0];
  EXPECT_EQ(made, (inventory::Reservation{reservation_of_lot({7}, "night"), "small", 6, 1'000, 2'000, "lot night"}));
  EXPECT_EQ(create(night), std::nullopt);  // again
  EXPECT_EQ(inventory.reservations().size(), 1U);
  ASSERT_TRUE(release_for_lot(ask, {7}, "night").ok());
  ASSERT_TRUE(release_for_lot(ask, {7}, "night").ok());
  EXPECT_TRUE(inventory.reservations().empty());
}

TEST_F(LotInventory, AsksNoMarketAboutUnitsThatAreNotThere) {
  LotUnits many = night;
  many.units = 11;
  EXPECT_EQ(create(many), Code::kConflict);
  many.units = 1;
  many.offer = "large";
  EXPECT_EQ(create(many), Code::kInvalidInput);
  EXPECT_EQ(asked, 0);
}

TEST_F(LotInventory, ReleasesWhatTheMarketRefused) {
  for (const Code code : {Code::kInvalidInput, Code::kConflict, Code::kForbidden, Code::kUnauthenticated}) {
    market = code;
    EXPECT_EQ(create(night), code);
    EXPECT_EQ(said, "the market says no");
    EXPECT_TRUE(inventory.reservations().empty());
  }
}

TEST_F(LotInventory, KeepsWhatMayHaveBeenRegistered) {
  for (const Code code : {Code::kUnreachable, Code::kDeadline}) {
    market = code;
    EXPECT_EQ(create(night), code);
    EXPECT_NE(said.find("do the same again"), std::string::npos) << said;
    EXPECT_EQ(inventory.reservations().size(), 1U);
    (void)release_for_lot(ask, {7}, "night");
  }
  market = Code::kUnreachable;
  EXPECT_EQ(create(night), Code::kUnreachable);
  market = Code::kConflict;  // it had been registered
  EXPECT_EQ(create(night), Code::kConflict);
  EXPECT_EQ(inventory.reservations().size(), 1U);
}

TEST_F(LotInventory, SaysWhatIsStillReserved) {
  const base::Status done = reserve_for_lot(ask, night, [&]() -> base::Status {
    gone = true;
    return base::Error{Code::kForbidden, "not yours"};
  });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().message, "not yours; its units are still reserved: the provider has just stopped");
}

TEST_F(LotInventory, TakesTheLongestName) {
  LotUnits lot = night;
  lot.lot = std::string(63, 'n');
  EXPECT_EQ(create(lot), std::nullopt) << said;
}

TEST(ReservationOfLot, IsAnothersForAnotherOwnerOrName) {
  EXPECT_NE(reservation_of_lot({7}, "night"), reservation_of_lot({8}, "night"));
  EXPECT_NE(reservation_of_lot({7}, "night"), reservation_of_lot({7}, "day"));
}

}  // namespace
}  // namespace tarn
