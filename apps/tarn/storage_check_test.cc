#include "tarn/storage_check.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

namespace tarn {
namespace {

class StorageCheck : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "tarn-storage-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(StorageCheck, LeavesNothingBehind) {
  EXPECT_TRUE(check_writable(folder_).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(StorageCheck, SaysWhatIsWrong) {
  const auto missing = check_writable(folder_ / "missing");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::Code::kStorage);
  EXPECT_NE(missing.error().message.find("missing: No such file"), std::string::npos);
  std::filesystem::create_symlink("/dev/null", folder_ / "writable.check");
  EXPECT_FALSE(check_writable(folder_).ok());
}

// As on a disk that is full: the file can be made, and nothing put into it.
TEST_F(StorageCheck, NoticesThatNothingFits) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{100, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const auto full = check_writable(folder_);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, previous);
  EXPECT_FALSE(full.ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace tarn
