// What an owner sells at a market its pool does not sell: lots whose units are reserved in the inventory of a provider that
// runs.
#include "e2e/market_lab.h"
#include "e2e/pool_lab.h"

namespace e2e {
namespace {

class LotInventory : public testing::Test {
 protected:
  LotInventory() {
    open_market(market);
    north = market.join("north");
  }
  json inventory() const { return tarn({"inventory", "list", "--output", "json", home[0], home[1]}).parsed(); }
  End create(const std::string& name, const std::string& units) {
    return market.as(north, {"lot", "create", name, "--units", units, "--from", "now", "--until", "1d",
                             "--inventory-offer", "units", "--inventory-state-dir", pool.state_dir(0)});
  }

  PoolLab pool{1};
  Market market;
  std::string north;
  const std::vector<std::string> home{"--state-dir", pool.state_dir(0)};
};

TEST_F(LotInventory, IsReservedBeforeItIsRegisteredAndReleasedWhenNoContractNeedsIt) {
  const End made = create("night", "60");
  ASSERT_EQ(made.code, kDone) << made;
  EXPECT_EQ(market.shown(north, {"lot", "show", "night"}).value("inventory_offer", ""), "units");
  ASSERT_EQ(inventory()["reservations"].size(), 1U);
  EXPECT_EQ(inventory()["reservations"][0]["units"], "60");
  EXPECT_EQ(inventory()["reservations"][0]["purpose"], "lot night");
  const End held = tarn(pool.request(8, {"--deadline", "5s"}), pool.home("buyer"));
  EXPECT_NE(held.code, kDone) << "the pool sold what the market was promised\n" << held;

  const End more = create("day", "5");
  EXPECT_EQ(more.code, kConflict) << more;
  EXPECT_EQ(market.as(north, {"lot", "show", "day"}).code, kNotFound) << "registered without units";
  EXPECT_EQ(create("night", "60").code, kConflict) << "the name is taken, with another window";
  EXPECT_EQ(inventory()["reservations"].size(), 1U);

  market.works(north, {"lot", "withdraw", "night", "--inventory-state-dir", pool.state_dir(0)});
  EXPECT_TRUE(inventory()["reservations"].empty());
  EXPECT_EQ(market.shown(north, {"lot", "show", "night"}).value("state", ""), "withdrawn");
}

TEST_F(LotInventory, IsReleasedIfTheMarketRefusesIt) {
  market.works(north, {"lot", "create", "taken", "--from", "now", "--until", "1d"});
  EXPECT_EQ(create("taken", "8").code, kConflict);
  EXPECT_TRUE(inventory()["reservations"].empty());
  const End nowhere =
      market.as(north, {"lot", "create", "x", "--from", "now", "--until", "1d", "--inventory-offer", "units"});
  EXPECT_EQ(nowhere.code, kRefused) << nowhere;
  EXPECT_THAT(nowhere.err, HasSubstr("--inventory-state-dir"));
}

TEST_F(LotInventory, StaysReservedWhileAContractGoesOn) {
  ASSERT_EQ(create("night", "8").code, kDone);
  const std::string acme = market.join("acme");
  const std::string from = market
                               .shown(north, {"offer", "create", "now", "--lot", "night", "--units", "8", "--price",
                                              "0.36", "--from", "15s", "--duration", "1h", "--least-duration", "1h"})
                               .value("earliest", "");
  market.works(acme, {"bid", "create", "now", "--units", "2", "--price", "0.72", "--from", from, "--duration", "1h"});
  market.works("", {"market", "clear", "now"});
  const std::string contract = market.shown(acme, {"contract", "list"})[0].value("id", "");
  const std::vector<std::string> withdraw{"lot", "withdraw", "night", "--inventory-state-dir", pool.state_dir(0)};
  const End kept = market.as(north, withdraw);
  EXPECT_EQ(kept.code, kConflict) << kept;
  EXPECT_THAT(kept.err, HasSubstr("stay reserved"));
  EXPECT_EQ(inventory()["reservations"].size(), 1U);
  market.works(acme, {"contract", "cancel", contract, "--why", "not needed"});
  EXPECT_TRUE(eventually([&] { return market.as(north, withdraw).code == kDone; }));
  EXPECT_TRUE(inventory()["reservations"].empty());
}

}  // namespace
}  // namespace e2e
