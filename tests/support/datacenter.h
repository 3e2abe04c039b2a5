// Datacenter: `tarn isolation lab` for one test, and what a test does to it: calls its service as somebody, kills the
// service and starts it again, takes a switch's database or a server's controller away. All of it is gone with the object.
// Its servers' links are kept up whatever their controllers say: what keeps servers apart has to be the switch.
// Threads: one; an ApiUser is used by one thread at a time.
#pragma once

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/json.h"
#include "e2e/tarn_lab.h"
#include "net/http_client.h"
#include "support/namespaces.h"

namespace support {

using api::Json;

// Somebody who calls the service.
class ApiUser {
 public:
  struct Answer {
    unsigned status = 0;  // 0: there was none
    Json body;
    bool good() const { return status >= 200 && status < 300; }
  };

  ApiUser(std::uint16_t port, std::string name, std::string credential)
      : name_(std::move(name)), credential_(std::move(credential)) {
    net::HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.tls = false;
    auto made = net::HttpClient::create(std::move(options));
    if (!made.ok()) std::abort();
    http_ = std::move(*made);
  }

  const std::string& name() const { return name_; }
  // With a key, a call whose answer was lost can be sent again without being done twice.
  Answer call(const std::string& method, const std::string& target, const Json& body = nullptr,
              const std::string& key = "") const {
    base::HttpRequest request{method, target, {{"Authorization", credential_}}, ""};
    if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
    if (!body.is_null()) {
      request.headers.emplace_back("Content-Type", "application/json");
      request.body = body.dump();
    }
    const auto reply = http_->send(request, 60'000);
    if (!reply.ok()) return {};
    const auto parsed = Json::parse(reply->body);
    return {reply->status, parsed.ok() ? *parsed : Json()};
  }
  // The answer as it comes.
  base::Result<base::HttpReply> stream(const std::string& target, int timeout_ms,
                                       const std::function<bool(std::string_view)>& on_data) const {
    return http_->stream({"GET", target, {{"Authorization", credential_}}, ""}, timeout_ms, on_data);
  }
  // The operation when it has ended.
  Json await(const std::string& operation) const {
    const auto end = steady_clock::now() + kPatience;
    while (steady_clock::now() < end) {
      const Answer answer = call("GET", "/v1/operations/" + operation + "?wait_ms=5000");
      if (answer.status == 200 && answer.body.text("state") != "pending") return answer.body;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // where too many wait, the answer comes at once
    }
    ADD_FAILURE() << "operation " << operation << " has not ended";
    return {};
  }

 private:
  std::string name_, credential_;
  std::unique_ptr<net::HttpClient> http_;
};

class Datacenter {
 public:
  struct Node {
    std::string name, netns, directory, nic, port, mac;  // the first NIC's
    std::uint16_t serial_port = 0;
    std::vector<std::string> nics;  // all of them
  };

  static bool ready() {
    for (const char* program : {"/usr/sbin/ovs-vswitchd", "/usr/bin/ipmi_sim"})
      if (!e2e::fs::exists(program)) return false;
    return ::geteuid() == 0 && e2e::fs::exists("/dev/net/tun");
  }

  // `limits`: lines of [limits] of the service's configuration.
  explicit Datacenter(std::size_t nodes, const std::string& limits = "", std::size_t nics = 1) {
    const e2e::End up = e2e::tarn({"isolation", "lab", "--dir", directory(), "--nodes", std::to_string(nodes), "--nics",
                                   std::to_string(nics), "--output", "json"});
    if (up.code != 0) {
      ADD_FAILURE() << up;
      return;
    }
    const auto lab = Json::parse(up.out);
    if (!lab.ok()) std::abort();
    const Json& site = lab->list("sites").front();
    database_ = site.text("database");
    switch_netns_ = site.text("netns");
    for (const Json& node : site.list("nodes")) {
      const Json& nic = node.list("nics").front();
      nodes_.push_back({node.text("node"),
                        node.text("netns"),
                        node.text("directory"),
                        nic.text("nic"),
                        nic.text("port"),
                        nic.text("mac"),
                        static_cast<std::uint16_t>(node.number("serial_port")),
                        {}});
      for (const Json& one : node.list("nics")) nodes_.back().nics.push_back(one.text("nic"));
    }
    const std::string url = lab->text("url");
    port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    token_ = first_line(e2e::read_file(lab->text("token_file")));
    if (!limits.empty()) {
      kill_service();
      std::ofstream(directory() + "/service.toml", std::ios::app) << "[limits]\n" << limits;
      start_service();
    }
  }
  ~Datacenter() {
    service_.reset();
    const e2e::End down = e2e::tarn({"isolation", "lab", "--dir", directory(), "--down"});
    EXPECT_EQ(down.code, 0) << down;
  }
  Datacenter(const Datacenter&) = delete;
  Datacenter& operator=(const Datacenter&) = delete;

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(const std::string& name) const {
    return *std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& n) { return n.name == name; });
  }
  std::string switch_name() const { return "s1"; }

