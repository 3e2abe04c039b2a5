// All stores of the market, to be held to the same promises: its twin in memory, SQLite and PostgreSQL.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "store/market_store.h"
#include "support/isolation_stores.h"
#include "support/memory_market_store.h"

namespace support {

// A fixture with an empty store.
class MarketStores : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (GetParam() == Engine::kPostgres && Postgres::get() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    if (GetParam() == Engine::kPostgres) settings_.connection = Postgres::get()->new_database();
    if (GetParam() == Engine::kSqlite) settings_.path = scratch_.file("market.db");
    store_ = open();
    ASSERT_NE(store_, nullptr);
  }
  std::unique_ptr<market::Store> open() const {
    if (GetParam() == Engine::kMemory) return std::make_unique<MemoryMarketStore>();
    auto opened = store::open_market_store(settings_);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return opened.ok() ? std::move(*opened) : nullptr;
  }

  Scratch scratch_;
  store::MarketStoreSettings settings_;
  std::unique_ptr<market::Store> store_;
};

}  // namespace support
