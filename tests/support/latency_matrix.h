// LatencyMatrix: measured round-trip times between hosts (tests/data/latency), in milliseconds. Both directions are
// averaged; a pair that nobody measured has no time.
#pragma once

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"

namespace support {

class LatencyMatrix {
 public:
  explicit LatencyMatrix(std::vector<std::vector<double>> rows) : rows_(std::move(rows)) {
    for (const auto& row : rows_) CHECK(row.size() == rows_.size());
  }
  static LatencyMatrix read(const std::string& path, std::size_t most = 490) {  // the first so many hosts
    std::ifstream in(path);
    CHECK(in.good());
    std::vector<std::vector<double>> rows;
    for (std::string line; rows.size() < most && std::getline(in, line);) {
      std::vector<double> row;
      const char* at = line.c_str();
      for (char* end = nullptr; row.size() < most; at = end) {
        const double v = std::strtod(at, &end);
        if (end == at) break;
        row.push_back(v);
      }
      rows.push_back(std::move(row));
    }
    return LatencyMatrix(std::move(rows));
  }

  std::size_t size() const { return rows_.size(); }
  std::optional<double> rtt_ms(std::size_t a, std::size_t b) const {
    const double there = rows_[a][b], back = rows_[b][a];
    if (a == b || (there <= 0 && back <= 0)) return std::nullopt;
    if (there <= 0 || back <= 0) return there + back;
    return (there + back) / 2;
  }

 private:
  std::vector<std::vector<double>> rows_;
};

}  // namespace support
