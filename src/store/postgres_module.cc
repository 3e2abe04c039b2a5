// libtarn_postgres.so: SqlConnection over libpq 15, in pipeline mode: commands are queued, sent together, and answered in
// order. What needs no answer of its own (BEGIN, the writers' lock, marks, the preparation of a statement) waits until
// the next query takes it along, so that each query is one round trip.
// In PostgreSQL a statement that fails ends its transaction, so each that may break a constraint has a savepoint.
#include "store/postgres_module.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <unordered_map>

namespace store {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostStatements = 256;
constexpr std::chrono::seconds kLongestAnswer{40};  // beyond statement_timeout: the server itself says nothing
constexpr char kWritersLock[] = "SELECT pg_advisory_xact_lock(8386109690374254441)";  // ours alone, in each database

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, FreeResult>;
struct FreeConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

// What the library says on one line; its messages name hosts and users, never passwords.
std::string first_line(const char* message) {
  std::string out(message);
  return out.substr(0, out.find('\n'));
}

// A text that the server takes: UTF-8 without NUL. What is not becomes '?', byte for byte.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const unsigned first = byte(0), second = byte(1);
  const auto follows = [&](std::size_t at) { return (byte(at) & 0xc0) == 0x80; };
  if (first < 0x80) return first == 0 ? 0 : 1;
  if (!follows(1)) return 0;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if ((first & 0xf0) == 0xe0 && follows(2))
    return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ? 0 : 3;
  if (first >= 0xf0 && first <= 0xf4 && follows(2) && follows(3))
    return (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) ? 0 : 4;
  return 0;
}
std::string acceptable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    out += length == 0 ? "?" : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

// Arguments as libpq wants them: text, and bytes as they are.
struct Parameters {
  explicit Parameters(std::span<const SqlValue> arguments) {
    for (const SqlValue& argument : arguments) {
      using Kind = SqlValue::Kind;
      const Kind kind = argument.kind();
      texts.push_back(kind == Kind::kInteger ? std::to_string(argument.integer())
                      : kind == Kind::kText  ? acceptable(argument.text())
                                             : argument.text());
      lengths.push_back(static_cast<int>(texts.back().size()));
      formats.push_back(kind == Kind::kBytes ? 1 : 0);
    }
    for (std::size_t i = 0; i < texts.size(); ++i)
      values.push_back(arguments[i].kind() == SqlValue::Kind::kNull ? nullptr : texts[i].c_str());
  }
  std::vector<std::string> texts;
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
};

