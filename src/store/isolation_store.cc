#include "store/isolation_store.h"

#include <utility>

#include "store/isolation_schema.h"
#include "store/isolation_transaction.h"

namespace store {
namespace {

constexpr SqlStoreKind kKind{.name = "isolation",
                             .title = "isolation database",
                             .application_id = 0x5452'4e48,  // "TRNH"
                             .loss = "who has which server and network",
                             .migrations = &isolation_migrations};

class SqlIsolationStore : public isolation::Store {
 public:
  explicit SqlIsolationStore(std::unique_ptr<SqlStore> store) : store_(std::move(store)) {}
  base::Status write(const std::function<base::Status(isolation::Transaction&)>& body) override {
    return store_->write(on_rows(body));
  }
  base::Status read(const std::function<base::Status(isolation::Transaction&)>& body) override {
    return store_->read(on_rows(body));
  }

 private:
  static CommitGroup::Body on_rows(const std::function<base::Status(isolation::Transaction&)>& body) {
    return [&body](SqlConnection& connection) {
      SqlTransaction transaction(connection);
      return body(transaction);
    };
  }

  std::unique_ptr<SqlStore> store_;
};

}  // namespace

base::Result<std::unique_ptr<isolation::Store>> open_isolation_store(const IsolationStoreSettings& settings) {
  TARN_ASSIGN(std::unique_ptr<SqlStore> store, SqlStore::open(settings, kKind));
  return std::unique_ptr<isolation::Store>(std::make_unique<SqlIsolationStore>(std::move(store)));
}

}  // namespace store
