// The lab's wires: a namespace a server, a veth pair a NIC. A few system calls a node instead of a few programs, so that
// hundreds are there in a second.
#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "net/socket.h"
#include "tarn/lab.h"
#include "tarn/lab_tools.h"
#include "tarn/local_process.h"

namespace tarn::lab {
namespace {

ifreq request_for(const std::string& interface) {
  ifreq out{};
  std::strncpy(out.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  return out;
}

base::Status bring_up(int socket, const std::string& interface) {
  ifreq request = request_for(interface);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return system_error(interface);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return ::ioctl(socket, SIOCSIFFLAGS, &request) == 0 ? base::Status() : system_error(interface);
}

// A userspace switch does not finish checksums that a sender left to its card, so TCP would never get through.
base::Status finish_checksums(int socket, const std::string& interface) {
  ethtool_value off{ETHTOOL_STXCSUM, 0};
  ifreq request = request_for(interface);
  request.ifr_data = reinterpret_cast<char*>(&off);
  return ::ioctl(socket, SIOCETHTOOL, &request) == 0 ? base::Status() : system_error(interface);
}

base::Status set_address(int socket, const std::string& interface, const std::string& address) {
  const std::size_t slash = address.find('/');
  const unsigned prefix = static_cast<unsigned>(std::stoul(address.substr(slash + 1)));
  const auto set = [&](unsigned long what, in_addr_t value) {
    ifreq request = request_for(interface);
    auto* const to = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
    to->sin_family = AF_INET;
    to->sin_addr.s_addr = value;
    return ::ioctl(socket, what, &request) == 0;
  };
  if (set(SIOCSIFADDR, ::inet_addr(address.substr(0, slash).c_str())) &&
      set(SIOCSIFNETMASK, htonl(~0U << (32 - prefix))))
    return {};
  return system_error(interface + " " + address);
}

base::Status set_down(int socket, const std::string& interface) {
  ifreq request = request_for(interface);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return system_error(interface);
  request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
  return ::ioctl(socket, SIOCSIFFLAGS, &request) == 0 ? base::Status() : system_error(interface);
}

// A server is off at first: its links stay down until its controller powers it.
base::Status set_up_node(const Node& node) {
  return within(node.netns, [&]() -> base::Status {
    const net::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    TARN_TRY(bring_up(socket.get(), "lo"));
    for (const Nic& nic : node.nics) {
      TARN_TRY(finish_checksums(socket.get(), nic.name));
      TARN_TRY(set_address(socket.get(), nic.name, nic.address));
      TARN_TRY(set_down(socket.get(), nic.name));  // an address brings it up
    }
    return {};
  });
}

base::Status set_up_ports(const Site& site) {
  return within(site.netns, [&]() -> base::Status {
    // A switch forwards; its own kernel has nothing to say on its ports. (A kernel without IPv6 has no such file.)
    std::ofstream("/proc/sys/net/ipv6/conf/all/disable_ipv6") << "1";
    const net::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    TARN_TRY(bring_up(socket.get(), "lo"));
    for (const Node& node : site.nodes)
      for (const Nic& nic : node.nics) TARN_TRY(bring_up(socket.get(), nic.port));
    return {};
  });
}

}  // namespace

base::Status make_namespaces(const Lab& lab) {
  std::string batch;
  for (const Site& site : lab.sites) {
    batch += "netns add " + site.netns + "\n";
    for (const Node& node : site.nodes) {
      batch += "netns add " + node.netns + "\n";
      for (const Nic& nic : node.nics)
        batch += "link add " + nic.port + " netns " + site.netns + " type veth peer name " + nic.name + " address " +
                 nic.mac + " netns " + node.netns + "\n";
    }
  }
  TARN_TRY(run({{"ip", "-batch", "-"}, batch, "", {}}));
  for (const Site& site : lab.sites) {
    TARN_TRY(set_up_ports(site));
    for (const Node& node : site.nodes) TARN_TRY(set_up_node(node));
  }
  return {};
}

}  // namespace tarn::lab
