// What a server can do wrong, by one that does it.
#include "drivers/switch/ovsdb_switch.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <thread>

#include "drivers/switch/drivers.h"
#include "support/process.h"

namespace drivers {
namespace {

using base::Code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Takes connections at a port of loopback and does with each what the test says, until it is told to stop.
class Server {
 public:
  explicit Server(std::function<void(int)> serve) : serve_(std::move(serve)) {
    listener_ = support::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&here), size), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&here), &size), 0);
    EXPECT_EQ(::listen(listener_.get(), 4), 0);
    endpoint_ = "tcp:127.0.0.1:" + std::to_string(ntohs(here.sin_port));
    thread_ = std::thread([this] {
      for (;;) {
        const support::Descriptor line(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!line.valid()) return;
        serve_(line.get());
      }
    });
  }
  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::string settings() const { return R"({"endpoint":")" + endpoint_ + R"(","bridge":"br0"})"; }

 private:
  std::function<void(int)> serve_;
  support::Descriptor listener_;
  std::string endpoint_;
  std::thread thread_;
};

void say(int line, const std::string& text) { (void)::send(line, text.data(), text.size(), MSG_NOSIGNAL); }
std::string hear(int line) {  // what has come by some time, or nothing once the other side is gone
  std::string text(65536, '\0');
  const ssize_t got = ::recv(line, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}
void wait_for_the_end(int line) {
  while (!hear(line).empty()) {
  }
}

base::Error failure(const Server& server, int timeout_ms) {
  const auto device = make_switch_drivers()->open({1, "s", "ovsdb", server.settings()});
  EXPECT_TRUE(device.ok());
  const std::vector<isolation::PortSetting> settings{{"p1", {}}};
  const auto begin = steady_clock::now();
  const auto done = (*device)->apply(settings, timeout_ms);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(timeout_ms + 5'000));
  EXPECT_FALSE(done.ok());
  return done.ok() ? base::Error{Code::kStorage, ""} : done.error();
}

TEST(OvsdbSwitch, AServerThatNeverAnswersIsADeadline) {
  EXPECT_EQ(failure(Server(wait_for_the_end), 200).code, Code::kDeadline);
}

TEST(OvsdbSwitch, AServerThatDripsHalfAMessageIsADeadline) {
  const Server server([](int line) {
    say(line, "{");
    pollfd watched{line, POLLRDHUP, 0};
    while (::poll(&watched, 1, 5) == 0) say(line, " ");
  });
  EXPECT_EQ(failure(server, 200).code, Code::kDeadline);
}

TEST(OvsdbSwitch, AServerThatAnswersSomethingElseIsUnreachable) {
  for (const std::string answer :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "{]}", R"({"id":1,"result":[}]})", R"({"x":1})"}) {
    const Server server([&](int line) {
      say(line, answer);
      wait_for_the_end(line);
    });
    EXPECT_EQ(failure(server, 5'000).code, Code::kUnreachable) << answer;
  }
}

TEST(OvsdbSwitch, AMessageWithoutEndIsUnreachable) {
  const Server server([](int line) {
    const std::string part(1 << 20, 'x');
    say(line, R"({"id":")");
    for (std::size_t sent = 0; sent <= JsonRpcDecoder::kMaxMessage; sent += part.size()) say(line, part);
    wait_for_the_end(line);
  });
  EXPECT_EQ(failure(server, 60'000).code, Code::kUnreachable);
}

TEST(OvsdbSwitch, AnEchoIsAnsweredWhileItWaits) {
  std::atomic<bool> answered{false};
  {
    const Server server([&](int line) {
      say(line, R"({"id":"echo","method":"echo","params":["still there?"]})");
      for (std::string text = hear(line); !text.empty(); text = hear(line))
        if (text.find("still there?") != std::string::npos && text.find("\"result\"") != std::string::npos)
          answered = true;
    });
    EXPECT_EQ(failure(server, 500).code, Code::kDeadline);
  }
  EXPECT_TRUE(answered);
}

TEST(SwitchDrivers, RefuseWhatTheyDoNotKnow) {
  const auto drivers = make_switch_drivers();
  const auto refuse = [&](const std::string& type, const std::string& settings, const std::string& says) {
    const auto device = drivers->open({1, "s", type, settings});
    ASSERT_FALSE(device.ok()) << settings;
    EXPECT_EQ(device.error().code, Code::kInvalidInput);
    EXPECT_NE(device.error().message.find(says), std::string::npos) << device.error().message;
  };
  refuse("nexus", "{}", "there is: ovsdb");
  refuse("ovsdb", "{}", "endpoint");
  refuse("ovsdb", "[", "endpoint");
  refuse("ovsdb", R"({"endpoint":"unix:/a","bridge":"b","more":1})", "endpoint");
  refuse("ovsdb", R"({"endpoint":"ssl:10.0.0.2:6640","bridge":"b"})", "TLS");
  refuse("ovsdb", R"({"endpoint":"tcp:switch:6640","bridge":"b"})", "numeric");
  refuse("ovsdb", R"({"endpoint":"tcp:10.0.0.2","bridge":"b"})", "port");
  refuse("ovsdb", R"({"endpoint":"unix:relative","bridge":"b"})", "absolute");
  EXPECT_TRUE(drivers->open({1, "s", "ovsdb", R"({"endpoint":"tcp:[fd00::2]:6640","bridge":"b"})"}).ok());
}

}  // namespace
}  // namespace drivers
