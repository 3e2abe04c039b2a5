// libtarn_postgres.so: SqlConnection over libpq 15, in pipeline mode: commands are queued, sent together, and answered in
// order. What needs no answer of its own (BEGIN, the writers' lock, marks, the preparation of a statement, what is
// posted or expected) waits until the next query takes it along, or COMMIT, so that each of these is one round trip.
// In PostgreSQL a statement that fails ends its transaction, so each that may break a constraint has a savepoint, unless
// it is posted: then the server skips what follows it in the pipeline, a COMMIT too.
#include "store/postgres_module.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <unordered_map>

namespace store {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostStatements = 256, kMostQueued = 256, kMostExpected = 64;
// Beyond statement_timeout: the server itself says nothing.
constexpr std::chrono::seconds kLongestAnswer{40}, kLongestAlteration{86'460};
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

base::Error lost() { return {base::Code::kStorage, "PostgreSQL: the transaction was lost; try again"}; }

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
  Parameters(Parameters&&) = default;  // the texts stay where they are
  Parameters& operator=(Parameters&&) = default;
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

// A posted UPDATE without its row is an error of the server's, a division by zero, so that no COMMIT behind it is done.
std::string posted(std::string_view sql) {
  if (!sql.starts_with("UPDATE")) return std::string(sql);
  return "WITH changed AS (" + std::string(sql) + " RETURNING 1) SELECT 1 / count(*) FROM changed";
}

// What is to be sent: prepared and with parameters, or, without, as it is.
struct Command {
  std::string sql;
  std::optional<Parameters> parameters = {};
  std::string question = {};  // of what is expected
};
struct Sent {
  std::string prepares = {};  // this SQL
  std::string question = {};
};

// The same for the same SQL with the same arguments, and for nothing else.
std::string question(std::string_view sql, std::span<const SqlValue> arguments) {
  std::string out(sql);
  for (const SqlValue& argument : arguments) {
    const bool number = argument.kind() == SqlValue::Kind::kInteger;
    const std::string text = number ? std::to_string(argument.integer()) : argument.text();
    out += '?' + std::to_string(static_cast<int>(argument.kind())) + ' ' + std::to_string(text.size()) + ' ' + text;
  }
  return out;
}

bool well(const ResultPtr& result) {
  const ExecStatusType status = PQresultStatus(result.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

class PostgresConnection : public SqlConnection {
 public:
  explicit PostgresConnection(std::string where) : where_(std::move(where)) {}

  base::Status connect();
  base::Status begin(Access access) override;
  base::Status commit() override;
  void rollback() override;
  base::Status mark() override { return later({"SAVEPOINT mark"}); }
  base::Status keep_mark() override { return later({"RELEASE mark"}); }
  base::Status undo_to_mark() override {
    forget();
    TARN_TRY(later({"ROLLBACK TO mark"}));
    return keep_mark();
  }
  base::Result<std::size_t> query(std::string_view sql, std::span<const SqlValue> arguments,
                                  const Visitor& visit) override;
  base::Status post(std::string_view sql, std::span<const SqlValue> arguments) override;
  base::Status expect(std::string_view sql, std::span<const SqlValue> arguments) override;

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  base::Error away(const std::string& why);
  base::Error error(const PGresult* result) const;
  base::Status later(Command command);
  void forget();
  bool send(const Command& command);
  bool send_prepared(std::string_view sql, const Parameters& parameters, const std::string& question = {});
  bool send_queued();
  base::Result<ResultPtr> answer(Clock::time_point end);
  base::Result<std::vector<ResultPtr>> received();
  base::Result<ResultPtr> last_answer(bool guarded);
  base::Result<ResultPtr> run_now(const char* sql);
  base::Result<ResultPtr> ask(std::string_view sql, const Parameters& parameters, bool guarded);
  base::Result<ResultPtr> result_of(std::string_view sql, std::span<const SqlValue> arguments);

  std::string where_;
  std::unique_ptr<PGconn, FreeConnection> connection_;
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> prepared_;  // SQL → its name on the server
  std::uint64_t names_ = 0;
  std::vector<Command> queued_;                         // goes along with the next query
  std::vector<Sent> sent_;                              // since the last answer
  std::unordered_map<std::string, ResultPtr> answers_;  // to questions that were expected
  bool reads_ = false;                                  // only
  std::chrono::seconds patience_ = kLongestAnswer;
  bool lost_ = false;    // the transaction
  bool ending_ = false;  // a ROLLBACK was sent, and its answer not read
};

// What was is over; the next begin() connects anew.
base::Error PostgresConnection::away(const std::string& why) {
  connection_.reset();
  prepared_.clear();
  forget();
  queued_.clear();
  sent_.clear();
  lost_ = true;
  ending_ = false;
  return {base::Code::kStorage, "PostgreSQL: " + why};
}

// By its class alone: the server's own words may hold what is stored.
base::Error PostgresConnection::error(const PGresult* result) const {
  const char* const field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string state = field == nullptr ? "" : field;
  const auto failed = [&](const std::string& why) {
    return base::Error{base::Code::kStorage, "PostgreSQL: " + why + " (SQLSTATE " + state + ")"};
  };
  if (lost_ && (state.starts_with("23") || state == "22012")) return failed("what had to be written could not be");
  if (state == "23505") return {base::Code::kConflict, "the name or place is taken"};
  if (state == "23503" || state == "23001") return {base::Code::kNotFound, "a reference leads nowhere"};
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
    queued_.push_back({setting});
  if (run_now("SET standard_conforming_strings = on").ok()) return {};
  return away("the server refuses the settings of a session; see its log");
}

base::Status PostgresConnection::begin(Access access) {
  // A server that went away while nothing was asked is known by now.
  // Twice: the first takes what it said when it went, and only the next finds that it is gone.
  bool alive = connection_ != nullptr && PQconsumeInput(connection_.get()) == 1 &&
               PQconsumeInput(connection_.get()) == 1 && PQstatus(connection_.get()) == CONNECTION_OK;
  if (alive && std::exchange(ending_, false)) {
    const auto ended = received();
    alive = ended.ok() && std::ranges::all_of(*ended, well);
  }
  forget();
  queued_.clear();
  sent_.clear();
  if (!alive) TARN_TRY(connect());
  lost_ = false;
  reads_ = access == Access::kRead;
  patience_ = access == Access::kAlter ? kLongestAlteration : kLongestAnswer;
  if (reads_) return later({"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"});
  TARN_TRY(later({"BEGIN ISOLATION LEVEL READ COMMITTED"}));
  if (access == Access::kAlter) TARN_TRY(later({"SET LOCAL statement_timeout = '1d'"}));
  return later({kWritersLock});
}

base::Status PostgresConnection::commit() {
  forget();
  const base::Result<ResultPtr> done = lost_ ? lost() : run_now("COMMIT");
  if (!done.ok()) {
    rollback();
    return done.error();
  }
  // To COMMIT of a transaction that has failed, the server says ROLLBACK.
  return std::string_view(PQcmdStatus(done->get())) == "COMMIT" ? base::Status() : lost();
}

// Sent at once, so that neither lock nor snapshot stays; its answer, which nobody needs, is read by the next begin().
void PostgresConnection::rollback() {
  const bool begun = std::ranges::none_of(queued_, [](const Command& one) { return one.sql.starts_with("BEGIN"); });
  forget();
  queued_.clear();
  // Sent, and then something was thrown before it was answered: nobody knows what of it arrived.
  if (!sent_.empty() && !ending_ && connection_ != nullptr) (void)away("the connection was given up");
  if (begun && connection_ != nullptr && !ending_) {
    ending_ = send({"ROLLBACK"}) && PQpipelineSync(connection_.get()) == 1 && PQflush(connection_.get()) >= 0;
    if (!ending_) (void)away("the connection broke");
  }
  lost_ = false;
}

base::Status PostgresConnection::later(Command command) {
  if (lost_) return lost();
  queued_.push_back(std::move(command));
  if (queued_.size() < kMostQueued) return {};
  if (!send_queued()) return away("the connection broke");
  TARN_TRY(last_answer(false));
  return {};
}

// What was expected before a write is to be asked after it.
void PostgresConnection::forget() {
  answers_.clear();
  std::erase_if(queued_, [](const Command& one) { return !one.question.empty(); });
}

bool PostgresConnection::send(const Command& command) {
  if (command.parameters) return send_prepared(command.sql, *command.parameters, command.question);
  sent_.emplace_back();
  return PQsendQueryParams(connection_.get(), command.sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 1;
}

bool PostgresConnection::send_prepared(std::string_view sql, const Parameters& parameters,
                                       const std::string& question) {
  auto found = prepared_.find(sql);
  if (found == prepared_.end() && prepared_.size() == kMostStatements) {
    prepared_.clear();
    if (!send({"DEALLOCATE ALL"})) return false;
  }
  if (found == prepared_.end()) {
    found = prepared_.emplace(std::string(sql), "s" + std::to_string(names_++)).first;
    sent_.push_back({.prepares = std::string(sql)});
    if (PQsendPrepare(connection_.get(), found->second.c_str(), numbered(sql).c_str(), 0, nullptr) != 1) return false;
  }
  sent_.push_back({.question = question});
  return PQsendQueryPrepared(connection_.get(), found->second.c_str(), static_cast<int>(parameters.values.size()),
                             parameters.values.data(), parameters.lengths.data(), parameters.formats.data(), 0) == 1;
}

bool PostgresConnection::send_queued() {
  const std::vector<Command> commands = std::exchange(queued_, {});
  return std::ranges::all_of(commands, [&](const Command& one) { return send(one); });
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

// The answer to each command that was sent.
base::Result<std::vector<ResultPtr>> PostgresConnection::received() {
  const Clock::time_point end = Clock::now() + patience_;
  std::vector<ResultPtr> results;
  for (;;) {
    TARN_ASSIGN(ResultPtr result, answer(end));
    if (result == nullptr) {
      if (PQstatus(connection_.get()) != CONNECTION_OK) return away("the connection broke");
      if (Clock::now() > end) return away("the server does not answer");
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    results.push_back(std::move(result));
  }
  if (results.size() != sent_.size()) return away("the connection broke");
  return results;
}

// The answer to what was sent last. All before it has to be well, or the transaction is lost; it itself too, unless it is
// guarded by a savepoint.
base::Result<ResultPtr> PostgresConnection::last_answer(bool guarded) {
  if (PQpipelineSync(connection_.get()) != 1) return away("the connection broke");
  TARN_ASSIGN(std::vector<ResultPtr> results, received());
  const std::vector<Sent> sent = std::exchange(sent_, {});
  const auto failed = std::ranges::find_if_not(results, well);
  if (failed == results.end()) {
    for (std::size_t i = 0; i < sent.size(); ++i)
      if (!sent[i].question.empty()) answers_[sent[i].question] = std::move(results[i]);
    return std::move(results.back());
  }
  // What the server skipped was not prepared.
  for (auto i = static_cast<std::size_t>(failed - results.begin()); i < sent.size(); ++i)
    if (const auto found = prepared_.find(sent[i].prepares); found != prepared_.end()) prepared_.erase(found);
  lost_ = !guarded || failed + 1 != results.end();
  return error(failed->get());
}

// The answer to one command, which the queued ones go before.
base::Result<ResultPtr> PostgresConnection::run_now(const char* sql) {
  if (!send_queued() || !send({sql})) return away("the connection broke");
  return last_answer(false);
}

base::Result<ResultPtr> PostgresConnection::ask(std::string_view sql, const Parameters& parameters, bool guarded) {
  const bool sent = send_queued() && (!guarded || send({"SAVEPOINT statement"})) && send_prepared(sql, parameters);
  if (!sent) return away("the connection broke");
  auto result = last_answer(guarded);
  if (!guarded || lost_) return result;
  if (!result.ok()) queued_.push_back({"ROLLBACK TO statement"});
  queued_.push_back({"RELEASE statement"});
  return result;
}

base::Result<ResultPtr> PostgresConnection::result_of(std::string_view sql, std::span<const SqlValue> arguments) {
  const bool writes = !sql.starts_with("SELECT");
  if (writes) forget();
  if (answers_.empty() && queued_.empty()) return ask(sql, Parameters(arguments), writes);
  const std::string asked = question(sql, arguments);
  if (auto known = answers_.extract(asked)) return std::move(known.mapped());
  std::erase_if(queued_, [&](const Command& one) { return one.question == asked; });
  return ask(sql, Parameters(arguments), writes);
}

base::Result<std::size_t> PostgresConnection::query(std::string_view sql, std::span<const SqlValue> arguments,
                                                    const Visitor& visit) {
  if (lost_) return lost();
  TARN_ASSIGN(const ResultPtr result, result_of(sql, arguments));
  for (int row = 0; visit && row < PQntuples(result.get()); ++row)
    if (!visit(ResultRow(result.get(), row))) break;
  return static_cast<std::size_t>(std::strtoull(PQcmdTuples(result.get()), nullptr, 10));
}

base::Status PostgresConnection::post(std::string_view sql, std::span<const SqlValue> arguments) {
  if (reads_) return base::Error{base::Code::kStorage, "PostgreSQL: this transaction only reads"};
  forget();
  return later({posted(sql), Parameters(arguments)});
}

base::Status PostgresConnection::expect(std::string_view sql, std::span<const SqlValue> arguments) {
  if (answers_.size() + queued_.size() >= kMostExpected) return {};
  return later({std::string(sql), Parameters(arguments), question(sql, arguments)});
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

extern "C" [[gnu::visibility("default")]] SqlConnection* tarn_postgres_open_2(const std::string& where,
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
