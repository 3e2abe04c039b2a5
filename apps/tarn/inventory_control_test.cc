// What commands and inventories say to each other: nothing else means the same, and what is said is done.
#include "tarn/inventory_control.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/memory_inventory.h"

namespace tarn {
namespace {

using inventory::Reservation;
using Kind = InventoryQuestion::Kind;

support::MemoryInventory small() {
  inventory::Offer offer;
  offer.name = "small";
  offer.unit = *model::ResourceClass::parse("cpu=1");
  offer.capacity = 10;
  return support::MemoryInventory({offer});
}
Reservation night() { return {{1, 2}, "small", 4, 1'000, 2'000, "lot night"}; }

TEST(InventoryControl, SaysWhatStandsAfterEachQuestion) {
  support::MemoryInventory inventory = small();
  InventoryAnswer said = answer({Kind::kReserve, night()}, inventory, 0);
  EXPECT_FALSE(said.error.has_value());
  EXPECT_EQ(said.reservations, std::vector<Reservation>{night()});
  ASSERT_EQ(said.totals.size(), 1U);
  EXPECT_EQ(said.totals[0].reserved, 0U);
  EXPECT_EQ(said.totals[0].reserved_at_most, 4U);
  EXPECT_EQ(answer({}, inventory, 1'500).totals[0].reserved, 4U);
  said = answer({Kind::kReserve, {{3}, "small", 7, 1'999, 3'000}}, inventory, 0);
  ASSERT_TRUE(said.error.has_value());
  EXPECT_EQ(said.error->code, base::Code::kConflict);
  EXPECT_EQ(said.reservations.size(), 1U);
  said = answer({Kind::kRelease, night()}, inventory, 0);
  EXPECT_FALSE(said.error.has_value());
  EXPECT_TRUE(said.reservations.empty());
}

TEST(InventoryControl, KeepsEverythingOnTheWay) {
  const auto question = InventoryQuestion::decode(InventoryQuestion{Kind::kReserve, night()}.encode());
  ASSERT_TRUE(question.has_value());
  EXPECT_EQ(question->kind, Kind::kReserve);
  EXPECT_EQ(question->reservation, night());
  InventoryAnswer said;
  said.error = base::Error{base::Code::kConflict, "taken"};
  said.totals = {{"small", 10, 1, 2, 3, 4, 5}};
  said.reservations = {night(), {{9}, "small", 1, -5, 6}};
  const auto heard = InventoryAnswer::decode(said.encode());
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(heard->error->code, base::Code::kConflict);
  EXPECT_EQ(heard->error->message, "taken");
  EXPECT_EQ(heard->reservations, said.reservations);
  ASSERT_EQ(heard->totals.size(), 1U);
  EXPECT_EQ(heard->encode(), said.encode());
  EXPECT_EQ(heard->totals[0].reserved_at_most, 5U);
}

TEST(InventoryControl, RefusesWhatIsNoQuestion) {
  for (const base::Bytes& bytes : {base::Bytes{}, base::Bytes{1}, base::Bytes{2, 1}, base::Bytes{1, 0},
                                   base::Bytes{1, 4}, base::Bytes{1, 1, 0}, base::Bytes{1, 3, 1}})
    EXPECT_FALSE(InventoryQuestion::decode(bytes).has_value());
  base::Bytes whole = InventoryQuestion{Kind::kReserve, night()}.encode();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(InventoryQuestion::decode(base::ByteView(whole).first(size)).has_value()) << size;
  whole.push_back(0);
  EXPECT_FALSE(InventoryQuestion::decode(whole).has_value());
}

// Of bytes that are nearly right, too.
RC_GTEST_PROP(InventoryControl, MeansNothingTwice, ()) {
  InventoryAnswer said;
  said.totals = {{"small", 10, 1, 2, 3, 4, 5}};
  said.reservations = {night()};
  if (*rc::gen::arbitrary<bool>()) said.error = base::Error{base::Code::kStorage, "full"};
  base::Bytes bytes =
      *rc::gen::arbitrary<bool>()
          ? said.encode()
          : InventoryQuestion{*rc::gen::element(Kind::kShow, Kind::kReserve, Kind::kRelease), night()}.encode();
  bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
  if (const auto question = InventoryQuestion::decode(bytes)) RC_ASSERT(question->encode() == bytes);
  if (const auto heard = InventoryAnswer::decode(bytes)) RC_ASSERT(heard->encode() == bytes);
}

}  // namespace
}  // namespace tarn
