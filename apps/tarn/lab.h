// A datacenter on one machine: what it is made of, and its parts, each brought up by its own file (lab_*.cc).
// A site is a userspace Open vSwitch in a network namespace of its own; a server is a namespace whose NICs are veth pairs
// into that switch; its management controller is OpenIPMI's simulator on loopback, whose chassis script powers the server:
// one that is on has its links up. So what is tested on it is the real thing, but for the silicon.
// Everything lives in one directory, whose path also gives the namespaces their prefix: take_down() needs to know nothing
// else, and so also clears what a crash left half made.
// Threads: one. Needs root.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tarn {
class ServiceClient;
struct ServiceHome;
}  // namespace tarn

namespace tarn::lab {

inline constexpr std::size_t kMostSites = 9, kMostNodes = 200, kMostNics = 4;

struct Shape {
  std::size_t sites = 1, nodes = 15, nics = 1;  // nodes of a site, NICs of a node
};

struct Nic {
  std::string name, mac;
  std::string port;     // of the site's switch: the other end of the pair
  std::string address;  // IPv4 with its prefix; one subnet over all sites, so that whoever shares a network can ping
};
struct Node {
  std::string name, netns, directory;
  std::string bmc_address;  // of loopback's 127.0.0.0/8, at IPMI's own port
  std::uint16_t serial_port =
      0;  // TCP, 127.0.0.1: where its controller looks for a serial line, if the machine has one
  std::vector<Nic> nics;
};
struct Site {
  std::string name, netns, directory;
  std::vector<Node> nodes;

  std::string database() const { return directory + "/db.sock"; }  // OVSDB's socket
};
struct Lab {
  std::string directory, prefix;  // of the namespaces' names
  std::string bmc_user, bmc_password;
  std::vector<Site> sites;
};

// The service that knows the lab. What is empty is found as client commands find it (service_client.h).
struct Service {
  std::string url;
  std::string authority;   // a file with the certificate that it is known by
  std::string token_file;  // the administrator's
};
ServiceHome home_of(const Service& service);  // as clients know it

inline constexpr const char* kBridge = "br0";
inline constexpr std::uint16_t kIpmiPort = 623;  // FreeIPMI opens consoles at no port above 32767

// Absolute, without links. kInvalidInput: too long for the sockets below it.
base::Result<std::string> canonical_directory(const std::string& given);
// Names, addresses, ports.
base::Result<Lab> plan(const std::string& directory, const Shape& shape);
// kForbidden: not root. kInvalidInput: what this machine lacks, and the packages that bring it.
base::Status check_machine();

// In this order.
base::Status make_directories(const Lab& lab);  // kConflict: a lab is there already, or somebody's files
base::Status make_namespaces(const Lab& lab);   // lab_namespaces.cc
base::Status start_switches(const Lab& lab);    // lab_switch.cc: with their ports, open to everything
base::Status start_bmcs(const Lab& lab);        // lab_bmc.cc

// lab_service.cc: a service of the lab's own on loopback, in development mode or with TLS, once it answers. What it has
// is in `home`, which is in the lab's directory or that itself.
base::Result<Service> start_service(const std::string& home, bool tls);
// lab_switch.cc: so many ports more at the first switch, which nothing hangs on (benches); their names.
base::Result<std::vector<std::string>> add_bare_ports(const Lab& lab, std::size_t count);
// lab_register.cc: and waits until each port was seen to pass nothing, as its node is nobody's to have before.
base::Status register_lab(const Lab& lab, ServiceClient& service);
base::Status await_ports(ServiceClient& service, const std::string& switch_name);

// lab_report.cc: as values, as a text that tells what to do with it, and as a script that a shell reads. No secrets.
std::string to_json(const Lab& lab, const Service& service);
std::string to_text(const Lab& lab, const Service& service);
std::string environment(const Service& service);

// Every process, namespace and file of the lab in that directory; nothing if there is none. kConflict if the directory
// is somebody else's.
base::Status take_down(const std::string& directory);

}  // namespace tarn::lab
