#include "tarn/lab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/encoding.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "net/socket.h"
#include "tarn/lab_tools.h"
#include "tarn/local_process.h"

namespace tarn::lab {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestPath = 80;  // of the directory: a socket's path below it has to stay under 108

// Tells our directory from one that is somebody's own.
std::string mark_in(const std::string& directory) { return directory + "/.tarn-lab"; }

std::string prefix_of(const std::string& directory) {
  const crypto::Digest digest = crypto::sha256(base::view(directory));
  return "tarn-" + base::to_hex(base::ByteView(digest).first(3)) + "-";
}

sockaddr_in loopback(const std::string& address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = ::inet_addr(address.c_str());
  out.sin_port = htons(port);
  return out;
}

// A socket that holds this place, if nobody has it.
net::Fd held(int type, const std::string& address, std::uint16_t port) {
  net::Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const sockaddr_in at = loopback(address, port);
  if (socket.valid() && ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) socket.reset();
  return socket;
}

template <class... Values>
std::string text(const char* format, Values... values) {
  std::array<char, 64> out{};
  (void)std::snprintf(out.data(), out.size(), format, values...);
  return out.data();
}

Node plan_node(const Lab& lab, const Site& site, std::size_t site_number, std::size_t number, const Shape& shape) {
  Node node;
  const int digits = shape.nodes < 100 ? 2 : 3;
  node.name = (shape.sites > 1 ? site.name + "-" : "") + text("n%0*zu", digits, number);
  node.netns = lab.prefix + node.name;
  node.directory = site.directory + "/" + node.name;
  for (std::size_t n = 0; n < shape.nics; ++n) {
    Nic& nic = node.nics.emplace_back();
    nic.name = text("eth%zu", n);
    nic.mac = text("02:00:%02zx:00:%02zx:%02zx", site_number, number, n);
    nic.port = node.name + "-" + nic.name;
    nic.address = text("10.%zu.%zu.%zu/8", site_number, n, number);
  }
  return node;
}

// All controllers are in one 127.N.0.0/16; N by the lab's name, or the next that is free.
base::Status assign_bmcs(Lab& lab) {
  const unsigned first = static_cast<unsigned>(std::stoul(lab.prefix.substr(lab.prefix.find('-') + 1, 2), nullptr, 16));
  for (unsigned tries = 0; tries < 254; ++tries) {
    bool free = true;
    std::vector<net::Fd> all;
    for (std::size_t s = 0; s < lab.sites.size(); ++s)
      for (std::size_t n = 0; n < lab.sites[s].nodes.size(); ++n) {
        std::string& address = lab.sites[s].nodes[n].bmc_address;
        address = text("127.%u.%zu.%zu", 1 + (first + tries) % 254, s + 1, n + 1);
        all.push_back(held(SOCK_DGRAM, address, kIpmiPort));
        free = free && all.back().valid();
      }
    if (free) return {};
  }
  return base::Error{base::Code::kConflict, "no addresses of loopback are free at IPMI's port"};
}

// All are held until the last is known, so that none comes twice.
base::Status assign_serial_ports(Lab& lab) {
  std::vector<net::Fd> all;
  for (Site& site : lab.sites)
    for (Node& node : site.nodes) {
      all.push_back(held(SOCK_STREAM, "127.0.0.1", 0));
      sockaddr_in at{};
      socklen_t size = sizeof at;
      if (!all.back().valid() || ::getsockname(all.back().get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
        return system_error("a port of loopback");
      node.serial_port = ntohs(at.sin_port);
    }
  return {};
}

}  // namespace

base::Result<std::string> canonical_directory(const std::string& given) {
  std::error_code failed;
  const std::string directory = fs::weakly_canonical(given, failed).string();
  if (failed || directory.empty() || directory == "/")
    return base::Error{base::Code::kInvalidInput, given + " cannot be a lab's directory"};
  if (directory.size() > kLongestPath)
    return base::Error{base::Code::kInvalidInput, "a lab's directory has a path of at most " +
                                                      std::to_string(kLongestPath) + " characters: sockets lie in it"};
  return directory;
}

base::Result<Lab> plan(const std::string& directory, const Shape& shape) {
  if (shape.sites < 1 || shape.sites > kMostSites || shape.nodes < 1 || shape.nodes > kMostNodes || shape.nics < 1 ||
      shape.nics > kMostNics)
    return base::Error{base::Code::kInvalidInput, text("a lab has 1–%zu sites of 1–%zu nodes", kMostSites, kMostNodes) +
                                                      text(" with 1–%zu NICs each", kMostNics)};
  Lab lab;
  TARN_ASSIGN(lab.directory, canonical_directory(directory));
  lab.prefix = prefix_of(lab.directory);
  std::array<std::uint8_t, 8> password{};
  crypto::OsRandom().fill(password);
  lab.bmc_user = "admin";
  lab.bmc_password = base::to_hex(password);
  for (std::size_t s = 1; s <= shape.sites; ++s) {
    Site site;
    site.name = text("s%zu", s);
    site.netns = lab.prefix + site.name;
    site.directory = lab.directory + "/" + site.name;
    for (std::size_t n = 1; n <= shape.nodes; ++n) site.nodes.push_back(plan_node(lab, site, s, n, shape));
    lab.sites.push_back(std::move(site));
  }
  TARN_TRY(assign_bmcs(lab));
  TARN_TRY(assign_serial_ports(lab));
  return lab;
}

base::Status make_directories(const Lab& lab) {
  std::error_code failed;
  if (fs::exists(mark_in(lab.directory), failed))
    return base::Error{base::Code::kConflict,
                       "a lab is in " + lab.directory + " already; `tarn isolation lab --down` removes it"};
  if (fs::exists(lab.directory, failed) && !fs::is_empty(lab.directory, failed))
    return base::Error{base::Code::kConflict, lab.directory + " has other files in it"};
  fs::create_directories(lab.directory, failed);
  if (!failed) fs::permissions(lab.directory, fs::perms::owner_all, failed);
  if (failed) return base::Error{base::Code::kStorage, lab.directory + ": " + failed.message()};
  TARN_TRY(write_file(mark_in(lab.directory), "", 0600));
  for (const Site& site : lab.sites)
    for (const Node& node : site.nodes)
      if (fs::create_directories(node.directory, failed); failed)
        return base::Error{base::Code::kStorage, node.directory + ": " + failed.message()};
  return {};
}

constexpr const char* kTun = "/dev/net/tun";

base::Status check_machine() {
  if (::geteuid() != 0)
    return base::Error{base::Code::kForbidden,
                       "a lab makes network namespaces, which only root may: run it as root or with sudo"};
  static constexpr std::pair<const char*, const char*> kPrograms[] = {
      {"ip", "iproute2"},
      {"ovsdb-tool", "openvswitch-switch"},
      {"ovsdb-server", "openvswitch-switch"},
      {"ovs-vswitchd", "openvswitch-switch"},
      {"ovs-vsctl", "openvswitch-switch"},
      {"ipmi_sim", "openipmi"},
  };
  std::string programs, packages;
  for (const auto& [program, package] : kPrograms) {
    if (has_program(program)) continue;
    programs += (programs.empty() ? "" : ", ") + std::string(program);
    if (packages.find(package) == std::string::npos) packages += std::string(" ") + package;
  }
  if (!programs.empty())
    return base::Error{base::Code::kInvalidInput,
                       "this machine lacks " + programs + ": apt-get install --no-install-recommends" + packages};
  if (!net::Fd(::open(kTun, O_RDWR | O_CLOEXEC)).valid())
    return base::Error{base::Code::kInvalidInput, std::string("Open vSwitch forwards in user space through ") + kTun +
                                                      ", which cannot be opened: modprobe tun; in a container: mkdir "
                                                      "-p /dev/net; mknod /dev/net/tun c 10 200"};
  return {};
}

base::Status take_down(const std::string& given) {
  TARN_ASSIGN(const std::string directory, canonical_directory(given));
  const std::string prefix = prefix_of(directory);
  const std::vector<std::string> namespaces = namespaces_with(prefix);
  std::error_code failed;
  const bool ours = fs::exists(mark_in(directory), failed);
  if (!ours && fs::exists(directory, failed) && !fs::is_empty(directory, failed))
    return base::Error{base::Code::kConflict, directory + " is no lab's: nothing was removed"};
  end_processes(directory, namespaces);
  std::string batch;
  for (const std::string& name : namespaces) batch += "netns del " + name + "\n";
  if (!batch.empty()) TARN_TRY(run({{"ip", "-batch", "-"}, batch, "", {}, true}));
  if (ours) fs::remove_all(directory, failed);
  if (failed) return base::Error{base::Code::kStorage, directory + ": " + failed.message()};
  return {};
}

}  // namespace tarn::lab
