// IsolationTown: the isolation service's API over a store, switches and controllers in memory, in a small world that has
// something of everything. Projects red, blue, green, and "empty". Users root (administrator), ann (member of red), bob
// (member of blue), bea and bo (brokers), aud (auditor); who calls says so in the header X-User, and by which token, if not
// by password, in X-Token (its id).
//   n-red    red's, BMC enabled; eth0 on s1/p1, in net-red; eth1 on s1/p2        n-red2  red's, with nothing on
//   n-free   free; eth0, eth9 on no port        n-wired  free; eth0 on s1/p4     n-bare  free, without NICs
//   n-own    red owns it, bea may lend it       n-lent   green's, lent to red
// Networks: net-red (red's; green was let in), net-empty (red's), net-pub (public). Switches: s1 with ports p1–p4 and p9,
// s2 without. Work that calls make is carried out before their answer is out, unless `engine_runs` is false.
// Threads: one, or any with engine_runs false.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json.h"
#include "api/service.h"
#include "base/check.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "isolation/engine.h"
#include "support/memory_bmc.h"
#include "support/memory_isolation_store.h"
#include "support/memory_switch.h"
#include "support/memory_turns.h"

namespace support {

class SilentLog final : public base::Log {
 public:
  void write(base::LogLevel, std::string_view, std::span<const base::Field>) override {}
};

// Goes on by itself, a little each time that it is read, so that whoever waits comes to an end.
class TownClock final : public base::Clock {
 public:
  std::int64_t unix_ms() const override { return now_ += step_; }
  void advance(std::int64_t ms) { now_ += ms; }

 private:
  static constexpr std::int64_t step_ = 1;
  mutable std::atomic<std::int64_t> now_ = 1'800'000'000'000;
};

class IsolationTown {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // `turns_given`: instead of its own, for the API alone.
  explicit IsolationTown(net::Metrics* metrics = nullptr, isolation::Turns* turns_given = nullptr)
      : service(parts(metrics, turns_given == nullptr ? turns : *turns_given)) {
    build();
  }

  net::HttpResponse ask(const std::string& user, const std::string& method, const std::string& target,
                        const std::string& body = "", Headers headers = {}) {
    net::HttpRequest request;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.method = method;
    request.body = body;
    request.headers = std::move(headers);
    if (!user.empty()) request.headers.emplace_back("X-User", user);
    if (!body.empty() && request.header("Content-Type") == nullptr)
      request.headers.emplace_back("Content-Type", "application/json");
    return service.handle(request);
  }
  // The body of an answer that must be a success.
  api::Json json(const std::string& user, const std::string& method, const std::string& target,
                 const std::string& body = "") {
    const net::HttpResponse response = ask(user, method, target, body);
    CHECK(response.status < 300);
    if (response.body.empty()) return {};
    return *api::Json::parse(response.body);
  }
  void run_engine(isolation::Id switch_id) {
    isolation::SwitchQueue queue(store, switches, switch_id, {}, log);
    CHECK(queue.run_once(clock.unix_ms()).ok());
    service.changed();
  }
  void look_at(isolation::Id switch_id) {
    isolation::SwitchQueue queue(store, switches, switch_id, {}, log);
    CHECK(queue.reconcile(clock.unix_ms(), true).ok());
    service.changed();
  }
  void run_engines() {
    for (const auto& [id, record] : store.tables().switches) run_engine(id);
  }
  void run_releaser() {
    isolation::Releaser releaser(
        store, turns, bmcs.opener(), [](const isolation::Node&) { return base::Status(); }, {}, random, log);
    for (int i = 0; i < 8; ++i) {
      const auto outcome = releaser.run_once(clock.unix_ms());
      CHECK(outcome.ok());
      run_engines();
      if (outcome->next == 0) break;
    }
    service.changed();
  }
  isolation::Id user_id(const std::string& name) {
    for (const auto& [id, user] : store.tables().users)
      if (user.name == name) return id;
    return 0;
  }

