// The lab's management controllers: OpenIPMI's simulator, a process a server. What the controller does to the server is a
// script, NODE/chassis, over three shell functions that lie beside it in NODE/machine: power_on, power_off, running. Who
// wants another kind of machine than a namespace (a virtual one, say) writes another NODE/machine.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>

#include "net/socket.h"
#include "tarn/lab.h"
#include "tarn/lab_tools.h"
#include "tarn/local_process.h"
#include "tarn/signals.h"

namespace tarn::lab {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};

// Called as `chassis get|set|check NAME [VALUE] …`.
constexpr const char* kChassis = R"sh(
. ./machine
what=$1
shift
case $what in
  *get)
    for name; do
      case $name in
        power) if running; then echo power:1; else echo power:0; fi ;;
        boot) echo "boot:$(cat boot 2>/dev/null || echo default)" ;;
        *) exit 1 ;;
      esac
    done
    ;;
  *set)
    while [ $# -ge 2 ]; do
      case $1=$2 in
        power=1) running || power_on ;;
        power=0 | shutdown=*) power_off ;;
        reset=*) power_off && power_on ;;
        boot=*) echo "$2" >boot ;;
        *) exit 1 ;;
      esac
      shift 2
    done
    ;;
  *check) ;;
  *) exit 1 ;;
esac
)sh";

std::string script(const Node& node, const std::string& body) {
  return "#!/bin/sh\ncd '" + node.directory + "' || exit 1\n" + body;
}

std::string machine(const Node& node) {
  const auto links = [&](const std::string& state) {
    std::string out;
    for (const Nic& nic : node.nics) out += "ip -n " + node.netns + " link set " + nic.name + " " + state + " && ";
    return out;
  };
  return "power_on() { " + links("up") + ": >on; }\npower_off() { " + links("down") +
         "rm -f on; }\nrunning() { [ -e on ]; }\n";
}

std::string configuration(const Lab& lab, const Node& node) {
  return "name \"" + node.name + "\"\nset_working_mc 0x20\n  startlan 1\n    addr " + node.bmc_address + " " +
         std::to_string(kIpmiPort) +
         "\n    priv_limit admin\n"
         "    allowed_auths_callback none md2 md5 straight\n    allowed_auths_user none md2 md5 straight\n"
         "    allowed_auths_operator none md2 md5 straight\n    allowed_auths_admin none md2 md5 straight\n"
         "    guid a123456789abcdefa123456789abcdef\n  endlan\n  chassis_control \"" +
         node.directory + "/chassis\"\n  sol \"tcp:127.0.0.1:" + std::to_string(node.serial_port) +
         "\" 115200 history=4000\n  user 2 true \"" + lab.bmc_user + "\" \"" + lab.bmc_password +
         "\" admin 10 none md2 md5 straight\n";
}

constexpr const char* kController =
    "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nsel_enable 0x20 1000 0x0a\n"
    "mc_enable 0x20\n";

base::Status start_bmc(const Lab& lab, const Node& node) {
  const std::string at = node.directory + "/";
  TARN_TRY(write_file(at + "machine", machine(node), 0600));
  TARN_TRY(write_file(at + "chassis", script(node, kChassis), 0700));
  TARN_TRY(write_file(at + "lan.conf", configuration(lab, node), 0600));  // has the password
  TARN_TRY(write_file(at + "bmc.emu", kController, 0600));
  return start({{"ipmi_sim", "--nostdio", "--nopersist", "--config-file", at + "lan.conf", "--command-file",
                 at + "bmc.emu", "--state-dir", at},
                "",
                "",
                {}},
               at + "bmc.pid", at + "bmc.log");
}

// Asks the controllers whether they are there (an RMCP presence ping), again and again, until each has answered.
base::Status await_bmcs(const Lab& lab) {
  static constexpr std::array<std::uint8_t, 12> kPing{6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 0, 0, 0};
  std::vector<std::pair<const Node*, net::Fd>> silent;
  for (const Site& site : lab.sites)
    for (const Node& node : site.nodes) {
      net::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_addr.s_addr = ::inet_addr(node.bmc_address.c_str());
      to.sin_port = htons(kIpmiPort);
      if (!socket.valid() || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        return system_error(node.bmc_address);
      silent.emplace_back(&node, std::move(socket));
    }
  for (const auto end = Clock::now() + kPatience; !silent.empty();) {
    if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted"};
    if (Clock::now() >= end)
      return base::Error{base::Code::kDeadline, "the controller of " + silent.front().first->name +
                                                    " does not answer; see " + silent.front().first->directory +
                                                    "/bmc.log"};
    std::erase_if(silent, [](const auto& one) {
      std::array<std::uint8_t, 64> answer{};
      (void)::send(one.second.get(), kPing.data(), kPing.size(), MSG_NOSIGNAL);
      pollfd look{one.second.get(), POLLIN, 0};
      return ::poll(&look, 1, 5) > 0 && ::recv(one.second.get(), answer.data(), answer.size(), MSG_DONTWAIT) > 0;
    });
  }
  return {};
}

}  // namespace

base::Status start_bmcs(const Lab& lab) {
  for (const Site& site : lab.sites)
    for (const Node& node : site.nodes) TARN_TRY(start_bmc(lab, node));
  return await_bmcs(lab);
}

}  // namespace tarn::lab
