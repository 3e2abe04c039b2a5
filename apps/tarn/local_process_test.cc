// Files of processes: what opens and cannot be read, as the files of a process that has just ended, is no exception.
#include "tarn/local_process.h"

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(LocalProcess, AFileIsReadAsFarAsItCanBe) {
  EXPECT_NE(read_all("/proc/self/cmdline").find("test"), std::string::npos);
  EXPECT_EQ(read_all("/proc"), "");
  EXPECT_EQ(read_all("/proc/self/no-such-file"), "");
}

}  // namespace
}  // namespace tarn