  MemoryIsolationStore store;
  MemorySwitches switches;
  MemoryBmcs bmcs;
  MemoryTurns turns;
  TownClock clock;
  SilentLog log;
  crypto::SeededRandom random{base::view("isolation town")};
  bool engine_runs = true;
  bool healthy = true;                          // what goes on besides
  bool later = false;                           // whoever calls is told to come later
  std::vector<isolation::Id> woken;             // switches
  std::vector<std::string> sealed, hashed;      // what was given to be sealed and hashed
  std::map<std::string, std::string> token_of;  // a token's id, by its user
  std::string operation;                        // red's, finished
  api::IsolationService service;

 private:
  api::Authentication::Answer who(const net::HttpRequest& request) {
    if (later) return api::Authentication::Refusal{{base::Code::kUnauthenticated, "too many failures; try later"}, 7};
    const std::string* name = request.header("X-User");
    std::optional<isolation::Caller> caller;
    const base::Status read = store.read([&](isolation::Transaction& transaction) -> base::Status {
      TARN_ASSIGN(const auto user, transaction.find_user(name == nullptr ? "" : *name));
      if (!user) return {};
      TARN_ASSIGN(const auto projects, transaction.projects_of(user->id));
      caller = isolation::Caller{user->id, user->name, user->role, {projects.begin(), projects.end()}};
      if (const std::string* token = request.header("X-Token"))
        caller->token = std::stoll(*token);
      else
        caller->password = api::password_mark(user->password_hash);
      return {};
    });
    if (!read.ok() || !caller) return api::Authentication::Refusal{{base::Code::kUnauthenticated, "log in"}, {}};
    return *caller;
  }

  api::IsolationParts parts(net::Metrics* metrics, isolation::Turns& given) {
    api::IsolationParts out{.store = store, .clock = clock, .random = random, .log = log, .turns = given};
    out.authenticate = [this](const net::HttpRequest& request) { return who(request); };
    out.hash_password = [this](std::string_view password) -> base::Result<std::string> {
      hashed.emplace_back(password);
      return "hash-" + std::to_string(hashed.size());
    };
    out.make_token = [this](std::string& token) {
      token = "tarn_" + std::to_string(clock.unix_ms());
      const crypto::Digest digest = crypto::sha256(base::view(token));
      return base::Bytes(digest.begin(), digest.end());
    };
    out.seal_password = [this](std::string_view node, std::string_view password) -> base::Result<base::Bytes> {
      sealed.push_back(std::string(node) + ":" + std::string(password));
      return base::Bytes{1, 2, 3};
    };
    out.check_switch = [this](const isolation::SwitchRecord& record) -> base::Status {
      const auto driver = switches.open(record);
      return driver.ok() ? base::Status() : driver.error();
    };
    out.check_bmc = [this](const isolation::BmcAccess& bmc) {
      return bmcs.check({bmc.type, bmc.address, bmc.user, {}});
    };
    out.open_bmc = bmcs.opener();
    out.open_console = [](const isolation::Node& node) -> base::Result<api::Stream> {
      return api::Stream([name = node.name] { return std::optional<std::string>(name + " says login: "); });
    };
    out.drift = [this](isolation::Id id, bool repair) {
      isolation::SwitchQueue queue(store, switches, id, {}, log);
      return queue.reconcile(clock.unix_ms(), repair);
    };
    out.wake_switch = [this](isolation::Id id) {
      if (engine_runs) woken.push_back(id);
      if (engine_runs) run_engine(id);
    };
    out.look_at_switch = [this](isolation::Id id) {
      if (engine_runs) look_at(id);
    };
    out.wake_releaser = [this] {
      if (engine_runs) run_releaser();
    };
    out.metrics = metrics;
    out.healthy = [this] { return healthy; };
    out.release_timeout_ms = 50;
    out.look_timeout_ms = 50;
    return out;
  }