class ResultRow : public SqlRow {
 public:
  ResultRow(const PGresult* result, int row) : result_(result), row_(row) {}
  bool null(int column) const override { return PQgetisnull(result_, row_, column) != 0; }
  std::int64_t integer(int column) const override { return std::strtoll(value(column), nullptr, 10); }
  std::string text(int column) const override {
    return {value(column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }
  base::Bytes bytes(int column) const override {  // \x and hexadecimal digits
    const std::string hex = text(column);
    return base::from_hex(std::string_view(hex).substr(std::min<std::size_t>(hex.size(), 2))).value_or(base::Bytes());
  }

 private:
  const char* value(int column) const { return PQgetvalue(result_, row_, column); }
  const PGresult* result_;
  int row_;
};

// `?` → `$n`; no statement of ours has one in a string.
std::string numbered(std::string_view sql) {
  std::string out;
  int number = 0;
  for (const char c : sql) out += c == '?' ? "$" + std::to_string(++number) : std::string(1, c);
  return out;
}

class PostgresConnection : public SqlConnection {
 public:
  explicit PostgresConnection(std::string where) : where_(std::move(where)) {}

  base::Status connect();
  base::Status begin(Access access) override;
  base::Status commit() override;
  void rollback() override;
  base::Status mark() override { return later("SAVEPOINT mark"); }
  base::Status keep_mark() override { return later("RELEASE mark"); }
  base::Status undo_to_mark() override {
    TARN_TRY(later("ROLLBACK TO mark"));
    return keep_mark();
  }
  base::Result<std::size_t> query(std::string_view sql, std::span<const SqlValue> arguments,
                                  const Visitor& visit) override;

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  base::Error away(const std::string& why);
  base::Error error(const PGresult* result) const;
  base::Status later(std::string sql);
  bool send(const char* sql);
  bool send_prepared(std::string_view sql, const Parameters& parameters);
  base::Result<ResultPtr> answer(Clock::time_point end);
  base::Result<std::vector<ResultPtr>> exchange();
  base::Status run_now(const char* sql);
  base::Result<ResultPtr> ask(std::string_view sql, const Parameters& parameters, bool guarded);

  std::string where_;
  std::unique_ptr<PGconn, FreeConnection> connection_;
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> prepared_;  // SQL → its name on the server
  std::uint64_t names_ = 0;
  std::vector<std::string> queued_;  // goes along with the next query
  std::size_t sent_ = 0;             // since the last answer
  bool lost_ = false;                // the transaction
};

// What was is over; the next begin() connects anew.
base::Error PostgresConnection::away(const std::string& why) {
  connection_.reset();
  prepared_.clear();
  queued_.clear();
  lost_ = true;
  return {base::Code::kStorage, "PostgreSQL: " + why};
}

// By its class alone: the server's own words may hold what is stored.
base::Error PostgresConnection::error(const PGresult* result) const {
  const char* const field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string state = field == nullptr ? "" : field;
  if (state == "23505") return {base::Code::kConflict, "the name or place is taken"};
  if (state == "23503" || state == "23001") return {base::Code::kNotFound, "a reference leads nowhere"};
  const auto failed = [&](const std::string& why) {
    return base::Error{base::Code::kStorage, "PostgreSQL: " + why + " (SQLSTATE " + state + ")"};
  };
  if (state == "55P03") return failed("another tarn writes and does not end; look for its transaction");
  if (state == "57014") return failed("a statement took too long");
  if (state.starts_with("53")) return failed("the server has no room left; see its log");
  if (state.starts_with("42")) return failed("the tables are not what they were, or not ours to use");
  return failed("the server refused; see its log");
}

base::Status PostgresConnection::connect() {
  connection_.reset();
  prepared_.clear();
  // In this order `where` decides, except of what follows it.
  constexpr std::array kKeys{"connect_timeout",
                             "keepalives_idle",
                             "tcp_user_timeout",
                             "application_name",
                             "dbname",
                             "client_encoding",
                             static_cast<const char*>(nullptr)};
  const std::array values{"5", "10", "20000", "tarn", where_.c_str(), "UTF8", static_cast<const char*>(nullptr)};
  connection_.reset(PQconnectdbParams(kKeys.data(), values.data(), 1));
  if (PQstatus(connection_.get()) != CONNECTION_OK) return away(first_line(PQerrorMessage(connection_.get())));
  PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
  if (PQserverVersion(connection_.get()) < 130'000) return away("the server is older than PostgreSQL 13");
  if (PQsetnonblocking(connection_.get(), 1) != 0 || PQenterPipelineMode(connection_.get()) != 1)
    return away(first_line(PQerrorMessage(connection_.get())));
  lost_ = false;
  for (const char* const setting :
       {"SET statement_timeout = '30s'", "SET lock_timeout = '10s'", "SET idle_in_transaction_session_timeout = '60s'",
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"})
    queued_.emplace_back(setting);
  const base::Status set = run_now("SET standard_conforming_strings = on");
  return set.ok() ? set : away("the server refuses the settings of a session; see its log");
}

base::Status PostgresConnection::begin(Access access) {
  // A server that went away while nothing was asked is known by now.
  const bool alive =
      connection_ != nullptr && PQconsumeInput(connection_.get()) == 1 && PQstatus(connection_.get()) == CONNECTION_OK;
  queued_.clear();
  if (!alive) TARN_TRY(connect());
  lost_ = false;
  if (access == Access::kRead) return later("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  TARN_TRY(later("BEGIN ISOLATION LEVEL READ COMMITTED"));
  return later(kWritersLock);
}

base::Status PostgresConnection::commit() {
  if (lost_) {
    rollback();
    return base::Error{base::Code::kStorage, "PostgreSQL: the transaction was lost; try again"};
  }
  return run_now("COMMIT");
}

void PostgresConnection::rollback() {
  const bool begun = std::ranges::none_of(queued_, [](const std::string& sql) { return sql.starts_with("BEGIN"); });
  queued_.clear();
  if (begun && connection_ != nullptr) (void)run_now("ROLLBACK");
  lost_ = false;
}

base::Status PostgresConnection::later(std::string sql) {
  if (lost_) return base::Error{base::Code::kStorage, "PostgreSQL: the transaction was lost; try again"};
  queued_.push_back(std::move(sql));
  return {};
}

bool PostgresConnection::send(const char* sql) {
  ++sent_;
  return PQsendQueryParams(connection_.get(), sql, 0, nullptr, nullptr, nullptr, nullptr, 0) == 1;
}

bool PostgresConnection::send_prepared(std::string_view sql, const Parameters& parameters) {
  auto found = prepared_.find(sql);
  if (found == prepared_.end()) {
    found = prepared_.emplace(std::string(sql), "s" + std::to_string(names_++)).first;
    ++sent_;
    if (PQsendPrepare(connection_.get(), found->second.c_str(), numbered(sql).c_str(), 0, nullptr) != 1) return false;
  }
  ++sent_;
  return PQsendQueryPrepared(connection_.get(), found->second.c_str(), static_cast<int>(parameters.values.size()),
                             parameters.values.data(), parameters.lengths.data(), parameters.formats.data(), 0) == 1;
}

// The next thing that the server says; null between two commands.
base::Result<ResultPtr> PostgresConnection::answer(Clock::time_point end) {
  while (PQisBusy(connection_.get()) != 0) {
    const int unsent = PQflush(connection_.get());
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd socket{PQsocket(connection_.get()), static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN), 0};
    if (unsent < 0 || rest <= 0 || ::poll(&socket, 1, static_cast<int>(rest)) == 0)
      return away("the server does not answer");
    if (PQconsumeInput(connection_.get()) != 1) return away("the connection broke");
  }
  return ResultPtr(PQgetResult(connection_.get()));
}

// Sends all that was queued, and gives the answer to each.
base::Result<std::vector<ResultPtr>> PostgresConnection::exchange() {
  const std::size_t expected = std::exchange(sent_, 0);
  if (PQpipelineSync(connection_.get()) != 1) return away("the connection broke");
  const Clock::time_point end = Clock::now() + kLongestAnswer;
  std::vector<ResultPtr> results;
  for (;;) {
    TARN_ASSIGN(ResultPtr result, answer(end));
    if (result == nullptr) {
      if (PQstatus(connection_.get()) != CONNECTION_OK) return away("the connection broke");
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    results.push_back(std::move(result));
  }
  if (results.size() != expected) return away("the connection broke");
  return results;
}

// The answer to one command, which the queued ones go before.
base::Status PostgresConnection::run_now(const char* sql) {
  bool sent = true;
  for (const std::string& first : queued_) sent = sent && send(first.c_str());
  queued_.clear();
  if (!sent || !send(sql)) return away("the connection broke");
  TARN_ASSIGN(const std::vector<ResultPtr> results, exchange());
  for (const ResultPtr& result : results) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) continue;
    lost_ = true;
    return error(result.get());
  }
  // To COMMIT of a transaction that has failed, the server says ROLLBACK.
  if (std::string_view(sql) == "COMMIT" && std::string_view(PQcmdStatus(results.back().get())) != "COMMIT")
    return base::Error{base::Code::kStorage, "PostgreSQL: the transaction was lost; try again"};
  return {};
}

base::Result<ResultPtr> PostgresConnection::ask(std::string_view sql, const Parameters& parameters, bool guarded) {
  if (prepared_.size() == kMostStatements) {
    prepared_.clear();
    queued_.emplace_back("DEALLOCATE ALL");
  }
  bool sent = true;
  for (const std::string& first : queued_) sent = sent && send(first.c_str());
  if (guarded) sent = sent && send("SAVEPOINT statement");
  const bool known = prepared_.contains(sql);
  if (!sent || !send_prepared(sql, parameters)) return away("the connection broke");
  queued_.clear();
  TARN_ASSIGN(std::vector<ResultPtr> results, exchange());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ExecStatusType status = PQresultStatus(results[i].get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) continue;
    // Only what comes last is the statement itself; what it needs to be there must not have failed.
    const bool own = guarded && i + 1 == results.size();
    if (!known && !own) prepared_.erase(prepared_.find(sql));
    lost_ = !own;
    if (own) {
      queued_.emplace_back("ROLLBACK TO statement");
      queued_.emplace_back("RELEASE statement");
    }
    return error(results[i].get());
  }
  if (guarded) queued_.emplace_back("RELEASE statement");
  return std::move(results.back());
}

base::Result<std::size_t> PostgresConnection::query(std::string_view sql, std::span<const SqlValue> arguments,
                                                    const Visitor& visit) {
  if (lost_) return base::Error{base::Code::kStorage, "PostgreSQL: the transaction was lost; try again"};
  TARN_ASSIGN(const ResultPtr result, ask(sql, Parameters(arguments), !sql.starts_with("SELECT")));
  for (int row = 0; visit && row < PQntuples(result.get()); ++row)
    if (!visit(ResultRow(result.get(), row))) break;
  return static_cast<std::size_t>(std::strtoull(PQcmdTuples(result.get()), nullptr, 10));
}

// Whether the settings mean something, and hold no password: who may list processes could read it, and so could who
// reads a configuration or a log.
bool check(const std::string& where, std::string& why) {
  char* message = nullptr;
  PQconninfoOption* const options = PQconninfoParse(where.c_str(), &message);
  PQfreemem(message);  // it may quote the settings
  if (options == nullptr) why = "PostgreSQL: the connection's settings mean nothing to libpq";
  for (const PQconninfoOption* option = options; option != nullptr && option->keyword != nullptr; ++option)
    if (std::string_view(option->keyword).ends_with("password") && option->val != nullptr)
      why =
          "PostgreSQL: the password does not belong into the connection's settings; put it into a file of mode 0600 "
          "and name "
          "that as passfile, or as PGPASSFILE";
  PQconninfoFree(options);
  return why.empty();
}

}  // namespace

extern "C" [[gnu::visibility("default")]] SqlConnection* tarn_postgres_open_1(const std::string& where,
                                                                              std::string& why, bool& mistake) {
  mistake = !check(where, why);
  if (mistake) return nullptr;
  auto connection = std::make_unique<PostgresConnection>(where);
  const base::Status connected = connection->connect();
  if (connected.ok()) return connection.release();
  why = connected.error().message;
  return nullptr;
}

}  // namespace store
