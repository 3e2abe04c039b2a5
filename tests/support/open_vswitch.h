// OpenVswitch: a real Open vSwitch for one test: its database server and its daemon, forwarding in userspace, in a network
// namespace and a directory of its own, with a node (another namespace, one interface, eth0) at each of its ports p1, p2, ….
// Each port begins in VLAN 4000, as nobody's driver would leave it. All of it is gone with the object, and after a crash
// with the next one.
// Threads: one. Needs root and the packages of apt.txt's group lab; ready() says whether they are there.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "support/namespaces.h"
#include "support/packets.h"
#include "support/scratch.h"

namespace support {

class OpenVswitch {
 public:
  static bool ready() {
    std::error_code none;
    for (const char* file :
         {"/usr/sbin/ovsdb-server", "/usr/sbin/ovs-vswitchd", "/bin/ip", "/usr/bin/ovs-vsctl", "/dev/net/tun"})
      if (!std::filesystem::exists(file, none)) return false;
    return ::geteuid() == 0;
  }

  explicit OpenVswitch(std::size_t nodes, const std::string& name = "sw") : switch_(fresh(name)) {
    run_script("ovsdb-tool create " + file("conf.db") + " /usr/share/openvswitch/vswitch.ovsschema");
    start_server();
    vsctl("--no-wait init");
    start_forwarding();
    vsctl("add-br br0 -- set bridge br0 datapath_type=netdev fail_mode=standalone");
    std::string links, ports;
    for (std::size_t i = 1; i <= nodes; ++i) {
      nodes_.emplace_back(name + "-n" + std::to_string(i));
      links += "ip link add " + port(i) + " netns " + switch_.name() + " type veth peer name eth0 netns " + node(i) +
               "; ip -n " + switch_.name() + " link set " + port(i) + " up; ip -n " + node(i) + " link set eth0 up; ";
      // A frame whose checksum the "card" should have filled in would leave the switch without one.
      links += "ip netns exec " + node(i) + " ethtool -K eth0 tx off >/dev/null; ";
      ports += " -- add-port br0 " + port(i) + " tag=4000";
    }
    if (nodes > 0) run_script(links);
    if (nodes > 0) vsctl(ports.substr(4));
  }

  std::string endpoint() const { return "unix:" + file("db.sock"); }
  std::string settings() const { return R"({"endpoint":")" + endpoint() + R"(","bridge":"br0"})"; }
  static std::string port(std::size_t i) { return "p" + std::to_string(i); }
  const std::string& node(std::size_t i) const { return nodes_.at(i - 1).name(); }
  PacketPort wire(std::size_t i) const { return {node(i), "eth0"}; }
  bool vsctl(const std::string& arguments) const {
    return run_script("ovs-vsctl --db=" + endpoint() + " --timeout=60 " + arguments);
  }

  void start_server() {
    server_ = started({"/usr/sbin/ovsdb-server", file("conf.db"), "--remote=punix:" + file("db.sock"), "-vconsole:off",
                       "--unixctl=" + file("server.ctl"), "--log-file=" + file("server.log")});
    EXPECT_TRUE(eventually([&] { return listens(file("db.sock")); }));
  }
  void stop_server() {
    server_.reset();
    std::filesystem::remove(file("db.sock"));
  }
  void start_forwarding() {
    daemon_ = started({"/usr/sbin/ovs-vswitchd", endpoint(), "--disable-system", "-vconsole:off",
                       "--unixctl=" + file("daemon.ctl"), "--log-file=" + file("daemon.log")});
  }
  // Its database still takes changes, which then mean nothing.
  void pause_forwarding() const { daemon_->send(SIGSTOP); }
  void resume_forwarding() const { daemon_->send(SIGCONT); }

 private:
  // A socket has its name before anybody listens at it.
  static bool listens(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int one = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const bool heard = ::connect(one, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(one);
    return heard;
  }
  static NetworkNamespace fresh(const std::string& name) {
    remove_stale_namespaces();
    return NetworkNamespace(name);
  }
  std::string file(const std::string& name) const { return directory_.file(name); }
  std::unique_ptr<Process> started(std::vector<std::string> command) const {
    command.insert(command.begin(), {"/bin/ip", "netns", "exec", switch_.name()});
    const std::string here = directory_.file(".");
    return std::make_unique<Process>(
        std::move(command), ProcessOptions{.directory = here,
                                           .added = {{"OVS_RUNDIR", here}, {"OVS_DBDIR", here}, {"OVS_LOGDIR", here}},
                                           .inherited = -1});
  }

  Scratch directory_;
  NetworkNamespace switch_;
  std::vector<NetworkNamespace> nodes_;
  std::unique_ptr<Process> server_, daemon_;
};

}  // namespace support