  void put(const std::string& method, const std::string& target, const std::string& body = "",
           const std::string& user = "root") {
    const net::HttpResponse response = ask(user, method, target, body);
    if (response.status >= 300)
      std::fprintf(stderr, "%s %s: %s\n", method.c_str(), target.c_str(), response.body.c_str());
    CHECK(response.status < 300);
  }
  void add_node(const std::string& name, const std::string& owner, const std::vector<std::string>& nics) {
    put("POST", "/v1/nodes",
        R"({"name":")" + name + R"(","bmc":{"type":"ipmi","address":")" + name +
            R"(-bmc","user":"op","password":"hush"},"owner":)" + (owner.empty() ? "null" : '"' + owner + '"') + "}");
    int last = 0;
    for (const std::string& nic : nics)
      put("POST", "/v1/nodes/" + name + "/nics",
          R"({"name":")" + nic + R"(","mac":"02:00:00:00:00:0)" + std::to_string(last++) + "\"}");
  }
  void build() {
    const base::Status first = store.write([](isolation::Transaction& transaction) -> base::Status {
      TARN_TRY(transaction.insert_user({0, "root", "", isolation::Role::kAdministrator}));
      return {};
    });
    CHECK(first.ok());
    for (const char* name : {"red", "blue", "green", "empty"})
      put("POST", "/v1/projects", R"({"name":")" + std::string(name) + "\"}");
    const std::pair<const char*, const char*> users[] = {
        {"ann", "member"}, {"bob", "member"}, {"bea", "broker"}, {"bo", "broker"}, {"aud", "auditor"}};
    for (const auto& [name, role] : users)
      put("POST", "/v1/users", R"({"name":")" + std::string(name) + R"(","role":")" + role + "\"}");
    put("PUT", "/v1/projects/red/members/ann");
    put("PUT", "/v1/projects/blue/members/bob");
    for (const char* name : {"root", "ann", "bob", "bea", "bo", "aud"})
      token_of[name] = std::to_string(json(name, "POST", "/v1/tokens", R"({"label":"laptop"})").number("id"));
    build_hardware();
    put("POST", "/v1/projects/red/nodes", R"({"node":"n-red"})");
    put("POST", "/v1/projects/red/nodes", R"({"node":"n-red2"})");
    put("PUT", "/v1/nodes/n-red/bmc", R"({"enabled":true})");
    put("PUT", "/v1/nodes/n-own/brokers/bea");
    put("PUT", "/v1/nodes/n-lent/loan", R"({"project":"red","until":"2030-01-01T00:00:00Z"})");
    put("PUT", "/v1/nodes/n-red/metadata/rack", "7");
    put("PUT", "/v1/nodes/n-free/metadata/rack", "7");
    put("POST", "/v1/networks", R"({"name":"net-red","owner":"red"})");
    put("POST", "/v1/networks", R"({"name":"net-empty","owner":"red"})");
    put("POST", "/v1/networks", R"({"name":"net-pub"})");
    put("PUT", "/v1/networks/net-red/access/green");
    const api::Json started =
        json("ann", "POST", "/v1/changes",
             R"({"changes":[{"kind":"connect","node":"n-red","nic":"eth0","network":"net-red"}]})");
    operation = started.text("id");
  }
  void build_hardware() {
    add_node("n-red", "", {"eth0", "eth1"});
    add_node("n-red2", "", {"eth0"});
    add_node("n-free", "", {"eth0", "eth9"});
    add_node("n-wired", "", {"eth0"});
    add_node("n-bare", "", {});
    add_node("n-own", "red", {});
    add_node("n-lent", "green", {});
    for (const char* name : {"s1", "s2"})
      put("POST", "/v1/switches", R"({"name":")" + std::string(name) + R"(","type":"memory","settings":{}})");
    for (const char* name : {"p1", "p2", "p3", "p4", "p9"}) {
      put("POST", "/v1/switches/s1/ports", R"({"name":")" + std::string(name) + "\"}");
      switches.at("s1").add_port(name);
    }
    put("PUT", "/v1/switches/s1/ports/p1/nic", R"({"node":"n-red","nic":"eth0"})");
    put("PUT", "/v1/switches/s1/ports/p2/nic", R"({"node":"n-red","nic":"eth1"})");
    put("PUT", "/v1/switches/s1/ports/p4/nic", R"({"node":"n-wired","nic":"eth0"})");
  }
};

}  // namespace support