  ApiUser administrator() const { return {port_, "admin", "Bearer " + token_}; }
  // A new one, who is a member of these projects.
  ApiUser make_user(const std::string& name, const std::vector<std::string>& projects) const {
    const ApiUser admin = administrator();
    const std::string password = "password of " + name;
    EXPECT_EQ(admin.call("POST", "/v1/users", Json::object({{"name", name}, {"password", password}})).status, 201U);
    for (const std::string& project : projects)
      EXPECT_TRUE(admin.call("PUT", "/v1/projects/" + project + "/members/" + name).good());
    const ApiUser in_person(port_, name, "Basic " + base64(name + ":" + password));
    const auto token = in_person.call("POST", "/v1/tokens", Json::object({{"label", "test"}}));
    EXPECT_EQ(token.status, 201U) << token.body.dump();
    return {port_, name, "Bearer " + token.body.text("token")};
  }

  void kill_service() {
    if (service_) {
      service_->send(SIGKILL);
      service_.reset();
      return;
    }
    const pid_t pid = number_in(directory() + "/service.pid");
    ::kill(pid, SIGKILL);
    EXPECT_TRUE(eventually([&] { return keeps_port(); }));
  }
  void start_service() {
    service_ = std::make_unique<Process>(
        std::vector<std::string>{e2e::binary(), "isolation", "serve", "--config", directory() + "/service.toml"});
    EXPECT_TRUE(eventually([&] { return serves(); })) << service_->err();
  }

  // Stopped, it takes connections and answers nothing; a switch goes on forwarding as it last knew.
  void stop_database() const { ::kill(database_pid(), SIGSTOP); }
  void resume_database() const { ::kill(database_pid(), SIGCONT); }
  // As Open vSwitch makes a port: a trunk of all VLANs.
  void make_port_anew(const std::string& port) const {
    EXPECT_TRUE(run_script("ovs-vsctl --db=unix:" + database_ + " --timeout=60 del-port br0 " + port +
                           " -- add-port br0 " + port));
  }
  // Stopped, it is there, and answers nothing.
  void stop_bmc(const Node& node) const { ::kill(number_in(node.directory + "/bmc.pid"), SIGSTOP); }
  void resume_bmc(const Node& node) const { ::kill(number_in(node.directory + "/bmc.pid"), SIGCONT); }
  std::string service_log() const { return directory() + "/service.log"; }
  void kill_bmc(const Node& node) const { ::kill(number_in(node.directory + "/bmc.pid"), SIGKILL); }
  void start_bmc(const Node& node) {
    const std::string at = node.directory + "/";
    bmcs_.emplace_back(std::vector<std::string>{"/usr/bin/ipmi_sim", "--nostdio", "--nopersist", "--config-file",
                                                at + "lan.conf", "--command-file", at + "bmc.emu", "--state-dir", at});
    e2e::write_file(at + "bmc.pid", std::to_string(bmcs_.back().pid()) + "\n");
  }

  void turn_links_up() const {
    for (const Node& node : nodes_) {
      NetworkNamespace::inside(node.netns, [&] {
        const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        for (const std::string& nic : node.nics) {
          ifreq request{};
          std::strncpy(request.ifr_name, nic.c_str(), IFNAMSIZ - 1);
          request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_PROMISC;
          EXPECT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &request), 0);
        }
      });
    }
  }

 private:
  std::string directory() const { return scratch_ / "lab"; }
  pid_t database_pid() const { return number_in(directory() + "/s1/ovsdb-server.pid"); }
  // Never 0 or −1, which are whole crowds.
  static pid_t number_in(const std::string& file) {
    const pid_t number = std::atoi(e2e::read_file(file).c_str());
    if (number <= 1) std::abort();
    return number;
  }
  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
  bool serves() const { return administrator().call("GET", "/v1/projects").status == 200; }
  // Once its first owner has gone, the service's port is kept for those who follow: the kernel gives it to nobody else, and
  // a service may listen beside this socket, which does not.
  bool keeps_port() {
    kept_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port_);
    return ::setsockopt(kept_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
           ::bind(kept_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  }
  static std::string base64(std::string_view text) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
      std::uint32_t three = 0;
      for (std::size_t k = 0; k < 3; ++k)
        three = three << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
      for (std::size_t k = 0; k < 4; ++k) out += i + k <= text.size() ? kDigits[three >> (18 - 6 * k) & 63U] : '=';
    }
    return out;
  }

  e2e::TemporaryDirectory scratch_;
  std::string database_, switch_netns_, token_;
  std::uint16_t port_ = 0;
  Descriptor kept_;
  std::vector<Node> nodes_;
  std::unique_ptr<Process> service_;
  std::vector<Process> bmcs_;
};

}  // namespace support
