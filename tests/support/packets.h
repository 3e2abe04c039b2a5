// PacketPort: Ethernet frames as they are on the wire, sent and received at an interface in a network namespace, VLAN
// tags and all. What a switch lets through is what arrives here, whatever its tables say.
// A probe is a frame of an experimental EtherType with a text that no other probe has.
// Threads: one at a time. Units: milliseconds.
#pragma once

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/namespaces.h"

namespace support {

using Mac = std::array<std::uint8_t, 6>;
inline constexpr Mac kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct Tag {
  std::uint16_t vlan;
  std::uint16_t type = ETHERTYPE_VLAN;
  bool operator==(const Tag&) const = default;
};

struct Frame {
  Mac to{}, from{};
  std::vector<Tag> tags;  // outermost first
  std::string text;
};

class PacketPort {
 public:
  PacketPort(const std::string& space, const std::string& interface) {
    const bool entered = NetworkNamespace::inside(space, [&] {
      socket_ = Descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)));
      sockaddr_ll here{};
      here.sll_family = AF_PACKET;
      here.sll_protocol = htons(ETH_P_ALL);
      here.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
      const int yes = 1;
      bound_ = socket_.valid() && ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&here), sizeof here) == 0 &&
               ::setsockopt(socket_.get(), SOL_PACKET, PACKET_AUXDATA, &yes, sizeof yes) == 0 &&
               ::setsockopt(socket_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) == 0;
    });
    EXPECT_TRUE(entered && bound_) << space << " has no " << interface << ", or this is not root";
  }

  bool send(const Frame& frame) {
    std::string bytes(frame.to.begin(), frame.to.end());
    bytes.append(frame.from.begin(), frame.from.end());
    for (const Tag& tag : frame.tags) {
      put(bytes, tag.type);
      put(bytes, tag.vlan);
    }
    put(bytes, kProbeType);
    put(bytes, static_cast<std::uint16_t>(frame.text.size()));
    bytes += frame.text;
    bytes.resize(std::max<std::size_t>(bytes.size(), 60), '\0');
    return ::send(socket_.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
  }

  // The next probe that has arrived or does so in time.
  std::optional<Frame> receive(milliseconds patience) {
    const auto end = steady_clock::now() + patience;
    for (;;) {
      std::array<char, 2048> buffer{};
      alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(tpacket_auxdata))> control{};
      iovec place{buffer.data(), buffer.size()};
      msghdr message{};
      message.msg_iov = &place;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const ssize_t size = ::recvmsg(socket_.get(), &message, 0);
      if (size > 0) {
        if (auto frame = parse({buffer.data(), static_cast<std::size_t>(size)}, message)) return frame;
        continue;
      }
      const auto rest = std::chrono::ceil<milliseconds>(end - steady_clock::now());
      if (rest.count() <= 0) return std::nullopt;
      pollfd ready{socket_.get(), POLLIN, 0};
      (void)::poll(&ready, 1, static_cast<int>(rest.count()));
    }
  }
  void forget() {
    while (receive(milliseconds(0))) {
    }
  }

 private:
  static constexpr std::uint16_t kProbeType = 0x88b5;  // IEEE 802: local experimental

  static void put(std::string& bytes, std::uint16_t number) {
    bytes += static_cast<char>(number >> 8);
    bytes += static_cast<char>(number & 0xff);
  }
  static std::uint16_t number(std::string_view bytes, std::size_t at) {
    if (at + 2 > bytes.size()) return 0;
    return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                      static_cast<unsigned char>(bytes[at + 1]));
  }
  static std::optional<Frame> parse(std::string_view bytes, msghdr& message) {
    Frame frame;
    if (bytes.size() < 14) return std::nullopt;
    std::memcpy(frame.to.data(), bytes.data(), 6);
    std::memcpy(frame.from.data(), bytes.data() + 6, 6);
    // The kernel takes the outermost tag off and says so beside.
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      tpacket_auxdata about{};
      if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
      std::memcpy(&about, CMSG_DATA(c), sizeof about);
      if ((about.tp_status & TP_STATUS_VLAN_VALID) != 0)
        frame.tags.push_back({static_cast<std::uint16_t>(about.tp_vlan_tci & 0xfff), about.tp_vlan_tpid});
    }
    std::size_t at = 12;
    for (; number(bytes, at) == ETHERTYPE_VLAN || number(bytes, at) == 0x88a8; at += 4)
      frame.tags.push_back({static_cast<std::uint16_t>(number(bytes, at + 2) & 0xfff), number(bytes, at)});
    const std::size_t size = number(bytes, at + 2);
    if (number(bytes, at) != kProbeType || at + 4 + size > bytes.size()) return std::nullopt;
    frame.text = bytes.substr(at + 4, size);
    return frame;
  }

  Descriptor socket_;
  bool bound_ = false;
};

// Whether a probe that goes in at `from` comes out at `to`, and with which tags. Neither is disturbed by what else comes.
inline std::optional<std::vector<Tag>> probe(PacketPort& from, PacketPort& to, std::vector<Tag> tags,
                                             milliseconds patience, const Mac& destination = kBroadcast) {
  static int count = 0;
  const Frame sent{destination, {2, 0, 0, 0, 0, 1}, std::move(tags), "probe " + std::to_string(++count)};
  if (!from.send(sent)) {
    ADD_FAILURE() << "a probe cannot be sent";
    return std::nullopt;
  }
  const auto end = steady_clock::now() + patience;
  for (;;) {
    const auto rest = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    const auto frame = to.receive(std::max(rest, milliseconds(0)));
    if (!frame) return std::nullopt;
    if (frame->text == sent.text) return frame->tags;
  }
}

}  // namespace support
