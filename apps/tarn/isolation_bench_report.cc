#include <algorithm>
#include <cmath>

#include "base/json_string.h"
#include "tarn/isolation_bench.h"
#include "tarn/output.h"

namespace tarn {
namespace {

// HIL: medians of 250 repetitions with one client; with sixteen it says that operations on its database stay below 0.1 s
// and those on the network rise to 16 to 20 s. `-`: it says nothing.
struct Known {
  const char* operation;
  double hil_ms, hil_many_ms;  // 0: it says nothing
  double bar_ms, bar_many_ms;  // 0: we set none
};
constexpr Known kKnown[] = {
    {"create project", 11, 100, 2, 20},
    {"delete project", 17, 100, 2, 20},
    {"allocate node", 11, 100, 2, 20},
    {"free node", 98, 100, 2, 20},
    {"allocate network", 17, 100, 2, 20},
    {"free network", 16, 100, 2, 20},
    {"connect NIC", 4336, 16000, 50, 250},
    {"detach NIC", 2301, 16000, 50, 250},
    {"connect 1,000 NICs", 0, 0, 2000, 2000},
    {"first page of free nodes, 100,000 nodes", 0, 0, 5, 5},
    {"allocate node, 100,000 nodes", 0, 0, 5, 5},
};

std::optional<double> unless_zero(double value) { return value == 0 ? std::optional<double>() : value; }

double quantile(const std::vector<double>& sorted, double q) {
  const auto at = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
  return sorted.empty() ? 0 : sorted[std::max<std::size_t>(at, 1) - 1];
}

std::string number(double ms) { return fixed(ms, ms < 10 ? 2 : ms < 100 ? 1 : 0); }
std::string number_or(const std::optional<double>& ms, const char* otherwise) { return ms ? fixed(*ms, 0) : otherwise; }

}  // namespace

IsolationBenchRow bench_row(const std::string& operation, std::size_t clients, std::vector<double> times_ms) {
  std::ranges::sort(times_ms);
  IsolationBenchRow row{operation, clients, times_ms.size(), quantile(times_ms, 0.5), quantile(times_ms, 0.99)};
  for (const Known& known : kKnown)
    if (operation == known.operation) {
      row.hil_ms = unless_zero(clients == 1 ? known.hil_ms : known.hil_many_ms);
      row.bar_ms = unless_zero(clients == 1 ? known.bar_ms : known.bar_many_ms);
    }
  return row;
}

std::string to_text(const std::vector<IsolationBenchRow>& rows) {
  std::vector<std::vector<std::string>> lines{
      {"operation", "clients", "repetitions", "p50 ms", "p99 ms", "HIL ms", "p50 at most", ""}};
  for (const IsolationBenchRow& row : rows)
    lines.push_back({row.operation, std::to_string(row.clients), std::to_string(row.repetitions), number(row.p50_ms),
                     number(row.p99_ms), number_or(row.hil_ms, ""), number_or(row.bar_ms, ""),
                     !row.bar_ms ? ""
                     : row.met() ? "met"
                                 : "MISSED"});
  return table(lines) +
         "\nHIL: SoCC'16, medians with one client; with more, the paper says below 100 ms, and 16 to 20 s on the "
         "network.\n";
}

std::string to_json(const std::vector<IsolationBenchRow>& rows) {
  const auto or_null = [](const std::optional<double>& ms) { return ms ? fixed(*ms, 0) : std::string("null"); };
  std::string out;
  for (const IsolationBenchRow& row : rows)
    out += (out.empty() ? "[\n  " : ",\n  ") + ("{\"operation\": " + base::json_string(row.operation)) +
           ", \"clients\": " + std::to_string(row.clients) + ", \"repetitions\": " + std::to_string(row.repetitions) +
           ", \"p50_ms\": " + fixed(row.p50_ms, 3) + ", \"p99_ms\": " + fixed(row.p99_ms, 3) +
           ", \"hil_ms\": " + or_null(row.hil_ms) + ", \"bar_ms\": " + or_null(row.bar_ms) +
           ", \"met\": " + (row.met() ? "true" : "false") + "}";
  return out + "\n]\n";
}

}  // namespace tarn
