#include <barrier>
#include <mutex>
#include <thread>

#include "tarn/isolation_bench.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {

base::Result<std::unique_ptr<BenchClients>> BenchClients::open(const ServiceHome& service, std::size_t count) {
  std::unique_ptr<BenchClients> out(new BenchClients);
  for (std::size_t i = 0; i < count; ++i) {
    TARN_ASSIGN(auto client, ServiceClient::open(service));
    out->clients_.push_back(std::move(client));
  }
  return out;
}

base::Result<std::vector<std::vector<double>>> BenchClients::run(const std::vector<Step>& steps, std::size_t rounds,
                                                                 std::size_t warm_ups) {
  std::vector<std::vector<double>> times(steps.size());
  std::optional<base::Error> failed;
  std::mutex mutex;
  std::barrier line(static_cast<std::ptrdiff_t>(clients_.size()));
  const auto one = [&](std::size_t client) {
    for (std::size_t round = 0; round < warm_ups + rounds; ++round)
      for (std::size_t s = 0; s < steps.size(); ++s) {
        line.arrive_and_wait();
        Stopwatch watch;
        const base::Status done = steps[s].call(*clients_[client], client, round);
        const double ms = watch.lap_ms();
        const std::lock_guard lock(mutex);
        if (done.ok() && round >= warm_ups) times[s].push_back(ms);
        if (!done.ok() && !failed) failed = done.error();
        if (interrupted() && !failed) failed = base::Error{base::Code::kCancelled, "interrupted"};
        if (failed) return line.arrive_and_drop();
      }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < clients_.size(); ++i) threads.emplace_back(one, i);
  for (std::thread& thread : threads) thread.join();
  if (failed) return *failed;
  return times;
}

}  // namespace tarn
