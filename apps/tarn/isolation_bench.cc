#include "tarn/isolation_bench.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "api/json.h"
#include "store/isolation_store.h"
#include "store/sqlite.h"
#include "tarn/lab.h"
#include "tarn/lab_tools.h"
#include "tarn/local_process.h"
#include "tarn/output.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

using api::Json;
using Rows = std::vector<IsolationBenchRow>;
using Step = BenchClients::Step;

constexpr std::size_t kWarmUps = 3, kBulk = 1'000, kBulkRounds = 5, kRegistered = 100'000;
constexpr const char* kBulkSwitch = "bulk";

base::Status post(ServiceClient& service, const std::string& target, const Json& body) {
  const auto answer = service.call("POST", target, &body);
  return answer.ok() ? base::Status() : answer.error();
}
base::Status erase(ServiceClient& service, const std::string& target) {
  const auto answer = service.call("DELETE", target);
  return answer.ok() ? base::Status() : answer.error();
}

// From the request until the switch forwards by it.
base::Status change(ServiceClient& service, const Json& changes) {
  const Json body = Json::object({{"changes", changes}});
  TARN_ASSIGN(const Json begun, service.call("POST", "/v1/changes", &body));
  for (;;) {
    TARN_ASSIGN(const Json seen, service.call("GET", "/v1/operations/" + begun.text("id") + "?wait_ms=10000"));
    if (seen.text("state") == "done") return {};
    if (seen.text("state") == "error")
      return base::Error{base::Code::kConflict, seen.list("changes").front().text("error")};
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // where too many wait, the answer comes at once
  }
}
Json one_change(const char* kind, const std::string& node, const std::string& nic, const std::string& network) {
  return Json::object({{"kind", kind}, {"node", node}, {"nic", nic}, {"network", network}});
}

// Off, read back, and free again.
base::Status await_idle(ServiceClient& service, const std::string& node) {
  for (;;) {
    TARN_ASSIGN(const Json seen, service.call("GET", "/v1/nodes/" + node));
    if (seen.text("state") == "idle") return {};
    if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted"};
    if (seen.has("problem") && !seen.text("problem").empty())
      return base::Error{base::Code::kUnreachable, node + ": " + seen.text("problem")};
  }
}

// What HIL's paper measures, in the order of a node's stay with a project. Each client has a node and names of its own.
std::vector<Step> life_of_a_node(const lab::Lab& lab) {
  const auto node = [&lab](std::size_t client) -> const lab::Node& { return lab.sites.front().nodes[client]; };
  const auto project = [](std::size_t client) { return "project-" + std::to_string(client); };
  const auto network = [](std::size_t client) { return "network-" + std::to_string(client); };
  return {{"create project",
           [=](ServiceClient& service, std::size_t client, std::size_t) {
             return post(service, "/v1/projects", Json::object({{"name", project(client)}}));
           }},
          {"allocate node",
           [=](ServiceClient& service, std::size_t client, std::size_t) {
             return post(service, "/v1/projects/" + project(client) + "/nodes",
                         Json::object({{"node", node(client).name}}));
           }},
          {"allocate network",
           [=](ServiceClient& service, std::size_t client, std::size_t) {
             return post(
                 service, "/v1/networks",
                 Json::object({{"name", network(client)}, {"owner", project(client)}, {"access", project(client)}}));
           }},
          {"connect NIC",
           [=](ServiceClient& service, std::size_t client, std::size_t) {
             return change(service, Json::array({one_change("connect", node(client).name, "eth0", network(client))}));
           }},
          {"detach NIC",
           [=](ServiceClient& service, std::size_t client, std::size_t) {
             return change(service, Json::array({one_change("detach", node(client).name, "eth0", network(client))}));
           }},
          {"free network", [=](ServiceClient& service, std::size_t client,
                               std::size_t) { return erase(service, "/v1/networks/" + network(client)); }},
          {"free node",
           [=](ServiceClient& service, std::size_t client, std::size_t) {
             return post(service, "/v1/nodes/" + node(client).name + "/release", Json::object());
           }},
          {"off, verified and free again", [=](ServiceClient& service, std::size_t client,
                                               std::size_t) { return await_idle(service, node(client).name); }},
          {"delete project", [=](ServiceClient& service, std::size_t client, std::size_t) {
             return erase(service, "/v1/projects/" + project(client));
           }}};
}

