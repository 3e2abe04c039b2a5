// A town with one market, a seller and two buyers, for tests of what a clearing makes of their orders.
// Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "support/market_auditor.h"
#include "support/market_town.h"

namespace support {

class ClearingTown : public ::testing::Test {
 protected:
  MarketTown town;
  Party& north = town.join("north", 0);
  Party& acme = town.join("acme");
  Party& umbra = town.join("umbra");

  void make_market(market::Mechanism mechanism, std::int64_t period = 300'000) {
    town.make_market("hours", [&](market::Market& market) {
      market.clearing.mechanism = mechanism;
      market.call_period_ms = period;
    });
  }
  void make_book() { make_market(market::Mechanism::kContinuous, 0); }  // orders meet at once
  market::Terms offer(std::uint32_t units, std::int64_t price, const std::string& lot = "small") {
    return town.offer("hours", lot, units, price);
  }
  market::Terms bid(std::uint32_t units, std::int64_t price) { return town.bid("hours", units, price); }
  std::vector<std::string> unsound() {
    MarketAuditor auditor;
    return auditor.look(town.memory.tables(), town.now, false);
  }
};

}  // namespace support
