#include "store/sql_sqlite.h"

#include <utility>

namespace store {
namespace {

constexpr std::size_t kMostStatements = 256;

class StatementRow : public SqlRow {
 public:
  explicit StatementRow(const Statement& statement) : statement_(statement) {}
  bool null(int column) const override { return statement_.null(column); }
  std::int64_t integer(int column) const override { return statement_.integer(column); }
  std::string text(int column) const override { return statement_.text(column); }
  base::Bytes bytes(int column) const override { return statement_.bytes(column); }

 private:
  const Statement& statement_;
};

void bind(Statement& statement, int at, const SqlValue& value) {
  switch (value.kind()) {
    case SqlValue::Kind::kNull: return statement.bind(at, nullptr);
    case SqlValue::Kind::kInteger: return statement.bind(at, value.integer());
    case SqlValue::Kind::kText: return statement.bind(at, std::string_view(value.text()));
    case SqlValue::Kind::kBytes: return statement.bind(at, base::view(value.text()));
  }
}

// A statement that is not reset holds its snapshot.
class Asked {
 public:
  explicit Asked(Statement& statement) : statement_(statement) {}
  ~Asked() { statement_.reset(); }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

 private:
  Statement& statement_;
};

}  // namespace

base::Result<Statement*> SqliteConnection::prepared(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return &found->second;
  if (statements_.size() == kMostStatements) statements_.clear();
  TARN_ASSIGN(Statement statement, database_->prepare(sql));
  return &statements_.emplace(std::string(sql), std::move(statement)).first->second;
}

base::Result<std::size_t> SqliteConnection::query(std::string_view sql, std::span<const SqlValue> arguments,
                                                  const Visitor& visit) {
  // Outside of the transaction that it believes to be in, a statement would be one of its own.
  if (lost_ || (begun_ && !database_->in_transaction()))
    return database_->failed("the transaction was lost; try again");
  TARN_ASSIGN(Statement* const statement, prepared(sql));
  const Asked asked(*statement);
  int at = 0;
  for (const SqlValue& argument : arguments) bind(*statement, ++at, argument);
  const StatementRow row(*statement);
  for (bool wanted = true; wanted;) {
    TARN_ASSIGN(const bool there, statement->next());
    if (!there) break;
    wanted = visit && visit(row);
  }
  return database_->changed();
}

base::Status SqliteConnection::post(std::string_view sql, std::span<const SqlValue> arguments) {
  // To the statement's end, which is what counts the rows.
  const auto changed = query(sql, arguments, [](const SqlRow&) { return true; });
  if (changed.ok() && *changed > 0) return {};
  lost_ = true;
  base::Error why = changed.ok() ? database_->failed("the row that was to be changed is not there") : changed.error();
  why.code = base::Code::kStorage;
  return why;
}

base::Status SqliteConnection::run(std::string_view sql) {
  TARN_TRY(query(sql, {}, {}));
  return {};
}

base::Status SqliteConnection::begin(Access access) {
  TARN_TRY(run(access == Access::kRead ? "BEGIN" : "BEGIN IMMEDIATE"));
  begun_ = true;
  return {};
}

base::Status SqliteConnection::commit() {
  const base::Status done = run("COMMIT");
  if (!done.ok()) rollback();
  begun_ = false;
  return done;
}

void SqliteConnection::rollback() {
  lost_ = false;
  if (database_->in_transaction()) (void)run("ROLLBACK");
  begun_ = false;
}

base::Status SqliteConnection::undo_to_mark() {
  TARN_TRY(run("ROLLBACK TO mark"));
  return keep_mark();
}

}  // namespace store