class Bench {
 public:
  explicit Bench(const IsolationBenchOptions& options) : options_(options) {}
  ~Bench() {
    if (directory_.empty()) return;
    progress("removing the lab");
    if (const base::Status gone = lab::take_down(directory_); !gone.ok()) progress(gone.error().message);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  base::Result<Rows> run() {
    TARN_TRY(lab::check_machine());
    TARN_TRY(bring_up());
    TARN_TRY(measure_commits());
    for (const std::size_t clients : options_.clients) TARN_TRY(measure_lives(clients));
    TARN_TRY(measure_bulk());
    TARN_TRY(measure_many_nodes());
    return rows_;
  }

 private:
  base::Status bring_up() {
    TARN_ASSIGN(temporary_, make_temporary());
    lab::Shape shape;
    shape.nodes = *std::ranges::max_element(options_.clients);
    TARN_ASSIGN(lab_, lab::plan(*temporary_ / "lab", shape));
    directory_ = lab_.directory;
    progress("bringing up a lab of " + std::to_string(shape.nodes) + " servers");
    TARN_TRY(lab::make_directories(lab_));
    TARN_TRY(lab::make_namespaces(lab_));
    TARN_TRY(lab::start_switches(lab_));
    TARN_TRY(lab::start_bmcs(lab_));
    TARN_ASSIGN(const lab::Service service, lab::start_service(lab_.directory, true));
    home_ = lab::home_of(service);
    TARN_ASSIGN(const auto client, ServiceClient::open(home_));
    return lab::register_lab(lab_, *client);
  }
  static base::Result<std::unique_ptr<TemporaryDirectory>> make_temporary() {
    TARN_ASSIGN(auto made, TemporaryDirectory::make());
    return std::make_unique<TemporaryDirectory>(std::move(made));
  }

  void add(const std::string& operation, std::size_t clients, std::vector<double> times) {
    if (!operation.empty()) rows_.push_back(bench_row(operation, clients, std::move(times)));
  }

  // The floor: what a durable commit costs on this disk.
  base::Status measure_commits() {
    static constexpr std::string_view kTables[] = {"CREATE TABLE one (id INTEGER PRIMARY KEY, text TEXT) STRICT"};
    TARN_ASSIGN(const auto database,
                store::Database::open(directory_ + "/floor.db", {"bench", 0x62656e63, kTables, true, "nothing"}));
    std::vector<double> times;
    for (std::size_t i = 0; i < options_.repetitions; ++i) {
      Stopwatch watch;
      TARN_TRY(database->transaction([&]() -> base::Status {
        return database->run("INSERT INTO one (text) VALUES (?)", std::string_view("a row as small as ours"));
      }));
      times.push_back(watch.lap_ms());
    }
    add("SQLite commit", 1, std::move(times));
    return {};
  }

  base::Status measure_lives(std::size_t clients) {
    progress(std::to_string(clients) + (clients == 1 ? " client" : " clients"));
    TARN_ASSIGN(const auto group, BenchClients::open(home_, clients));
    const std::vector<Step> steps = life_of_a_node(lab_);
    const std::size_t rounds = (options_.repetitions + clients - 1) / clients;
    TARN_ASSIGN(auto times, group->run(steps, rounds, kWarmUps));
    for (std::size_t i = 0; i < steps.size(); ++i) add(steps[i].operation, clients, std::move(times[i]));
    return {};
  }

  // A thousand NICs, of ten nodes, on the lab's switch; one request, one operation.
  base::Status measure_bulk() {
    progress("1,000 NICs at once");
    TARN_ASSIGN(const std::vector<std::string> ports, lab::add_bare_ports(lab_, kBulk));
    TARN_ASSIGN(const auto client, ServiceClient::open(home_));
    TARN_TRY(post(*client, "/v1/projects", Json::object({{"name", kBulkSwitch}})));
    TARN_TRY(post(*client, "/v1/networks",
                  Json::object({{"name", kBulkSwitch}, {"owner", kBulkSwitch}, {"access", kBulkSwitch}})));
    TARN_TRY(register_bulk(*client, ports));
    std::vector<double> times;
    for (std::size_t round = 0; round < kBulkRounds; ++round) {
      Stopwatch watch;
      TARN_TRY(change(*client, bulk_changes("connect")));
      times.push_back(watch.lap_ms());
      TARN_TRY(change(*client, bulk_changes("detach")));
    }
    add("connect 1,000 NICs", 1, std::move(times));
    return {};
  }
  static constexpr std::size_t kNicsOfANode = 100;
  static std::string bulk_node(std::size_t i) { return "bulk-" + std::to_string(i / kNicsOfANode); }
  static std::string bulk_nic(std::size_t i) { return "eth" + std::to_string(i % kNicsOfANode); }
  base::Status register_bulk(ServiceClient& client, const std::vector<std::string>& ports) const {
    const std::string at = "/v1/switches/" + lab_.sites.front().name + "/ports";
    for (std::size_t i = 0; i < ports.size(); ++i) {
      if (i % kNicsOfANode == 0) {
        const Json bmc = Json::object({{"type", "ipmi"}, {"address", "127.0.0.1"}, {"user", "-"}, {"password", "-"}});
        TARN_TRY(post(client, "/v1/nodes", Json::object({{"name", bulk_node(i)}, {"bmc", bmc}})));
      }
      char mac[32];
      (void)std::snprintf(mac, sizeof mac, "02:01:00:00:%02zx:%02zx", i / 256, i % 256);
      TARN_TRY(
          post(client, "/v1/nodes/" + bulk_node(i) + "/nics", Json::object({{"name", bulk_nic(i)}, {"mac", mac}})));
      TARN_TRY(post(client, at, Json::object({{"name", ports[i]}})));
      const Json wired = Json::object({{"node", bulk_node(i)}, {"nic", bulk_nic(i)}});
      const auto put = client.call("PUT", at + "/" + ports[i] + "/nic", &wired);
      if (!put.ok()) return put.error();
    }
    TARN_TRY(lab::await_ports(client, lab_.sites.front().name));
    for (std::size_t i = 0; i < ports.size(); i += kNicsOfANode)
      TARN_TRY(
          post(client, std::string("/v1/projects/") + kBulkSwitch + "/nodes", Json::object({{"node", bulk_node(i)}})));
    return {};
  }
  static Json bulk_changes(const char* kind) {
    Json out = Json::array();
    for (std::size_t i = 0; i < kBulk; ++i) out.push(one_change(kind, bulk_node(i), bulk_nic(i), kBulkSwitch));
    return out;
  }

  // A second service, whose database had them before it started.
  base::Status measure_many_nodes() {
    progress("100,000 nodes");
    const std::string state = directory_ + "/many";
    std::error_code failed;
    std::filesystem::create_directories(state + "/service", failed);
    if (!failed) std::filesystem::permissions(state + "/service", std::filesystem::perms::owner_all, failed);
    if (failed) return base::Error{base::Code::kStorage, state + ": " + failed.message()};
    TARN_TRY(fill(state + "/service/isolation.db"));
    TARN_ASSIGN(const lab::Service service, lab::start_service(state, true));
    TARN_ASSIGN(const auto group, BenchClients::open(lab::home_of(service), 1));
    const std::vector<Step> steps{{"first page of free nodes, 100,000 nodes",
                                   [](ServiceClient& client, std::size_t, std::size_t) -> base::Status {
                                     const auto page = client.call("GET", "/v1/nodes?free=true&limit=100");
                                     return page.ok() ? base::Status() : page.error();
                                   }},
                                  {"allocate node, 100,000 nodes", [](ServiceClient& client, std::size_t, std::size_t) {
                                     return post(client, "/v1/projects/many/nodes",
                                                 Json::object({{"like", Json::object()}}));
                                   }}};
    TARN_ASSIGN(auto times, group->run(steps, options_.repetitions, kWarmUps));
    for (std::size_t i = 0; i < steps.size(); ++i) add(steps[i].operation, 1, std::move(times[i]));
    return {};
  }
  static base::Status fill(const std::string& file) {
    TARN_ASSIGN(const auto store, store::open_isolation_store({file, ""}));
    return store->write([](isolation::Transaction& rows) -> base::Status {
      isolation::Project project;
      project.name = "many";
      TARN_ASSIGN(const isolation::Id made, rows.insert_project(project));
      (void)made;
      for (std::size_t i = 0; i < kRegistered; ++i) {
        isolation::Node node;
        char name[32];
        (void)std::snprintf(name, sizeof name, "node-%06zu", i);
        node.name = name;
        node.bmc = {"ipmi", "127.0.0.1", "-", {}};
        TARN_ASSIGN(const isolation::Id id, rows.insert_node(node));
        (void)id;
      }
      return {};
    });
  }

  const IsolationBenchOptions& options_;
  std::unique_ptr<TemporaryDirectory> temporary_;
  std::string directory_;
  lab::Lab lab_;
  ServiceHome home_;
  Rows rows_;
};

}  // namespace

int run_bench_isolation(const IsolationBenchOptions& options) {
  catch_signals();
  base::Result<Rows> rows = Bench(options).run();
  if (!rows.ok()) return report(rows.error());
  std::printf("%s", json_wanted() ? to_json(*rows).c_str() : to_text(*rows).c_str());
  return std::ranges::all_of(*rows, &IsolationBenchRow::met) ? kExitDone : kExitBug;
}

}  // namespace tarn
