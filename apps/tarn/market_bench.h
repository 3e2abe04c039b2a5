// tarn bench market: how many orders a market takes a second, and how long each waits, over HTTPS with durable commits on
// SQLite and on PostgreSQL; and, as the floor, what pgbench's simplest write costs on the same PostgreSQL. Each row has a
// market of its own: a daemon as in production, and organisations whose orders are signed before the clock starts.
//   market_bench.cc           the rows, in their order, and printing
//   market_bench_market.cc    a market with its organisations, and the clients
//   market_bench_postgres.cc  a PostgreSQL of its own, and pgbench
// Errors: those of what is measured; an order that is not accepted ends it. Threads: one, which starts the clients.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tarn/local_process.h"

namespace tarn {

struct MarketBenchOptions {
  std::vector<std::size_t> clients{1, 16, 64};
  std::size_t orders = 5'000;  // a row, all clients together
};
int run_bench_market(const MarketBenchOptions& options);

struct MarketBenchRow {
  std::string store;  // "sqlite", "postgresql", "pgbench"
  std::size_t clients = 0;
  double per_second = 0, p50_ms = 0, p99_ms = 0;
};
MarketBenchRow market_bench_row(const std::string& store, std::size_t clients, std::vector<double> times_ms,
                                double whole_ms);

// `postgres`: a database, as libpq wants it named; empty: SQLite.
base::Result<MarketBenchRow> measure_orders(const std::string& postgres, std::size_t clients, std::size_t orders);

// A server that keeps what it commits, as installed otherwise, on a Unix socket in a directory of its own.
class BenchPostgres {
 public:
  static bool installed();
  static base::Result<std::unique_ptr<BenchPostgres>> start();
  ~BenchPostgres();
  BenchPostgres(const BenchPostgres&) = delete;
  BenchPostgres& operator=(const BenchPostgres&) = delete;

  base::Result<std::string> new_database();
  // Single rows, each a transaction.
  base::Result<MarketBenchRow> measure_inserts(std::size_t clients, std::size_t rows);

 private:
  explicit BenchPostgres(TemporaryDirectory directory) : directory_(std::move(directory)) {}
  base::Status begin();

  TemporaryDirectory directory_;
  std::size_t databases_ = 0;
};

}  // namespace tarn
