// SqlConnection over a SQLite file (sqlite.h): BEGIN IMMEDIATE makes a writer wait for the others, a reader has the
// snapshot of its first statement and keeps nobody waiting. Statements stay prepared. What is posted is done at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/sql.h"
#include "store/sqlite.h"

namespace store {

class SqliteConnection : public SqlConnection {
 public:
  explicit SqliteConnection(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  base::Status begin(Access access) override;
  base::Status commit() override;
  void rollback() override;
  base::Status mark() override { return run("SAVEPOINT mark"); }
  base::Status keep_mark() override { return run("RELEASE mark"); }
  base::Status undo_to_mark() override;
  base::Result<std::size_t> query(std::string_view sql, std::span<const SqlValue> arguments,
                                  const Visitor& visit) override;
  base::Status post(std::string_view sql, std::span<const SqlValue> arguments) override;
  base::Status expect(std::string_view, std::span<const SqlValue>) override { return {}; }  // it is near

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  base::Status run(std::string_view sql);
  base::Result<Statement*> prepared(std::string_view sql);

  std::unique_ptr<Database> database_;
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;  // before their database
  bool begun_ = false, lost_ = false;                                                 // the transaction
};

}  // namespace store
