// What the command line says, as plain values: main.cc fills these in, one handler a subcommand reads them.
// A handler returns the process's exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tarn {

struct KeygenOptions {
  std::string out;
};
struct IdOptions {
  std::string file;
};
struct PlaceOptions {
  std::string config;
  std::string wait = "2m";
  int rtt_ms = 0;
  int listen_fd = -1;
  std::string circuit;  // a Bristol file to compute instead of a placement (benches)
};
struct DemoOptions {
  bool placement = false;     // one session among parties that know each other, instead of a pool
  std::size_t providers = 0;  // 0: as many as suit
  std::uint64_t quantity = 32;
  std::string mechanism = "second-price";
  std::uint64_t seed = 0;
  bool seed_given = false, shape_given = false;  // --seed; --providers or --quantity
  bool mechanism_given = false;
  int rtt_ms = 0;
  std::string config;
};
struct CircuitStatsOptions {
  std::string mechanism = "first-price";
  std::size_t providers = 4;
  std::size_t width = 32;
};
struct CircuitWriteOptions {
  std::string name;
  std::string out;
};
struct BenchOptions {
  std::vector<std::size_t> parties;
  std::vector<int> rtt_ms{0};
  std::string mechanism = "first-price";
  std::string circuit;
  bool acquainted = false;
  std::size_t repeat = 3;
  unsigned extension_k = 4;
};

struct PoolBenchOptions {
  std::size_t providers = 8;
  std::vector<int> rtt_ms{0};
  std::string mechanism = "first-price";
  bool first_meeting = false;
  std::size_t repeat = 5;
};

struct DeliveryBenchOptions {
  std::string kubeconfig;
  std::size_t repeat = 15;
};

// Whose leases and identity: see requester_home.h.
struct HomeOptions {
  std::string config;                  // empty: the default one, if it is there
  std::vector<std::string> bootstrap;  // besides the configuration's
};
struct ProviderOptions {
  std::string config;
  std::string log_format = "text", log_level = "info";
  int rtt_ms = 0;
  bool reveal = false;  // benches: answer the plain allocation, too
};
struct InventoryOptions {
  std::string config, state_dir;  // one of the two
  std::string offer, from = "now", until, purpose;
  std::uint64_t units = 0;
  std::string reservation;
};
struct DhtOptions {
  std::string listen = "0.0.0.0:4222";
  std::vector<std::string> bootstrap;
  std::uint32_t network = 0;
  int rtt_ms = 0;
};
struct RequestOptions {
  HomeOptions home;
  std::string cpu, memory, storage, resource_class;
  std::vector<std::string> resources;  // name=amount
  std::uint64_t quantity = 1;
  std::string max_price;
  std::string mechanism = "second-price", deadline = "5s", lease = "4h", out;
  std::string delivery_wait = "30s";
  std::size_t providers = 0, min_providers = 0;  // 0: the configuration's
  int rtt_ms = 0;
};
struct LeaseOptions {
  HomeOptions home;
  std::string lease, duration, out;
  bool all = false, offline = false, exec = false;
};
struct PoolOptions {
  HomeOptions home;
  std::string resource_class;
  std::size_t most = 32;
  std::string wait = "3s";
  int rtt_ms = 0;
};

int run_keygen(const KeygenOptions& options);
int run_id(const IdOptions& options);
int run_place(const PlaceOptions& options);
int run_demo(const DemoOptions& options);
int run_placement_demo(const DemoOptions& options);
int run_circuit_stats(const CircuitStatsOptions& options);
int run_circuit_write(const CircuitWriteOptions& options);
int run_bench(const BenchOptions& options);
int run_bench_pool(const PoolBenchOptions& options);
int run_bench_delivery(const DeliveryBenchOptions& options);
int run_operator(const ProviderOptions& options);
int run_provider(const ProviderOptions& options);
int run_inventory_list(const InventoryOptions& options);
int run_inventory_reserve(const InventoryOptions& options);
int run_inventory_release(const InventoryOptions& options);
int run_dht(const DhtOptions& options);
int run_request(const RequestOptions& options);
int run_lease_list(const LeaseOptions& options);
int run_lease_show(const LeaseOptions& options);
int run_lease_renew(const LeaseOptions& options);
int run_lease_release(const LeaseOptions& options);
int run_lease_kubeconfig(const LeaseOptions& options);
int run_lease_credential(const LeaseOptions& options);
int run_pool_map(const PoolOptions& options);
int run_pool_doctor(const PoolOptions& options);

}  // namespace tarn
