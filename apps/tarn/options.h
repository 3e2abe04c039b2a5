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
  std::size_t providers = 5;
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

int run_keygen(const KeygenOptions& options);
int run_id(const IdOptions& options);
int run_place(const PlaceOptions& options);
int run_demo(const DemoOptions& options);
int run_circuit_stats(const CircuitStatsOptions& options);
int run_circuit_write(const CircuitWriteOptions& options);
int run_bench(const BenchOptions& options);

}  // namespace tarn
