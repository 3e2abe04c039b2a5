// What is left of a store after a crash, who may open it, and how it lives with a server that goes away.
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <random>
#include <thread>

#include "support/isolation_stores.h"

namespace store {
namespace {

using namespace isolation;
using base::Code;
using base::Status;

const Page kAll{"", 100'000};
constexpr int kThreads = 4;

std::string numbered(char kind, int thread, std::uint32_t number) {
  return kind + std::to_string(thread) + "-" + std::to_string(number);
}

// Writes two rows at a time on several threads, each from its number on, and answers for each with its thread's number,
// until it is killed.
[[noreturn]] void work(const std::string& path, const std::array<std::uint32_t, kThreads>& from, int answers) {
  auto opened = open_isolation_store({.path = path, .connection = {}});
  if (!opened.ok()) ::_exit(1);
  const auto write = [&](int thread) {
    for (std::uint32_t number = from[static_cast<std::size_t>(thread)];; ++number) {
      const Status done = (*opened)->write([&](Transaction& t) -> Status {
        TARN_TRY(t.insert_project({0, numbered('p', thread, number), {}, {}}));
        TARN_TRY(t.insert_user({0, numbered('u', thread, number), "", Role::kMember}));
        return {};
      });
      const char answer = static_cast<char>(thread);
      if (!done.ok() || ::write(answers, &answer, 1) != 1) ::_exit(2);
    }
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(write, thread);
  for (std::thread& thread : threads) thread.join();
  ::_exit(3);
}

// How many writes of each thread were answered for.
std::array<std::uint32_t, kThreads> run_and_kill(const std::string& path,
                                                 const std::array<std::uint32_t, kThreads>& from, int at_least,
                                                 int then_us) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work(path, from, ends[1]);
  }
  ::close(ends[1]);
  std::array<std::uint32_t, kThreads> answered{};
  char thread = 0;
  for (int all = 0; all < at_least && ::read(ends[0], &thread, 1) == 1; ++all)
    ++answered[static_cast<std::size_t>(thread)];
  std::this_thread::sleep_for(std::chrono::microseconds(then_us));
  ::kill(child, SIGKILL);
  while (::read(ends[0], &thread, 1) == 1) ++answered[static_cast<std::size_t>(thread)];
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return answered;
}

TEST(IsolationStoreOnSqlite, HasAllThatWasAnsweredForAndNothingByHalvesAfterBeingKilled) {
  const support::Scratch scratch;
  const std::string path = scratch.file("isolation.db");
  std::mt19937_64 random(5);
  std::array<std::uint32_t, kThreads> next{};
  for (int round = 0; round < 15; ++round) {
    const auto answered = run_and_kill(path, next, static_cast<int>(random() % 40), static_cast<int>(random() % 4'000));
    const auto store = open_isolation_store({.path = path, .connection = {}});
    ASSERT_TRUE(store.ok());
    EXPECT_TRUE(
        (*store)
            ->read([&](Transaction& t) -> Status {
              for (int thread = 0; thread < kThreads; ++thread) {
                std::uint32_t& mine = next[static_cast<std::size_t>(thread)];
                for (std::uint32_t more = answered[static_cast<std::size_t>(thread)]; more > 0; --more, ++mine)
                  EXPECT_TRUE((*t.find_project(numbered('p', thread, mine))).has_value()) << "lost in round " << round;
                mine +=
                    (*t.find_project(numbered('p', thread, mine))).has_value();  // on the disk, but not answered for
                EXPECT_FALSE((*t.find_project(numbered('p', thread, mine))).has_value());
              }
              const auto projects = t.projects(kAll);
              const auto users = t.users(kAll);
              EXPECT_EQ(projects->size(), users->size());
              for (std::size_t i = 0; i < std::min(projects->size(), users->size()); ++i)
                EXPECT_EQ((*projects)[i].name.substr(1), (*users)[i].name.substr(1));
              return {};
            })
            .ok());
  }
  EXPECT_GT(next[0] + next[1] + next[2] + next[3], 100U) << "nothing was tried";
}

std::string refusal(const IsolationStoreSettings& settings, Code code = Code::kStorage) {
  const auto opened = open_isolation_store(settings);
  if (opened.ok()) return "opened";
  EXPECT_EQ(opened.error().code, code);
  return opened.error().message;
}

TEST(IsolationStoreOnSqlite, RefusesWhatIsNotItsOwn) {
  const support::Scratch scratch;
  const IsolationStoreSettings settings{.path = scratch.file("isolation.db"), .connection = {}};
  const auto sql = [&](const char* text) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(settings.path.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, text, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  };
  EXPECT_EQ(refusal(settings), "opened");
  EXPECT_EQ(refusal(settings), "opened");  // and again
  struct stat info{};
  ASSERT_EQ(::stat(settings.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  sql("PRAGMA user_version = 99");
  EXPECT_NE(refusal(settings).find("newer tarn"), std::string::npos);
  sql("PRAGMA application_id = 5");
  EXPECT_NE(refusal(settings).find("another database"), std::string::npos);
  EXPECT_NE(refusal({}, Code::kInvalidInput).find("name one"), std::string::npos);
}

class PostgresStores : public support::IsolationStores {};
INSTANTIATE_TEST_SUITE_P(Server, PostgresStores, testing::Values(support::Engine::kPostgres), support::name_of);

TEST_P(PostgresStores, RefuseWhatIsNotTheirOwn) {
  support::Postgres& server = *support::Postgres::get();
  server.sql(settings_.connection, "UPDATE tarn_store SET version = 99");
  EXPECT_NE(refusal(settings_).find("newer tarn"), std::string::npos);
  server.sql(settings_.connection, "UPDATE tarn_store SET kind = 'market'");
  EXPECT_NE(refusal(settings_).find("another one of tarn's"), std::string::npos);
  const std::string other = server.new_database();
  server.sql(other, "CREATE TABLE theirs (a int)");
  EXPECT_NE(refusal({.path = {}, .connection = other}).find("other tables"), std::string::npos);
}

TEST_P(PostgresStores, TakeNoPasswordAndNameNone) {
  for (const char* const where :
       {"host=/nowhere password=hunter2", "postgresql://ann:hunter2@localhost/db", "host='hunter2"}) {
    const std::string said = refusal({.path = {}, .connection = where}, Code::kInvalidInput);
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
    EXPECT_NE(said, "opened");
  }
  EXPECT_NE(refusal({.path = {}, .connection = "host=/nowhere dbname=x"}).find("PostgreSQL"), std::string::npos);
}

TEST_P(PostgresStores, KeepTextThatIsNone) {
  EXPECT_TRUE(store_
                  ->write([](Transaction& t) -> Status {
                    TARN_TRY(
                        t.insert_event({0, 1, "k", {}, "s", "b", std::string("a\0b\xff\xc3\xa9\xed\xa0\x80z", 10)}));
                    EXPECT_EQ(t.events(0, {}, 1)->at(0).detail, "a?b?\xc3\xa9???z");
                    return {};
                  })
                  .ok());
}

TEST_P(PostgresStores, OutliveTheirServer) {
  const auto write = [&](const std::string& name) {
    return store_->write([&](Transaction& t) -> Status {
      TARN_TRY(t.insert_project({0, name, {}, {}}));
      return {};
    });
  };
  const auto count = [&] {
    std::size_t found = 0;
    const Status done = store_->read([&](Transaction& t) -> Status {
      TARN_ASSIGN(const auto rows, t.projects(kAll));
      found = rows.size();
      return {};
    });
    return done.ok() ? static_cast<int>(found) : -1;
  };
  EXPECT_TRUE(write("before").ok());
  EXPECT_EQ(count(), 1);
  // It goes away in the middle of a transaction, too.
  const Status cut = store_->write([&](Transaction& t) -> Status {
    EXPECT_TRUE(t.insert_project({0, "cut", {}, {}}).ok());
    support::Postgres::get()->stop();
    EXPECT_EQ(t.insert_project({0, "late", {}, {}}).error().code, Code::kStorage);
    return {};
  });
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, Code::kStorage);
  EXPECT_EQ(write("away").error().code, Code::kStorage);
  EXPECT_EQ(count(), -1);
  support::Postgres::get()->start();
  EXPECT_TRUE(write("after").ok());
  EXPECT_EQ(count(), 2);
}

class SharedStores : public support::IsolationStores {};
INSTANTIATE_TEST_SUITE_P(Sql, SharedStores, testing::Values(support::Engine::kSqlite, support::Engine::kPostgres),
                         support::name_of);

TEST_P(SharedStores, LoseNoUpdateToEachOther) {
  const auto other = open();
  ASSERT_NE(other, nullptr);
  Id id = 0;
  ASSERT_TRUE(store_
                  ->write([&](Transaction& t) -> Status {
                    TARN_ASSIGN(id, t.insert_project({0, "p", 0U, {}}));
                    return {};
                  })
                  .ok());
  const auto add = [&](isolation::Store& store) {
    for (int i = 0; i < 25; ++i)
      EXPECT_TRUE(support::write_beside_another(store, [&](Transaction& t) -> Status {
                    TARN_ASSIGN(const auto found, t.find_project(id));
                    return t.update_project({id, "p", *found->node_quota + 1, {}});
                  }).ok());
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(add, std::ref(i % 2 == 0 ? *store_ : *other));
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(store_
                  ->read([&](Transaction& t) -> Status {
                    EXPECT_EQ((*t.find_project(id))->node_quota, 100U);
                    return {};
                  })
                  .ok());
}

}  // namespace
}  // namespace store
