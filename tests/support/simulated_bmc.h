// SimulatedBmc: a management controller with IPMI 2.0, OpenIPMI's ipmi_sim, on a UDP port of loopback, and the server that
// it manages: two shell commands, that are run when its power goes on and off. Its serial port is here: say() is what the
// server prints.
// Threads: one. Needs the package openipmi; ready() says whether it is there. No root.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <memory>
#include <string>

#include "support/process.h"
#include "support/scratch.h"

namespace support {

class SimulatedBmc {
 public:
  static constexpr char kUser[] = "admin", kPassword[] = "correct-horse";

  static bool ready() { return std::filesystem::exists("/usr/bin/ipmi_sim"); }

  explicit SimulatedBmc(const std::string& on = ":", const std::string& off = ":") {
    serial_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const std::uint16_t serial_port = bound(serial_);
    EXPECT_EQ(::listen(serial_.get(), 1), 0);
    port_ = free_port();
    write("lan.conf", lan_conf(serial_port), 0600);
    write("bmc.emu", "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n", 0600);
    write("chassis.sh", chassis_script(on, off), 0700);
    std::filesystem::create_directory(directory_.file("state"));
    start();
  }

  void start() {
    process_ = std::make_unique<Process>(
        std::vector<std::string>{"/usr/bin/ipmi_sim", "-n", "-c", directory_.file("lan.conf"), "-f",
                                 directory_.file("bmc.emu"), "-s", directory_.file("state")});
    // Answers are the only sign of life: the kernel refuses for a port that nobody has.
    EXPECT_TRUE(eventually([&] { return answers(); })) << process_->err();
  }
  void stop() { process_.reset(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  bool powered() const { return std::filesystem::exists(directory_.file("on")); }
  std::string boot_device() const {
    std::string device;
    std::ifstream(directory_.file("boot")) >> device;
    return device;
  }
  std::string calls() const {  // of the chassis, in order
    std::ifstream file(directory_.file("calls"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void ignore_its_button() const { write("deaf", "", 0600); }

  // Whether the controller took it, in time.
  bool say(const std::string& text) {
    if (!line_.valid()) {
      pollfd watched{serial_.get(), POLLIN, 0};
      if (::poll(&watched, 1, 10'000) <= 0) return false;
      line_ = Descriptor(::accept4(serial_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
    return ::send(line_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

 private:
  static constexpr char kChassis[] = R"sh(
echo "$*" >>calls
operation=$1
shift
while [ $# -gt 0 ]; do
  case $operation-$1 in
    *get-power) if [ -e on ]; then echo power:1; else echo power:0; fi ;;
    *get-boot) echo "boot:$(cat boot 2>/dev/null || echo none)" ;;
    *set-power) if [ "$2" = 1 ]; then turn_on; else turn_off; fi ;;
    *set-boot) echo "$2" >boot ;;
    *set-reset) turn_off; turn_on ;;
    *set-shutdown) [ -e deaf ] || turn_off ;;
    *check-power | *check-boot | *check-reset | *check-shutdown) ;;
    *) exit 1 ;;
  esac
  case $operation in *set) shift ;; esac
  shift
done
)sh";

  // Below 32768: libipmiconsole takes higher ones for negative. The kernel gives no such, so this looks for one.
  static std::uint16_t free_port() {
    static std::uint16_t next = static_cast<std::uint16_t>(20'000 + ::getpid() % 10'000);
    for (;;) {
      next = next == 32'767 ? std::uint16_t{20'000} : static_cast<std::uint16_t>(next + 1);
      const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      sockaddr_in here{};
      here.sin_family = AF_INET;
      here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      here.sin_port = htons(next);
      if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&here), sizeof here) == 0) return next;
    }
  }
  static std::uint16_t bound(const Descriptor& socket) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&here), size), 0);
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&here), &size), 0);
    return ntohs(here.sin_port);
  }
  void write(const std::string& name, const std::string& text, unsigned mode) const {
    std::ofstream(directory_.file(name)) << text;
    std::filesystem::permissions(directory_.file(name), std::filesystem::perms(mode));
  }
  std::string lan_conf(std::uint16_t serial_port) const {
    const std::string methods = "none md2 md5 straight\n";
    return "name \"bmc\"\nset_working_mc 0x20\nstartlan 1\n  addr 127.0.0.1 " + std::to_string(port_) +
           "\n  priv_limit admin\n  allowed_auths_callback " + methods + "  allowed_auths_user " + methods +
           "  allowed_auths_operator " + methods + "  allowed_auths_admin " + methods +
           "  guid a123456789abcdefa123456789abcdef\nendlan\nchassis_control \"" + directory_.file("chassis.sh") +
           "\"\nsol \"tcp:127.0.0.1:" + std::to_string(serial_port) + "\" 115200 history=4000\n" +
           "user 1 true \"\" \"test\" user 10 none md2 md5 straight\nuser 2 true \"" + kUser + "\" \"" + kPassword +
           "\" admin 10 none md2 md5 straight\n";
  }
  std::string chassis_script(const std::string& on, const std::string& off) const {
    return "#!/bin/sh\ncd " + directory_.file(".") + "\nturn_on() { [ -e on ] || { : >on; " + on +
           " ; } ; }\nturn_off() { [ ! -e on ] || { rm on; " + off + " ; } ; }\n" + kChassis;
  }
  // An RMCP ping comes back as a pong.
  bool answers() const {
    const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons(port_);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&there), sizeof there) != 0) return false;
    const std::string ping("\x06\x00\xff\x06\x00\x00\x11\xbe\x80\x00\x00\x00", 12);
    if (::send(socket.get(), ping.data(), ping.size(), 0) < 0) return false;
    pollfd watched{socket.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&watched, 1, 100) > 0 && ::recv(socket.get(), &byte, 1, 0) > 0;
  }

  Scratch directory_;
  Descriptor serial_, line_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace support
