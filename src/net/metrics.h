// Metrics: named figures of a service and their text for Prometheus (exposition format 0.0.4).
// Not prometheus-cpp: Debian has it as a shared library only, which costs every command of the program 0.6 ms at start.
// A family is declared before it is used, once; using it otherwise is our own bug. Labels must come from a small set:
// a series is kept for ever, until its family is cleared; above kMaxSeries in a family new ones are not counted.
// Units are in the names: _seconds, _bytes, _total for counters. Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace net {

class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  static constexpr std::size_t kMaxSeries = 1000;

  void declare_counter(const std::string& name, const std::string& help);
  void declare_gauge(const std::string& name, const std::string& help);
  // The upper ends of the buckets, ascending; infinity is added.
  void declare_histogram(const std::string& name, const std::string& help, std::vector<double> bounds);

  void add(const std::string& name, const Labels& labels = {}, double more = 1);  // counters; more ≥ 0
  void set(const std::string& name, const Labels& labels, double value);          // gauges, and counts that others keep
  void observe(const std::string& name, const Labels& labels, double value);      // histograms
  // Replaces all series of a gauge at once: what is no longer there is gone.
  void replace(const std::string& name, const std::vector<std::pair<Labels, double>>& series);

  std::string text() const;

 private:
  enum class Kind { kCounter, kGauge, kHistogram };
  struct Series {
    double value = 0;                    // a histogram's sum
    std::vector<std::uint64_t> buckets;  // a histogram's, the last for infinity
  };
  struct Family {
    Kind kind;
    std::string help;
    std::vector<double> bounds;
    std::map<std::string, Series> series;  // by the labels' text
  };
  void declare(const std::string& name, Family family);
  Family& family(const std::string& name, Kind kind);
  static Series* find(Family& family, const Labels& labels);
  static void append(std::string& out, const std::string& name, const Family& family);

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace net
