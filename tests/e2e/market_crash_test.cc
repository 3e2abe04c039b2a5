// The market, killed again and again at random under the load of market_load.h: the real daemon, with its clock, leases
// and settlement, and after each kill the books themselves, looked at by the ledger's audit and by an auditor that shares
// no code with the market. TARN_SEED=N draws other orders and other moments.
#include "e2e/market_load.h"
#include "ledger/audit.h"
#include "store/market_store.h"
#include "support/market_auditor.h"
#include "support/market_tables.h"
#include "support/postgres.h"
#include "support/scratch.h"

namespace e2e {
namespace {

using market::Market;

std::uint64_t seed() {
  const char* const asked = std::getenv("TARN_SEED");  // NOLINT(concurrency-mt-unsafe): no other thread yet
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1;
}

// The books, opened beside the daemon or between two of them.
class Books {
 public:
  explicit Books(store::MarketStoreSettings settings) : settings_(std::move(settings)) {}

  void set_up() {
    const auto store = open(settings_);
    const base::Status done = store->write([&](market::Transaction& all) { return fill(all); });
    ASSERT_TRUE(done.ok()) << done.error().message;
  }

  // Whether all is right, and what was told is so.
  void audit(const Told& told) {
    if (settings_.path.empty()) return audit_beside(told);
    const Answers answers = told.all();  // what was told by now is in there
    const support::Scratch scratch;
    audit(answers, *open(copied_to(scratch)));
  }
  // While a daemon runs: who would write besides it made it wait, and waited for it, which on a slow machine is too long.
  void audit_beside(const Told& told) {
    const Answers answers = told.all();
    audit(answers, *sound(store::open_market_books(settings_)));
  }
  const support::MarketTables& last() const { return last_; }

  std::vector<std::string> markets{"windows", "hours", "book"};
  std::vector<Trader> traders;
  std::string operator_token;

 private:
  void audit(const Answers& answers, market::Store& store) {
    support::MarketTables tables;
    const base::Status read = store.read([&](market::Transaction& all) -> base::Status {
      TARN_ASSIGN(const auto report, ledger::audit(all));
      EXPECT_TRUE(report.clean()) << testing::PrintToString(report.findings);
      TARN_ASSIGN(tables, support::read_tables(all, last_event_));
      return {};
    });
    ASSERT_TRUE(read.ok()) << read.error().message;
    if (!tables.events.empty()) last_event_ = tables.events.rbegin()->first;
    EXPECT_THAT(auditor_.look(tables, wall_ms(), false), testing::IsEmpty());
    EXPECT_THAT(answers.strange, testing::IsEmpty());
    compare_orders(answers, tables);
    compare_grants(answers, tables);
    look_at_clearings(tables);
    last_ = std::move(tables);
  }

  // SQLite's files, so that it is the next daemon that finds them as the killed one left them.
  store::MarketStoreSettings copied_to(const support::Scratch& scratch) const {
    store::MarketStoreSettings copy{scratch.file("market.db"), ""};
    for (const std::string part : {"", "-wal"})
      if (fs::exists(settings_.path + part)) fs::copy_file(settings_.path + part, copy.path + part);
    return copy;
  }
  static std::unique_ptr<market::Store> open(const store::MarketStoreSettings& settings) {
    return sound(store::open_market_store(settings));
  }
  static std::unique_ptr<market::Store> sound(base::Result<std::unique_ptr<market::Store>> opened) {
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    if (!opened.ok()) std::abort();
    return std::move(opened).value();
  }

