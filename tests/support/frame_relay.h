// FrameRelay: a server's NIC for a machine that is no namespace: frames of an interface in a network namespace, as UDP
// datagrams to and from a virtual machine's card (QEMU: -netdev socket,udp=…), without a bridge, which not every kernel has.
// Threads: it has one of its own.
#pragma once

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "support/namespaces.h"

namespace support {

class FrameRelay {
 public:
  FrameRelay(const std::string& netns, const std::string& interface) {
    EXPECT_TRUE(NetworkNamespace::inside(netns, [&] {
      wire_ = Descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
      sockaddr_ll here{};
      here.sll_family = AF_PACKET;
      here.sll_protocol = htons(ETH_P_ALL);
      here.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
      const int yes = 1;
      EXPECT_EQ(::bind(wire_.get(), reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
      EXPECT_EQ(::setsockopt(wire_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes), 0);
    }));
    card_ = bound(ours_);
    theirs_ = ours_;
    const Descriptor probe = bound(theirs_);  // a port that is free now
    thread_ = std::thread([this] { run(); });
  }
  ~FrameRelay() {
    stop_ = true;
    thread_.join();
  }
  FrameRelay(const FrameRelay&) = delete;
  FrameRelay& operator=(const FrameRelay&) = delete;

  std::string netdev() const {
    return "socket,id=card,udp=127.0.0.1:" + std::to_string(ntohs(ours_.sin_port)) +
           ",localaddr=127.0.0.1:" + std::to_string(ntohs(theirs_.sin_port));
  }

 private:
  static Descriptor bound(sockaddr_in& at) {
    Descriptor out(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(out.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::getsockname(out.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    return out;
  }
  void run() {
    std::array<char, 65'536> frame{};
    while (!stop_) {
      std::array<pollfd, 2> watched{{{wire_.get(), POLLIN, 0}, {card_.get(), POLLIN, 0}}};
      if (::poll(watched.data(), watched.size(), 100) <= 0) continue;
      if (watched[0].revents != 0) {
        const ssize_t size = ::recv(wire_.get(), frame.data(), frame.size(), MSG_DONTWAIT);
        if (size > 0)
          (void)::sendto(card_.get(), frame.data(), static_cast<std::size_t>(size), 0,
                         reinterpret_cast<sockaddr*>(&theirs_), sizeof theirs_);
      }
      if (watched[1].revents != 0) {
        const ssize_t size = ::recv(card_.get(), frame.data(), frame.size(), MSG_DONTWAIT);
        if (size > 0) (void)::send(wire_.get(), frame.data(), static_cast<std::size_t>(size), 0);
      }
    }
  }

  Descriptor wire_, card_;
  sockaddr_in ours_{}, theirs_{};
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace support
