#include "net/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/check.h"

namespace net {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

// Backslash and line feed everywhere, the quote in values of labels alone, as the format wants it.
std::string escaped(std::string_view text, bool quote) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || (quote && c == '"')) out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

bool is_name(std::string_view text) {
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string joined(const Metrics::Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    CHECK(is_name(name));
    out += (out.empty() ? "" : ",") + name + "=\"" + escaped(value, true) + "\"";
  }
  return out;
}

}  // namespace

void Metrics::declare(const std::string& name, Family family) {
  CHECK(is_name(name));
  const std::lock_guard lock(mutex_);
  CHECK(families_.emplace(name, std::move(family)).second);
}

void Metrics::declare_counter(const std::string& name, const std::string& help) {
  declare(name, {Kind::kCounter, help, {}, {}});
}

void Metrics::declare_gauge(const std::string& name, const std::string& help) {
  declare(name, {Kind::kGauge, help, {}, {}});
}

void Metrics::declare_histogram(const std::string& name, const std::string& help, std::vector<double> bounds) {
  CHECK(std::is_sorted(bounds.begin(), bounds.end()));
  declare(name, {Kind::kHistogram, help, std::move(bounds), {}});
}

Metrics::Family& Metrics::family(const std::string& name, Kind kind) {
  const auto found = families_.find(name);
  CHECK(found != families_.end() && found->second.kind == kind);
  return found->second;
}

Metrics::Series* Metrics::find(Family& family, const Labels& labels) {
  const std::string key = joined(labels);
  const auto found = family.series.find(key);
  if (found != family.series.end()) return &found->second;
  return family.series.size() < kMaxSeries ? &family.series[key] : nullptr;
}

void Metrics::add(const std::string& name, const Labels& labels, double more) {
  CHECK(more >= 0);
  const std::lock_guard lock(mutex_);
  if (Series* const series = find(family(name, Kind::kCounter), labels)) series->value += more;
}

void Metrics::set(const std::string& name, const Labels& labels, double value) {
  const std::lock_guard lock(mutex_);
  const auto found = families_.find(name);
  CHECK(found != families_.end() && found->second.kind != Kind::kHistogram);
  if (Series* const series = find(found->second, labels)) series->value = value;
}

void Metrics::observe(const std::string& name, const Labels& labels, double value) {
  const std::lock_guard lock(mutex_);
  Family& histogram = family(name, Kind::kHistogram);
  Series* const series = find(histogram, labels);
  if (series == nullptr) return;
  series->buckets.resize(histogram.bounds.size() + 1);
  const auto bucket = std::lower_bound(histogram.bounds.begin(), histogram.bounds.end(), value);
  ++series->buckets[static_cast<std::size_t>(bucket - histogram.bounds.begin())];
  series->value += value;
}

void Metrics::replace(const std::string& name, const std::vector<std::pair<Labels, double>>& series) {
  const std::lock_guard lock(mutex_);
  Family& gauge = family(name, Kind::kGauge);
  gauge.series.clear();
  for (const auto& [labels, value] : series)
    if (Series* const one = find(gauge, labels)) one->value = value;
}

void Metrics::append(std::string& out, const std::string& name, const Family& family) {
  constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};
  out += "# HELP " + name + " " + escaped(family.help, false) + "\n# TYPE " + name + " ";
  out += std::string(kKinds[static_cast<std::size_t>(family.kind)]) + "\n";
  const auto line = [&](const char* suffix, const std::string& labels, const std::string& value) {
    out += name;
    out += suffix + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
  };
  for (const auto& [labels, series] : family.series) {
    if (family.kind != Kind::kHistogram) {
      line("", labels, number(series.value));
      continue;
    }
    std::string before = labels;  // of the bucket's bound
    if (!before.empty()) before += ',';
    before += "le=\"";
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < series.buckets.size(); ++i) {
      count += series.buckets[i];
      std::string bucket = before;
      bucket += i < family.bounds.size() ? number(family.bounds[i]) : "+Inf";
      bucket += '"';
      line("_bucket", bucket, std::to_string(count));
    }
    line("_sum", labels, number(series.value));
    line("_count", labels, std::to_string(count));
  }
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) append(out, name, family);
  return out;
}

}  // namespace net
