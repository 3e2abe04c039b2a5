// SerialRelay: the serial line between a simulated controller and a virtual machine. Both call it: the controller once,
// when it starts (and never again if nobody answers), the machine whenever it is turned on.
// Threads: it has one of its own.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "support/process.h"

namespace support {

class SerialRelay {
 public:
  explicit SerialRelay(std::uint16_t controller_port)
      : for_controller_(listening(controller_port)), for_machine_(listening(0)), thread_([this] { run(); }) {}
  ~SerialRelay() {
    stop_ = true;
    thread_.join();
  }
  SerialRelay(const SerialRelay&) = delete;
  SerialRelay& operator=(const SerialRelay&) = delete;

  std::string machine_address() const {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    EXPECT_EQ(::getsockname(for_machine_.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  }

 private:
  static Descriptor listening(std::uint16_t port) {
    Descriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    EXPECT_EQ(::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
    EXPECT_EQ(::bind(out.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(out.get(), 1), 0);
    return out;
  }
  static void pass(Descriptor& from, const Descriptor& to) {
    std::array<char, 4096> some{};
    const ssize_t size = ::recv(from.get(), some.data(), some.size(), MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno != EAGAIN)) from.close();
    if (size > 0 && to.valid()) (void)::send(to.get(), some.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
  }
  void run() {
    Descriptor controller, machine;
    while (!stop_) {
      std::array<pollfd, 4> watched{{{for_controller_.get(), POLLIN, 0},
                                     {for_machine_.get(), POLLIN, 0},
                                     {controller.get(), POLLIN, 0},
                                     {machine.get(), POLLIN, 0}}};
      if (::poll(watched.data(), watched.size(), 50) <= 0) continue;
      if (watched[2].revents != 0) pass(controller, machine);
      if (watched[3].revents != 0) pass(machine, controller);
      if (watched[0].revents != 0)
        controller = Descriptor(::accept4(for_controller_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (watched[1].revents != 0) machine = Descriptor(::accept4(for_machine_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
  }

  Descriptor for_controller_, for_machine_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace support
