// A provisioning tool that knows nothing of Tarn: dnsmasq, with DHCP and TFTP, on one server, boots another, which is a
// virtual machine with a real firmware, over a network that was connected through the API; and cannot once it is detached.
// The machine is powered, told to boot from the network, and watched on its serial line through its management controller,
// as all of the service's servers are.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "support/datacenter.h"
#include "support/frame_relay.h"
#include "support/serial_relay.h"

namespace support {
namespace {

constexpr milliseconds kBoot{150'000};  // without KVM, on a busy machine

bool ready() {
  for (const char* const file : {"/usr/bin/qemu-system-x86_64", "/usr/sbin/dnsmasq", "/usr/share/seabios/bios.bin",
                                 "/usr/lib/ipxe/qemu/efi-virtio.rom"})
    if (!e2e::fs::exists(file)) return false;
  return Datacenter::ready();
}

// What comes over a server's serial line, by the API.
class Console {
 public:
  Console(ApiUser user, const std::string& node) : user_(std::move(user)), thread_([this, node] { watch(node); }) {}
  ~Console() {
    stop_ = true;
    thread_.join();
  }
  bool shows(const std::string& text, milliseconds patience) const {
    return eventually([&] { return this->text().find(text) != std::string::npos; }, patience);
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  void watch(const std::string& node) {
    while (!stop_)
      (void)user_.stream("/v1/nodes/" + node + "/console", 1'500, [this](std::string_view more) {
        const std::lock_guard lock(mutex_);
        text_ += more;
        return !stop_;
      });
  }

  ApiUser user_;
  mutable std::mutex mutex_;
  std::string text_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class Pxe : public testing::Test {
 protected:
  void SetUp() override {
    if (!ready()) GTEST_SKIP() << "needs root and the packages of apt.txt, group lab";
    datacenter_ = std::make_unique<Datacenter>(3);
    ASSERT_EQ(datacenter_->nodes().size(), 3U);
    server_ = datacenter_->nodes()[0];
    machine_ = datacenter_->nodes()[2];
    make_machine();
    const ApiUser admin = datacenter_->administrator();
    ASSERT_EQ(admin.call("POST", "/v1/projects", Json::object({{"name", "p"}})).status, 201U);
    user_ = std::make_unique<ApiUser>(datacenter_->make_user("alice", {"p"}));
    expect_good("POST", "/v1/networks", Json::object({{"name", "boot"}, {"owner", "p"}, {"access", "p"}}));
    for (const auto& node : {server_, machine_}) {
      expect_good("POST", "/v1/projects/p/nodes", Json::object({{"node", node.name}}));
      expect_good("PUT", "/v1/nodes/" + node.name + "/bmc", Json::object({{"enabled", true}}));
      change(node, "connect");
    }
  }

  // The third server becomes a virtual machine: what its controller's script does to it, and its two cables.
  void make_machine() {
    serial_ = std::make_unique<SerialRelay>(machine_.serial_port);
    card_ = std::make_unique<FrameRelay>(machine_.netns, machine_.nic);
    run_script("ip -n " + machine_.netns + " link set " + machine_.nic + " up");
    e2e::write_file(machine_.directory + "/machine",
                    "running() { [ -s machine.pid ] && kill -0 \"$(cat machine.pid)\" 2>/dev/null; }\n"
                    "power_on() {\n"
                    "  from=c; [ \"$(cat boot)\" != pxe ] || from=n\n"
                    "  setsid qemu-system-x86_64 -name " +
                        machine_.directory +
                        "/machine -accel tcg -m 64 -M pc,graphics=off "
                        "-nodefaults -display none -vga none -monitor none -no-reboot -boot $from -serial tcp:" +
                        serial_->machine_address() + " -netdev " + card_->netdev() +
                        " -device virtio-net-pci,netdev=card,mac=" + machine_.mac +
                        " </dev/null >machine.log 2>&1 &\n"
                        "  echo $! >machine.pid\n"
                        "}\n"
                        "power_off() { ! running || kill \"$(cat machine.pid)\"; rm -f machine.pid; }\n");
    datacenter_->kill_bmc(machine_);
    datacenter_->start_bmc(machine_);
  }
  // DHCP and TFTP on the first server. The router advertisement spares iPXE the 15 s that it waits for one.
  void start_provisioning() {
    ::chmod(files_.path().c_str(), 0755);
    run_script("ip -n " + server_.netns + " addr add fd00:99::1/64 dev " + server_.nic + " nodad");
    dnsmasq_ = std::make_unique<Process>(std::vector<std::string>{
        "/bin/ip", "netns", "exec", server_.netns, "/usr/sbin/dnsmasq", "--no-daemon", "--conf-file=/dev/null",
        "--port=0", "--interface=" + server_.nic, "--bind-interfaces",
        "--dhcp-range=10.200.0.10,10.200.0.20,255.0.0.0,10m", "--dhcp-range=fd00:99::10,fd00:99::20,64,10m",
        "--enable-ra", "--dhcp-boot=boot.ipxe", "--enable-tftp", "--tftp-root=" + files_.path(), "--user=root",
        "--dhcp-leasefile=" + (files_ / "leases")});
    ASSERT_TRUE(dnsmasq_->says("TFTP root is")) << dnsmasq_->err();
  }

  void offer(const std::string& greeting) const {
    e2e::write_file(files_ / "boot.ipxe", "#!ipxe\necho " + greeting + "\nsleep 3600\n", 0644);
  }

  void expect_good(const std::string& method, const std::string& target, const Json& body = nullptr) const {
    const auto answer = user_->call(method, target, body);
    EXPECT_TRUE(answer.good()) << method << " " << target << ": " << answer.status << " " << answer.body.dump();
  }
  void change(const Datacenter::Node& node, const char* kind) const {
    const Json change = Json::object({{"kind", kind}, {"node", node.name}, {"nic", node.nic}, {"network", "boot"}});
    const auto begun = user_->call("POST", "/v1/changes", Json::object({{"changes", Json::array({change})}}));
    ASSERT_EQ(begun.status, 202U) << begun.body.dump();
    EXPECT_EQ(user_->await(begun.body.text("id")).text("state"), "done");
  }
  void power(const Datacenter::Node& node, const char* action) const {
    expect_good("POST", "/v1/nodes/" + node.name + "/power", Json::object({{"action", action}, {"force", true}}));
  }

  std::unique_ptr<Datacenter> datacenter_;
  Datacenter::Node server_, machine_;
  std::unique_ptr<SerialRelay> serial_;
  std::unique_ptr<FrameRelay> card_;
  std::unique_ptr<ApiUser> user_;
  e2e::TemporaryDirectory files_;
  std::unique_ptr<Process> dnsmasq_;
};

TEST_F(Pxe, AServerBootsOverTheNetworkThatItIsConnectedToAndNotOnceItIsDetached) {
  power(server_, "on");
  start_provisioning();
  offer("booted over the network");
  expect_good("PUT", "/v1/nodes/" + machine_.name + "/boot-device", Json::object({{"device", "pxe"}}));
  Console console(datacenter_->administrator(), machine_.name);
  power(machine_, "on");
  EXPECT_TRUE(console.shows("booted over the network", kBoot)) << console.text() << "\n" << dnsmasq_->err();

  power(machine_, "off");
  change(machine_, "detach");
  offer("booted again");  // a controller tells again what it saw before
  expect_good("PUT", "/v1/nodes/" + machine_.name + "/boot-device", Json::object({{"device", "pxe"}}));
  power(machine_, "on");
  // Its firmware says that it asked, and that nobody answered.
  EXPECT_TRUE(console.shows("No more network devices", kBoot)) << console.text();
  EXPECT_EQ(console.text().find("booted again"), std::string::npos) << console.text();
}

}  // namespace
}  // namespace support
