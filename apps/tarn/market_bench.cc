#include "tarn/market_bench.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/json_string.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using Rows = std::vector<MarketBenchRow>;

double quantile(const std::vector<double>& sorted, double q) {
  const auto at = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
  return sorted.empty() ? 0 : sorted[std::max<std::size_t>(at, 1) - 1];
}

std::string clients_text(std::size_t clients) {
  return std::to_string(clients) + (clients == 1 ? " client" : " clients");
}

base::Result<Rows> measure(const MarketBenchOptions& options) {
  Rows rows;
  for (const std::size_t clients : options.clients) {
    progress("SQLite, " + clients_text(clients));
    TARN_ASSIGN(MarketBenchRow row, measure_orders("", clients, options.orders));
    rows.push_back(std::move(row));
  }
  if (!BenchPostgres::installed()) {
    progress("PostgreSQL with pgbench is not installed (package postgresql): skipped");
    return rows;
  }
  TARN_ASSIGN(const auto postgres, BenchPostgres::start());
  for (const std::size_t clients : options.clients) {
    progress("PostgreSQL, " + clients_text(clients));
    TARN_ASSIGN(const std::string database, postgres->new_database());
    TARN_ASSIGN(MarketBenchRow row, measure_orders(database, clients, options.orders));
    rows.push_back(std::move(row));
  }
  for (const std::size_t clients : options.clients) {
    progress("pgbench, " + clients_text(clients));
    TARN_ASSIGN(MarketBenchRow row, postgres->measure_inserts(clients, options.orders));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string to_text(const Rows& rows) {
  std::vector<std::vector<std::string>> lines{{"store", "clients", "orders/s", "p50 ms", "p99 ms"}};
  for (const MarketBenchRow& row : rows)
    lines.push_back(
        {row.store, std::to_string(row.clients), fixed(row.per_second, 0), fixed(row.p50_ms, 2), fixed(row.p99_ms, 2)});
  return table(lines) + "\npgbench: single rows on the same PostgreSQL, without a market: the floor.\n";
}

std::string to_json(const Rows& rows) {
  std::string out;
  for (const MarketBenchRow& row : rows)
    out += (out.empty() ? "[\n  " : ",\n  ") + ("{\"bench\": \"market\", \"store\": " + base::json_string(row.store)) +
           ", \"clients\": " + std::to_string(row.clients) + ", \"orders_per_second\": " + fixed(row.per_second, 1) +
           ", \"p50_ms\": " + fixed(row.p50_ms, 3) + ", \"p99_ms\": " + fixed(row.p99_ms, 3) + "}";
  return out + "\n]\n";
}

}  // namespace

MarketBenchRow market_bench_row(const std::string& store, std::size_t clients, std::vector<double> times_ms,
                                double whole_ms) {
  std::ranges::sort(times_ms);
  return {store, clients, 1e3 * static_cast<double>(times_ms.size()) / whole_ms, quantile(times_ms, 0.5),
          quantile(times_ms, 0.99)};
}

int run_bench_market(const MarketBenchOptions& options) {
  catch_signals();
  const auto rows = measure(options);
  if (!rows.ok()) return report(rows.error());
  std::fputs((json_wanted() ? to_json(*rows) : to_text(*rows)).c_str(), stdout);
  return kExitDone;
}

}  // namespace tarn
