// How long a lookup in the distributed hash table takes, and what of it is found: real nodes on loopback, in one process.
//   bench_dht [--nodes 200] [--announcers 50] [--keys 4] [--lookups 100] [--rtt-ms 0]
// Every announcer puts a value of 400 bytes under every key; then one node after the other, picked by a fixed seed, asks
// for one key it has not asked for before, alone, and keeps asking for as long as the search lasts.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "drivers/dht/load.h"
#include "settings.h"

namespace {

using bench::Settings;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double rss_kib() {
  std::ifstream file("/proc/self/statm");
  long total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / 1024;
}

using Nodes = std::vector<std::unique_ptr<drivers::DhtNode>>;

Nodes open_nodes(const Settings& settings) {
  Nodes nodes;
  drivers::DhtOptions options;
  options.bind_host = "127.0.0.1";
  options.one_way_delay_ms = static_cast<int>(settings["rtt-ms"] / 2);
  while (nodes.size() < settings["nodes"]) {
    auto node = drivers::open_dht(options);
    if (!node.ok()) {
      std::fprintf(stderr, "bench_dht: %s\n", node.error().message.c_str());
      std::exit(1);
    }
    nodes.push_back(std::move(*node));
    options.bootstrap = {"127.0.0.1:" + std::to_string(nodes.front()->bound_port())};
  }
  return nodes;
}

// Until every node has `enough` acquaintances, at most two minutes.
void settle(const Nodes& nodes, std::size_t enough) {
  const auto start = Clock::now();
  const auto lonely = [&](const auto& node) { return node->nodes().good < enough; };
  while (std::any_of(nodes.begin(), nodes.end(), lonely) && ms_since(start) < 120'000)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

discovery::DirectoryKey key(std::size_t index) {
  discovery::DirectoryKey key{};
  key[0] = static_cast<std::uint8_t>(index);
  return key;
}

struct Lookup {
  double first_ms = 0, last_ms = 0, end_ms = 0;  // first value, last new value, end of the search
  std::size_t found = 0;
};

Lookup look_up(drivers::DhtNode& node, const discovery::DirectoryKey& key) {
  Lookup lookup;
  std::set<base::Bytes> values;
  const auto start = Clock::now();
  node.get({&key, 1}, 30'000, [&](std::size_t, base::ByteView value) {
    if (!values.emplace(value.begin(), value.end()).second) return true;
    lookup.last_ms = ms_since(start);
    if (values.size() == 1) lookup.first_ms = lookup.last_ms;
    return true;
  });
  lookup.end_ms = ms_since(start);
  lookup.found = values.size();
  return lookup;
}

void print(const char* what, std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  const auto at = [&](double share) {
    return numbers.empty() ? 0 : numbers[static_cast<std::size_t>(share * static_cast<double>(numbers.size() - 1))];
  };
  std::printf("%-18s  median %8.1f ms  p95 %8.1f ms  worst %8.1f ms\n", what, at(0.5), at(0.95), at(1));
}

void report(const std::vector<Lookup>& lookups, std::size_t announced) {
  std::vector<double> first, last, end;
  std::size_t found = 0, empty = 0;
  for (const Lookup& lookup : lookups) {
    found += lookup.found;
    end.push_back(lookup.end_ms);
    if (lookup.found == 0) {
      ++empty;
      continue;
    }
    first.push_back(lookup.first_ms);
    last.push_back(lookup.last_ms);
  }
  print("first value", first);
  print("last value", last);
  print("end of the search", end);
  std::printf("found %.2f %% of the values; %zu of %zu searches found nothing\n",
              100.0 * static_cast<double>(found) / static_cast<double>(announced * lookups.size()), empty,
              lookups.size());
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings{{{"nodes", 200}, {"announcers", 50}, {"keys", 4}, {"lookups", 100}, {"rtt-ms", 0}}};
  if (!bench::parse(argc, argv, settings, "rtt-ms") || settings["announcers"] > settings["nodes"] ||
      settings["nodes"] < 2) {
    std::fprintf(stderr, "usage: bench_dht [--nodes N] [--announcers N] [--keys N] [--lookups N] [--rtt-ms MS]\n");
    return 2;
  }
  const auto start = Clock::now();
  const double before_kib = rss_kib();
  const Nodes nodes = open_nodes(settings);
  settle(nodes, std::min<std::size_t>(4, settings["nodes"] - 1));
  std::printf("%zu nodes, %zu ms round trip: up in %.1f s\n", nodes.size(), settings["rtt-ms"], ms_since(start) / 1000);

  for (std::size_t i = 0; i < settings["announcers"]; ++i) {
    base::Bytes value(400);
    std::memcpy(value.data(), &i, sizeof i);
    for (std::size_t k = 0; k < settings["keys"]; ++k) nodes[i]->put(key(k), i, value);
  }
  std::this_thread::sleep_for(std::chrono::seconds(5 + settings["rtt-ms"] / 20));

  std::mt19937 engine(1);
  std::vector<std::pair<std::size_t, std::size_t>> order;  // node, key
  for (std::size_t n = settings["announcers"] % nodes.size(); n < nodes.size(); ++n)
    for (std::size_t k = 0; k < settings["keys"]; ++k) order.emplace_back(n, k);
  std::shuffle(order.begin(), order.end(), engine);
  order.resize(std::min(order.size(), settings["lookups"]));
  std::vector<Lookup> lookups;
  for (const auto& [n, k] : order) lookups.push_back(look_up(*nodes[n], key(k)));
  report(lookups, settings["announcers"]);
  std::printf("memory: %.0f KiB a node\n", (rss_kib() - before_kib) / static_cast<double>(nodes.size()));
}
