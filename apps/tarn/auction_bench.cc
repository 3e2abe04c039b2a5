#include "tarn/auction_bench.h"

#include <algorithm>
#include <cstdio>

#include "base/json_string.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

struct Part {
  const char* name;
  AuctionRows (*measure)();
};
constexpr Part kParts[] = {
    {"reference", reference_rows}, {"regret", regret_rows},       {"windowed", windowed_rows},
    {"speed", speed_rows},         {"speed", combinatorial_rows},
};

bool wanted(const AuctionBenchOptions& options, const std::string& part) {
  return options.only.empty() || std::ranges::find(options.only, part) != options.only.end();
}

bool met(const AuctionRow& row) { return std::ranges::all_of(row.figures, &AuctionFigure::met); }

std::string to_text(const AuctionRows& rows) {
  std::vector<std::vector<std::string>> lines{{"part", "mechanism", "n", "figures", ""}};
  for (const AuctionRow& row : rows) {
    std::string figures;
    for (const AuctionFigure& figure : row.figures)
      figures += (figures.empty() ? "" : "  ") + (figure.name + (" " + fixed(figure.value, figure.digits)));
    lines.push_back({row.bench, row.mechanism, std::to_string(row.n), figures, met(row) ? "" : "MISSED"});
  }
  return table(lines);
}

std::string to_json(const AuctionRows& rows) {
  std::string out;
  for (const AuctionRow& row : rows) {
    out += (out.empty() ? "[\n  " : ",\n  ") + ("{\"bench\": " + base::json_string(row.bench)) +
           ", \"mechanism\": " + base::json_string(row.mechanism) + ", \"n\": " + std::to_string(row.n);
    for (const AuctionFigure& figure : row.figures)
      out += ", " + base::json_string(figure.name) + ": " + fixed(figure.value, figure.digits);
    out += std::string(", \"met\": ") + (met(row) ? "true" : "false") + "}";
  }
  return (out.empty() ? "[" : out) + "\n]\n";
}

}  // namespace

std::vector<std::string> auction_bench_parts() {
  std::vector<std::string> names;
  for (const Part& part : kParts)
    if (std::ranges::find(names, part.name) == names.end()) names.emplace_back(part.name);
  return names;
}

int run_bench_auction(const AuctionBenchOptions& options) {
  catch_signals();
  AuctionRows rows;
  for (const Part& part : kParts) {
    if (!wanted(options, part.name)) continue;
    if (interrupted()) return kExitCancelled;
    std::ranges::move(part.measure(), std::back_inserter(rows));
  }
  if (interrupted()) return kExitCancelled;
  std::printf("%s", json_wanted() ? to_json(rows).c_str() : to_text(rows).c_str());
  return std::ranges::all_of(rows, met) ? kExitDone : kExitBug;
}

}  // namespace tarn