  static market::Caller operators() { return {{}, market::Role::kOperator, "operator", {}}; }
  base::Result<std::string> token_for(market::Transaction& all, const std::optional<market::OrganisationId>& whose,
                                      market::Role role) {
    crypto::ApiTokenText text;
    crypto::make_api_token(random_, text);
    const auto hash = crypto::api_token_hash(text.text);
    market::ApiToken token;
    token.organisation = whose;
    token.role = role;
    token.hash.assign(hash->begin(), hash->end());
    TARN_TRY(all.insert_token(token));
    return text.text;
  }
  base::Status fill(market::Transaction& all) {
    const market::Limits limits;
    const market::Context context{.now = wall_ms(), .random = &random_, .limits = &limits};
    market::Rules rules(all, operators(), context);
    TARN_ASSIGN(const ledger::Id currency, rules.create_currency("credits", {}));
    for (const std::string& name : markets) {
      Market made;
      made.name = name;
      made.currency = currency;
      made.slot_ms = kSlotMs;
      made.horizon_ms = 86'400'000, made.max_duration_ms = 3'600'000;
      made.fee_bp = 100;
      made.penalties = {1'000, 500, 500};
      made.clearing.mechanism = name == "windows" ? market::Mechanism::kCombinatorial
                                : name == "hours" ? market::Mechanism::kUniform
                                                  : market::Mechanism::kContinuous;
      made.clearing.work_limit = 1'000'000;
      made.call_period_ms = name == "book" ? 0 : 1'000;
      TARN_TRY(rules.create_market(made));
    }
    TARN_ASSIGN(operator_token, token_for(all, {}, market::Role::kOperator));
    for (std::size_t i = 0; i < 6; ++i) TARN_TRY(join(all, context, i));
    return {};
  }
  base::Status join(market::Transaction& all, const market::Context& context, std::size_t number) {
    Trader trader{"member-" + std::to_string(number), crypto::Identity::generate(random_), "", number % 2 == 0};
    market::Rules rules(all, operators(), context);
    TARN_TRY(rules.add_member(trader.id(), trader.name));
    TARN_TRY(rules.grant("credits", trader.id(), 1'000'000'000, "to begin with"));
    TARN_ASSIGN(trader.token, token_for(all, trader.id(), market::Role::kTrader));
    if (trader.sells) {
      market::Lot rack;
      rack.name = "rack";
      rack.capacity = 4;  // in three markets, and few: whoever sells one twice is seen
      rack.from = context.now / kSlotMs * kSlotMs;
      rack.until = rack.from + 86'400'000;
      market::Rules own(all, {trader.id(), market::Role::kAdministrator, trader.name, {}}, context);
      TARN_TRY(own.create_lot(rack));
    }
    traders.push_back(std::move(trader));
    return {};
  }

  // Every order that was accepted is there, once; none that was refused is; what was taken back is closed.
  static void compare_orders(const Answers& answers, const support::MarketTables& tables) {
    std::map<base::Bytes, market::Id> there;
    for (const auto& [id, order] : tables.orders)
      EXPECT_TRUE(there.emplace(order.document, id).second) << market::order_text(order) << " is there twice";
    for (const auto& [document, id] : answers.accepted) {
      const auto found = there.find(document);
      ASSERT_NE(found, there.end()) << "order " << id << " was accepted, and is lost";
      EXPECT_EQ(found->second, id);
    }
    for (const base::Bytes& document : answers.refused) EXPECT_FALSE(there.contains(document));
    for (const market::Id id : answers.closed) EXPECT_FALSE(market::is_open(tables.orders.at(id)));
  }
  static void compare_grants(const Answers& answers, const support::MarketTables& tables) {
    std::map<std::string, std::size_t> there;
    for (const auto& [id, transfer] : tables.transfers)
      if (transfer.reason == ledger::Reason::kGrant) ++there[transfer.reference];
    for (const std::string& why : answers.granted) EXPECT_EQ(there[why], 1U) << why;
    for (const auto& [why, times] : there) EXPECT_TRUE(times == 1 || why == "to begin with") << why;
  }
  static void look_at_clearings(const support::MarketTables& tables) {
    std::map<market::Id, std::set<std::uint64_t>> numbers;
    for (const auto& [id, clearing] : tables.clearings)
      EXPECT_TRUE(numbers[clearing.market].insert(clearing.number).second) << "two calls number " << clearing.number;
    for (const auto& [market, all] : numbers) {
      EXPECT_EQ(*all.rbegin(), all.size()) << "a call is missing";
      EXPECT_EQ(tables.markets.at(market).next_number, all.size() + 1);
    }
  }

  store::MarketStoreSettings settings_;
  crypto::OsRandom random_;
  support::MarketAuditor auditor_;
  support::MarketTables last_;
  market::Id last_event_ = 0;
};

// A daemon on a port of its own, which it keeps over restarts: whoever dials meanwhile waits. Its books are begun before
// its first start, so its key is there, too.
class Daemon {
 public:
  explicit Daemon(const std::string& postgres, const Daemon* first = nullptr) : port_(bind_loopback(true)) {
    fs::create_directory(directory_.path() + "/state");
    const std::string key = directory_ / "state/market.key";
    if (first != nullptr) {
      fs::copy(first->directory_ / "state/market.key", key);
    } else {
      crypto::OsRandom random;
      EXPECT_TRUE(crypto::Identity::generate(random).save(key).ok());
    }
    write_file(directory_ / "market.toml", "[storage]\nstate_dir = \"state\"\n" +
                                               (postgres.empty() ? "" : "postgres = \"" + postgres + "\"\n") +
                                               "[limits]\ntick = \"20ms\"\n[delivery]\nby = \"recording\"\n");
  }
  std::string database() const { return directory_ / "state/market.db"; }

  void start() {
    ProcessOptions options;
    options.inherited = port_.socket.get();
    process_.emplace(
        start_tarn({"market", "serve", "--config", directory_ / "market.toml", "--listen-fd", "3"}, options));
  }
  bool started() { return process_->says("market_started"); }
  bool leads(milliseconds patience = support::kPatience) { return process_->says("market_leads", patience); }
  // Once started.
  Door door() {
    const std::string& said = process_->err();
    return {static_cast<std::uint16_t>(std::stoi(port_.address.substr(port_.address.find(':') + 1))),
            said.substr(said.find("sha256:"), 71),
            crypto::Identity::load(directory_ / "state/market.key")->public_key()};
  }
  int stop(int signal) {
    process_->send(signal);
    const int code = process_->wait().value_or(-1);
    if (code != 128 + SIGKILL && code != 0) ADD_FAILURE() << "it ended by itself: " << process_->err();
    process_.reset();
    return code;
  }

 private:
  TemporaryDirectory directory_;
  Port port_;
  std::optional<Process> process_;
};

class Load {
 public:
  Load(Books& books, const std::vector<Door>& doors) {
    for (std::size_t i = 0; i < books.traders.size(); ++i)
      start(std::make_shared<Trading>(books.traders[i], books.markets, doors[i % doors.size()], told, seed() + i));
    start(std::make_shared<Operating>(books.operator_token, books.traders, books.markets.front(), doors.back(), told,
                                      seed()));
  }
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  void stop() {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
  }

  Told told;

 private:
  template <class Who>
  void start(std::shared_ptr<Who> who) {
    threads_.emplace_back([who](const std::stop_token& stop) { who->run(stop); });
  }
  std::vector<std::jthread> threads_;
};

// Nobody asks any more: all that was begun comes to its end.
void expect_end(Books& books, const Told& told) {
  const auto over = [&] {
    books.audit_beside(told);
    const bool orders = std::ranges::none_of(books.last().orders, [](const auto& row) { return is_open(row.second); });
    return orders &&
           std::ranges::none_of(books.last().contracts, [](const auto& row) { return row.second.due_at != 0; });
  };
  const auto end = steady_clock::now() + support::kPatience;
  while (!over() && steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(500));
  EXPECT_TRUE(over()) << "something never ends";
  for (const auto& [id, pending] : books.last().pendings) EXPECT_EQ(pending.left, 0);
}

// What went on meanwhile: without it the test would show nothing.
struct Business {
  Business(const Books& books, const Answers& answers) : told(answers), calls(books.last().clearings.size()) {
    for (const auto& [id, contract] : books.last().contracts)
      completed += contract.state == market::Contract::State::kCompleted && contract.paid > 0;
  }
  bool enough(std::size_t kills) const {
    return told.accepted.size() > kills && told.repeated > 0 && told.unanswered > 0 && !told.closed.empty() &&
           !told.granted.empty() && completed > 0 && calls > kills / 20;
  }
  const Answers& told;
  std::size_t completed = 0, calls;
};

// A slow machine gets there later.
void await_business(Books& books, const Told& told, std::size_t kills) {
  const auto end = steady_clock::now() + support::kPatience;
  for (;;) {
    books.audit_beside(told);
    const Answers answers = told.all();
    const bool enough = Business(books, answers).enough(kills);
    if (enough || testing::Test::HasFailure() || steady_clock::now() >= end) return;
    std::this_thread::sleep_for(milliseconds(500));
  }
}

void expect_business(const Books& books, const Answers& answers, std::size_t kills) {
  const Business all(books, answers);
  const auto& tables = books.last();
  std::printf(
      "%zu kills: %zu orders accepted (%zu answers repeated, %zu lost) and %zu taken back, %zu grants, %zu contracts "
      "(%zu completed and paid), %zu leases, %zu calls, %zu transfers\n",
      kills, answers.accepted.size(), answers.repeated, answers.unanswered, answers.closed.size(),
      answers.granted.size(), tables.contracts.size(), all.completed, tables.leases.size(), all.calls,
      tables.transfers.size());
  EXPECT_TRUE(all.enough(kills)) << "too little went on to show anything";
}

// Each at most so long after it began to answer.
void kill_again_and_again(const std::string& postgres, std::size_t kills, std::uint64_t within_ms) {
  std::mt19937_64 random(seed());
  Daemon daemon(postgres);
  Books books({postgres.empty() ? daemon.database() : "", postgres});
  books.set_up();
  daemon.start();
  ASSERT_TRUE(daemon.started());
  Load load(books, {daemon.door()});
  for (std::size_t kill = 0; kill < kills && !testing::Test::HasFailure(); ++kill) {
    if (kill > 0) daemon.start();
    // Most once it answers, some while it still starts.
    const bool early = random() % 8 == 0;
    ASSERT_TRUE(early || daemon.started());
    std::this_thread::sleep_for(milliseconds(random() % within_ms));
    // However long that takes on a slow machine, it is in the middle of business that it is killed.
    ASSERT_TRUE(early || support::eventually([&] { return load.told.accepted() > kill; }));
    ASSERT_EQ(daemon.stop(SIGKILL), 128 + SIGKILL);
    books.audit(load.told);
  }
  daemon.start();
  ASSERT_TRUE(daemon.started());
  await_business(books, load.told, kills);
  load.stop();
  expect_end(books, load.told);
  EXPECT_EQ(daemon.stop(SIGTERM), kDone);
  books.audit(load.told);
  expect_business(books, load.told.all(), kills);
}

TEST(MarketCrash, LeavesTheBooksRightWheneverItIsKilled) { kill_again_and_again("", 200, 120); }

TEST(MarketCrash, LeavesTheBooksRightOnPostgreSqlToo) {
  if (support::Postgres::get() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  kill_again_and_again(support::Postgres::get()->new_database(), 25, 500);  // connections to it take their time
}

// Each turn begins when the one before has ended, and no call is cleared by two, or by nobody.
TEST(MarketCrash, OfTheLeaderLetsTheNextProcessClear) {
  if (support::Postgres::get() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  constexpr std::size_t kKills = 8;
  const std::string database = support::Postgres::get()->new_database();
  std::mt19937_64 random(seed());
  Books books({"", database});
  books.set_up();
  Daemon one(database);
  one.start();
  ASSERT_TRUE(one.leads() && one.started());
  Daemon other(database, &one);
  other.start();
  ASSERT_TRUE(other.started());
  Load load(books, {one.door(), other.door()});
  Daemon *leader = &one, *next = &other;
  for (std::size_t kill = 0; kill < kKills; ++kill) {
    std::this_thread::sleep_for(milliseconds(random() % 600));
    EXPECT_FALSE(next->leads(milliseconds(0))) << "two lead";
    ASSERT_EQ(leader->stop(SIGKILL), 128 + SIGKILL);
    ASSERT_TRUE(next->leads());
    books.audit(load.told);
    EXPECT_EQ(books.last().fence, static_cast<std::int64_t>(kill) + 2) << "somebody led in between";
    leader->start();
    ASSERT_TRUE(leader->started());
    std::swap(leader, next);
  }
  await_business(books, load.told, kKills);
  load.stop();
  expect_end(books, load.told);
  EXPECT_EQ(leader->stop(SIGTERM), kDone);
  EXPECT_EQ(next->stop(SIGTERM), kDone);
  books.audit(load.told);
  expect_business(books, load.told.all(), kKills);
}

}  // namespace
}  // namespace e2e
