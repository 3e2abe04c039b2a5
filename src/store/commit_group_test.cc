#include "store/commit_group.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

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

}  // namespace
}  // namespace store
