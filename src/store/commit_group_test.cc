#include "store/commit_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace store {
namespace {

using base::Status;

// A database that does nothing.
class Nothing : public SqlConnection {
 public:
  Status begin(Access) override { return {}; }
  Status commit() override { return {}; }
  void rollback() override {}
  Status mark() override { return {}; }
  Status keep_mark() override { return {}; }
  Status undo_to_mark() override { return {}; }
  base::Result<std::size_t> query(std::string_view, std::span<const SqlValue>, const Visitor&) override {
    return std::size_t{0};
  }
  Status post(std::string_view, std::span<const SqlValue>) override { return {}; }
  Status expect(std::string_view, std::span<const SqlValue>) override { return {}; }
};

// Two at once: the one under way is long, and is done; the one behind it is told, and was not begun.
TEST(CommitGroup, NobodyWaitsForItsTurnForEver) {
  CommitGroup group(std::make_unique<Nothing>(), std::chrono::milliseconds(50));
  std::promise<void> begun, go_on;
  std::thread first([&] {
    const Status done = group.run([&](SqlConnection&) -> Status {
      begun.set_value();
      go_on.get_future().wait();
      return {};
    });
    EXPECT_TRUE(done.ok());
  });
  begun.get_future().wait();
  bool called = false;
  const CommitGroup::Body second = [&](SqlConnection&) -> Status {
    called = true;
    return {};
  };
  const Status late = group.run(second);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, base::Code::kStorage);
  go_on.set_value();
  first.join();
  EXPECT_FALSE(called) << "who was refused must not have been served as well";
  EXPECT_TRUE(group.run(second).ok());
  EXPECT_TRUE(called);
}

// Commits slowly, so that writers gather meanwhile, and loses a transaction in which somebody asked "never".
class Losing : public Nothing {
 public:
  Status begin(Access) override {
    lost_ = false;
    return {};
  }
  Status commit() override {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return so_far();
  }
  Status keep_mark() override { return so_far(); }
  base::Result<std::size_t> query(std::string_view sql, std::span<const SqlValue>, const Visitor&) override {
    lost_ = lost_ || sql == "never";
    return std::size_t{0};
  }

 private:
  Status so_far() const { return lost_ ? Status(base::Error{base::Code::kStorage, "lost"}) : Status(); }
  bool lost_ = false;
};

// What can never be written is tried again and again, as by a clock: once it takes others with it, then no more.
TEST(CommitGroup, LetsWhatCanNeverBeWrittenFailAlone) {
  constexpr int kWriters = 4, kTimes = 100;
  CommitGroup group(std::make_unique<Losing>(), std::chrono::hours(1), std::chrono::hours(1));
  const auto write = [&](std::string_view sql) {
    const auto done = group.run([sql](SqlConnection& connection) -> Status {
      TARN_TRY(connection.query(sql, {}, {}));
      return {};
    });
    return done.ok();
  };
  std::atomic<int> lost = 0;
  std::atomic<bool> over = false;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i)
    writers.emplace_back([&] {
      while (!over)
        if (!write("mine")) ++lost;
    });
  for (int i = 0; i < kTimes; ++i) EXPECT_FALSE(write("never"));
  over = true;
  for (std::thread& one : writers) one.join();
  EXPECT_LE(lost, kWriters) << "of one transaction, in which each writes at most once";
}

}  // namespace
}  // namespace store
