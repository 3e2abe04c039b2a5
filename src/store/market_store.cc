#include "store/market_store.h"

#include <utility>

#include "store/market_schema.h"
#include "store/market_transaction.h"

namespace store {
namespace {

constexpr SqlStoreKind kKind{.name = "market",
                             .title = "market database",
                             .application_id = 0x5452'4e4d,  // "TRNM"
                             .loss = "who owes what to whom, and every contract",
                             .migrations = &market_migrations};

using Body = std::function<base::Status(market::Transaction&)>;

CommitGroup::Body on_rows(const Body& body) {
  return [&body](SqlConnection& connection) {
    SqlMarketTransaction transaction(connection);
    return body(transaction);
  };
}

class SqlMarketStore : public market::Store {
 public:
  explicit SqlMarketStore(std::unique_ptr<SqlStore> store) : store_(std::move(store)) {}
  base::Status write(const Body& body) override { return store_->write(on_rows(body)); }
  base::Status read(const Body& body) override { return store_->read(on_rows(body)); }

 private:
  std::unique_ptr<SqlStore> store_;
};

class SqlMarketBooks : public market::Store {
 public:
  explicit SqlMarketBooks(std::unique_ptr<ReaderPool> readers) : readers_(std::move(readers)) {}
  base::Status write(const Body&) override {
    return base::Error{base::Code::kStorage, "the market's database is open to be read only"};
  }
  base::Status read(const Body& body) override { return readers_->run(on_rows(body)); }

 private:
  std::unique_ptr<ReaderPool> readers_;
};

}  // namespace

base::Result<bool> market_store_exists(const MarketStoreSettings& settings) {
  return SqlStore::exists(settings, kKind);
}

base::Result<std::unique_ptr<market::Store>> open_market_store(const MarketStoreSettings& settings) {
  TARN_ASSIGN(std::unique_ptr<SqlStore> store, SqlStore::open(settings, kKind));
  return std::unique_ptr<market::Store>(std::make_unique<SqlMarketStore>(std::move(store)));
}

base::Result<std::unique_ptr<market::Store>> open_market_books(const MarketStoreSettings& settings) {
  TARN_ASSIGN(std::unique_ptr<ReaderPool> readers, SqlStore::open_readers(settings, kKind));
  return std::unique_ptr<market::Store>(std::make_unique<SqlMarketBooks>(std::move(readers)));
}

}  // namespace store
