// The IPMI driver against OpenIPMI's simulated controller.
#include <atomic>
#include <mutex>
#include <thread>

#include "drivers/bmc/drivers.h"
#include "support/simulated_bmc.h"

namespace {

using base::Code;
using isolation::BootDevice;
using std::chrono::milliseconds;
using support::SimulatedBmc;

constexpr int kPatienceMs = 20'000;

crypto::SecretBytes secret(std::string_view text) { return {text.begin(), text.end()}; }

std::unique_ptr<isolation::Bmc> open(isolation::BmcDrivers& drivers, const std::string& address,
                                     std::string_view password = SimulatedBmc::kPassword) {
  auto opened = drivers.open({"ipmi", address, SimulatedBmc::kUser, secret(password)});
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  return std::move(*opened);
}

void good(const base::Status& status) { EXPECT_TRUE(status.ok()) << status.error().message; }

class BmcLab : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!SimulatedBmc::ready()) GTEST_SKIP() << "needs the packages of the group lab";
  }
  std::unique_ptr<isolation::BmcDrivers> drivers_ = drivers::make_bmc_drivers();
};

TEST_F(BmcLab, PowerIsWhatTheControllerSaysAfterEachOrder) {
  const SimulatedBmc lab;
  const auto bmc = open(*drivers_, lab.address());
  const auto powered = [&] {
    const auto on = bmc->powered(kPatienceMs);
    EXPECT_TRUE(on.ok()) << on.error().message;
    return on.ok() && *on;
  };
  EXPECT_FALSE(powered());
  good(bmc->power_off(true, kPatienceMs));  // as it is
  good(bmc->power_on(kPatienceMs));
  EXPECT_TRUE(lab.powered() && powered());
  good(bmc->power_on(kPatienceMs));
  good(bmc->power_off(false, kPatienceMs));
  EXPECT_FALSE(lab.powered() || powered());
  good(bmc->power_cycle(true, kPatienceMs));
  EXPECT_TRUE(lab.powered()) << "a cycle turns on what is off";
  good(bmc->power_cycle(true, kPatienceMs));
  EXPECT_NE(lab.calls().find("set reset 1"), std::string::npos);
  good(bmc->power_cycle(false, kPatienceMs));
  EXPECT_TRUE(lab.powered());
  good(bmc->power_off(true, kPatienceMs));
  EXPECT_FALSE(lab.powered());
}

TEST_F(BmcLab, AServerThatIgnoresItsButtonIsADeadlineAndGoesByForce) {
  const SimulatedBmc lab;
  const auto bmc = open(*drivers_, lab.address());
  good(bmc->power_on(kPatienceMs));
  lab.ignore_its_button();
  const auto begin = support::steady_clock::now();
  const auto off = bmc->power_off(false, 6'000);  // half of it is for questions, each of which has a quarter
  EXPECT_LT(support::steady_clock::now() - begin, milliseconds(6'000 + 1'000));
  ASSERT_FALSE(off.ok());
  EXPECT_EQ(off.error().code, Code::kDeadline) << off.error().message;
  good(bmc->power_off(true, kPatienceMs));
  EXPECT_FALSE(lab.powered());
}

TEST_F(BmcLab, TheBootDeviceIsSetAndReadBack) {
  const SimulatedBmc lab;
  const auto bmc = open(*drivers_, lab.address());
  good(bmc->set_boot_device(BootDevice::kNetwork, kPatienceMs));
  EXPECT_EQ(lab.boot_device(), "pxe");
  good(bmc->set_boot_device(BootDevice::kDisk, kPatienceMs));
  EXPECT_NE(lab.boot_device(), "pxe");
  good(bmc->set_boot_device(BootDevice::kDefault, kPatienceMs));
  EXPECT_EQ(lab.boot_device(), "none");
}

TEST_F(BmcLab, AWrongPasswordIsRefusedAndInNoError) {
  const SimulatedBmc lab;
  for (const std::string password : {"wrong-battery", "", "a password that is longer than twenty"}) {
    const auto bmc = open(*drivers_, lab.address(), password);
    const auto on = bmc->powered(6'000);
    const auto console = bmc->watch_console([](std::string_view) { return true; }, 6'000);
    ASSERT_FALSE(on.ok());
    ASSERT_FALSE(console.ok());
    EXPECT_EQ(on.error().code, Code::kInvalidInput) << on.error().message;
    for (const auto& error : {on.error(), console.error()}) {
      EXPECT_NE(error.message.find(lab.address()), std::string::npos) << error.message;
      if (!password.empty()) {
        EXPECT_EQ(error.message.find(password), std::string::npos) << error.message;
      }
    }
  }
}

TEST_F(BmcLab, WhereNobodyAnswersIsAnErrorWithinTheDeadline) {
  support::Descriptor silent(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&here), size), 0);
  ASSERT_EQ(::getsockname(silent.get(), reinterpret_cast<sockaddr*>(&here), &size), 0);
  const auto bmc = open(*drivers_, "127.0.0.1:" + std::to_string(ntohs(here.sin_port)));
  const auto begin = support::steady_clock::now();
  const auto on = bmc->powered(1'000);
  const auto console = bmc->watch_console([](std::string_view) { return true; }, 1'000);
  EXPECT_LT(support::steady_clock::now() - begin, milliseconds(2'000 + 1'000));
  ASSERT_FALSE(on.ok() || console.ok());
  EXPECT_EQ(on.error().code, Code::kUnreachable) << on.error().message;
}

TEST_F(BmcLab, SeveralWatchersSeeOneConsole) {
  SimulatedBmc lab;
  constexpr std::size_t kWatchers = 3;
  std::mutex mutex;
  std::array<std::string, kWatchers> seen;
  std::atomic<std::size_t> begun{0};
  std::atomic<bool> stop{false};
  const auto all_saw = [&](const std::string& text) {
    const std::lock_guard lock(mutex);
    return std::all_of(seen.begin(), seen.end(),
                       [&](const std::string& one) { return one.find(text) != std::string::npos; });
  };
  std::vector<std::thread> watchers;
  for (std::size_t i = 0; i < kWatchers; ++i) {
    watchers.emplace_back([&, i] {
      const auto bmc = open(*drivers_, lab.address());
      bool first = true;
      good(bmc->watch_console(
          [&](std::string_view data) {
            begun += std::exchange(first, false) ? 1 : 0;
            const std::lock_guard lock(mutex);
            seen[i] += data;
            return !stop;
          },
          kPatienceMs));
    });
  }
  EXPECT_TRUE(support::eventually([&] { return begun == kWatchers; }));
  EXPECT_TRUE(lab.say("login: "));
  EXPECT_TRUE(support::eventually([&] { return all_saw("login: "); }, milliseconds(20'000)));
  stop = true;
  for (auto& watcher : watchers) watcher.join();
  // The session is closed: the next one gets it.
  const auto bmc = open(*drivers_, lab.address());
  std::string later;
  std::atomic<bool> heard{false};
  std::thread talker([&] {  // what a server says while nobody has its console may be lost
    EXPECT_TRUE(support::eventually([&] {
      EXPECT_TRUE(lab.say("again "));
      std::this_thread::sleep_for(milliseconds(100));
      return heard.load();
    }));
  });
  const auto begin = support::steady_clock::now();
  good(bmc->watch_console(
      [&](std::string_view data) {
        later += data;
        heard = later.find("again") != std::string::npos || support::steady_clock::now() - begin > support::kPatience;
        return !heard;
      },
      kPatienceMs));
  talker.join();
  EXPECT_NE(later.find("again"), std::string::npos);
}

}  // namespace
