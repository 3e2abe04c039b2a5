// All stores of the isolation service, to be held to the same promises: its twin in memory, SQLite and PostgreSQL.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "store/isolation_store.h"
#include "support/memory_isolation_store.h"
#include "support/postgres.h"
#include "support/scratch.h"

namespace support {

enum class Engine { kMemory, kSqlite, kPostgres };
inline std::string name_of(const testing::TestParamInfo<Engine>& engine) {
  constexpr const char* kNames[] = {"Memory", "Sqlite", "Postgres"};
  return kNames[static_cast<int>(engine.param)];
}

// Of two stores of one file: they do not take turns, and the one that waited for some seconds, as a disk may let it, is
// told so. Nothing of its work was done then, and it tries again.
template <class Store, class Body>
base::Status write_beside_another(Store& store, const Body& body) {
  const auto end = steady_clock::now() + kPatience;
  for (;;) {
    base::Status done = store.write(body);
    if (done.ok() || done.error().code != base::Code::kStorage || steady_clock::now() >= end) return done;
  }
}

// A fixture with an empty store.
class IsolationStores : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (GetParam() == Engine::kPostgres && Postgres::get() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    if (GetParam() == Engine::kPostgres) settings_.connection = Postgres::get()->new_database();
    if (GetParam() == Engine::kSqlite) settings_.path = scratch_.file("isolation.db");
    store_ = open();
    ASSERT_NE(store_, nullptr);
  }
  std::unique_ptr<isolation::Store> open() const {
    if (GetParam() == Engine::kMemory) return std::make_unique<MemoryIsolationStore>();
    auto opened = store::open_isolation_store(settings_);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return opened.ok() ? std::move(*opened) : nullptr;
  }

  Scratch scratch_;
  store::IsolationStoreSettings settings_;
  std::unique_ptr<isolation::Store> store_;
};

}  // namespace support
