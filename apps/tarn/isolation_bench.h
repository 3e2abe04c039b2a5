// tarn bench isolation: how long the isolation service's calls take, on a lab of its own (lab.h) with a service as in
// production: TLS, durable commits, a real Open vSwitch behind it.
//   isolation_bench.cc          the lab, and who asks what
//   isolation_bench_clients.cc  clients that do the same at the same time
//   isolation_bench_report.cc   figures, bars, and those of the HIL paper (SoCC'16)
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tarn/service_client.h"

namespace tarn {

struct IsolationBenchOptions {
  std::vector<std::size_t> clients{1, 16};
  std::size_t repetitions = 250;
};
int run_bench_isolation(const IsolationBenchOptions& options);

struct IsolationBenchRow {
  std::string operation;
  std::size_t clients = 1, repetitions = 0;
  double p50_ms = 0, p99_ms = 0;
  std::optional<double> hil_ms{};  // what HIL needs
  std::optional<double> bar_ms{};  // p50 at most
  bool met() const { return !bar_ms || p50_ms <= *bar_ms; }
};
// The row of what was measured, with HIL's figure and the bar for it, if there are any.
IsolationBenchRow bench_row(const std::string& operation, std::size_t clients, std::vector<double> times_ms);
std::string to_text(const std::vector<IsolationBenchRow>& rows);
std::string to_json(const std::vector<IsolationBenchRow>& rows);

// So many connections to a service, each with its thread, that take each step of a round at the same time.
class BenchClients {
 public:
  static base::Result<std::unique_ptr<BenchClients>> open(const ServiceHome& service, std::size_t count);

  struct Step {
    std::string operation;  // what its time counts for; empty: not measured
    // What client number `client` does in round number `round`.
    std::function<base::Status(ServiceClient& service, std::size_t client, std::size_t round)> call;
  };
  // `rounds` times all steps; the times of each, in their order, without those of the first `warm_ups` rounds. The first
  // error ends it.
  base::Result<std::vector<std::vector<double>>> run(const std::vector<Step>& steps, std::size_t rounds,
                                                     std::size_t warm_ups);
  std::size_t count() const { return clients_.size(); }

 private:
  BenchClients() = default;
  std::vector<std::unique_ptr<ServiceClient>> clients_;
};

}  // namespace tarn
