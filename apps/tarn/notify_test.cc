// Against a real notification socket, by path and in the abstract namespace.
#include "tarn/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/check.h"

namespace tarn {
namespace {

class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    CHECK(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size) == 0);
  }
  ~Manager() { ::close(fd_); }
  // What has been said; a datagram on this machine is there when it has been sent.
  std::string heard() {
    char message[100];
    const ssize_t size = ::recv(fd_, message, sizeof message, MSG_DONTWAIT);
    return size < 0 ? "" : std::string(message, static_cast<std::size_t>(size));
  }

 private:
  int fd_;
};

class Notify : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "tarn-notify-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  static Notifier with(const char* socket, const char* usec = nullptr, const char* pid = nullptr) {
    if (socket != nullptr) setenv("NOTIFY_SOCKET", socket, 1);
    if (usec != nullptr) setenv("WATCHDOG_USEC", usec, 1);
    if (pid != nullptr) setenv("WATCHDOG_PID", pid, 1);
    return Notifier::from_environment();
  }
  std::filesystem::path folder_;
};

TEST_F(Notify, TellsTheManager) {
  for (const std::string& name : {(folder_ / "socket").string(), "@" + (folder_ / "abstract").string()}) {
    Manager manager(name);
    const Notifier notifier = with(name.c_str());
    EXPECT_EQ(manager.heard(), "");
    notifier.ready();
    EXPECT_EQ(manager.heard(), "READY=1");
    notifier.alive();
    notifier.stopping();
    EXPECT_EQ(manager.heard(), "WATCHDOG=1");
    EXPECT_EQ(manager.heard(), "STOPPING=1");
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);  // a child must not speak for us
  }
}

TEST_F(Notify, WithoutAManagerNothingHappens) {
  with(nullptr).ready();
  with((folder_ / "nobody").c_str()).ready();
  with(std::string(200, 'x').c_str()).ready();
}

TEST_F(Notify, KnowsHowOftenTheWatchdogLooks) {
  const std::string us = std::to_string(::getpid());
  EXPECT_EQ(with("s").watchdog_ms(), std::nullopt);
  EXPECT_EQ(with("s", "30000000").watchdog_ms(), 30'000);
  EXPECT_EQ(with("s", "30000000", us.c_str()).watchdog_ms(), 30'000);
  EXPECT_EQ(with("s", "30000000", "1").watchdog_ms(), std::nullopt);
  for (const char* nonsense : {"", "0", "-1", "30s", "99999999999999999999", "18446744073709551615"})
    EXPECT_EQ(with("s", nonsense).watchdog_ms(), std::nullopt) << nonsense;
}

}  // namespace
}  // namespace tarn
