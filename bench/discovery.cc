// How well coordinates predict, and how near the chosen providers are, on times that were measured among 490 hosts:
//   ./run bench discovery
// Everything runs on made-up time from a seed, so the figures are the same everywhere. Ends with 1 if a bar is missed.
#include <cstdio>

#include "discovery/announcer.h"
#include "discovery/finder.h"
#include "support/coordinate_attacks.h"
#include "support/coordinate_world.h"
#include "support/memory_directory.h"

namespace {

using discovery::Vivaldi;
using support::CoordinateWorld;
using support::LatencyMatrix;

constexpr std::size_t kProviders = 64, kChosen = 8, kTrials = 300;
bool missed = false;

void bar(const char* what, double value, double limit) {
  std::printf("  %-58s %8.3f  at most %8.3f   %s\n", what, value, limit, value <= limit ? "met" : "MISSED");
  if (value > limit) missed = true;
}

std::vector<double> errors(const LatencyMatrix& matrix, Vivaldi::Checks checks, const support::Attack& attack) {
  CoordinateWorld world(matrix, "bench", checks);
  std::vector<double> out;
  std::size_t done = 0;
  for (const std::size_t samples : {64U, 256U, 1024U}) {
    world.run(samples - done, attack.lie ? matrix.size() * 15 / 100 : 0, attack.lie);
    done = samples;
    out.push_back(world.median_error());
  }
  return out;
}

void accuracy(const LatencyMatrix& matrix) {
  std::puts("Median relative error of the honest's predictions after so many samples a host");
  std::printf("  %-40s %8s %8s %8s    %8s %8s %8s\n", "", "64", "256", "1024", "64", "256", "1024");
  std::printf("  %-40s %26s    %26s\n", "", "with checks", "without");
  std::vector<support::Attack> all = support::attacks();
  all.insert(all.begin(), {"nobody lies", {}});
  for (const support::Attack& attack : all) {
    const auto with = errors(matrix, Vivaldi::Checks::kNewton, attack);
    const auto without = errors(matrix, Vivaldi::Checks::kNone, attack);
    std::printf("  %-40s %8.3f %8.3f %8.3f    %8.3f %8.3f %8.3f\n",
                attack.lie ? (std::string("15 % lie: ") + attack.name).c_str() : attack.name, with[0], with[1], with[2],
                without[0], without[1], without[2]);
    if (attack.lie) continue;
    bar("after 64 samples (the design's figure + 5 %)", with[0], 0.167 * 1.05);
    bar("after 256", with[1], 0.090 * 1.05);
    bar("after 1024", with[2], 0.081 * 1.05);
  }
}

// Hosts that have been announced, and the finder's way to them.
class Town {
 public:
  Town(const LatencyMatrix& matrix, CoordinateWorld& world) : matrix_(matrix), world_(world) {
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      identities_.push_back(crypto::Identity::generate(random_));
      host_of_[identities_.back().public_key()] = i;
    }
  }
  struct Trial {
    std::size_t requester = 0;
    std::vector<std::size_t> providers;
  };
  Trial draw() {
    Trial trial{world_.pick(matrix_.size()), {}};
    while (trial.providers.size() < kProviders) {
      const std::size_t p = world_.pick(matrix_.size());
      if (matrix_.rtt_ms(trial.requester, p) && std::ranges::count(trial.providers, p) == 0)
        trial.providers.push_back(p);
    }
    return trial;
  }
  // Chooses by `predicted`.
  template <class Predicted>
  double worst(Trial trial, Predicted predicted) const {
    std::ranges::sort(trial.providers, {}, predicted);
    return worst_of(trial.requester, std::span(trial.providers).first(kChosen));
  }
  double worst_found(const Trial& trial, const discovery::Coordinate& own) {
    support::ManualClock clock;
    support::MemoryDirectory directory(clock);
    for (const std::size_t p : trial.providers) {
      discovery::Announcer announcer(identities_[p], "192.0.2.1:7000", directory);
      if (!announcer.run_once(clock.now, world_.node(p).own(), {*model::ResourceClass::parse("cpu=1")}).ok()) return 0;
    }
    support::MemoryProber prober(clock, [&](const crypto::PublicKey& key) -> support::MemoryProber::Answer {
      const std::size_t host = host_of_.at(key);
      return discovery::ProbeAnswer{0, *matrix_.rtt_ms(trial.requester, host), world_.node(host).own()};
    });
    Vivaldi vivaldi(random_, own);
    const std::int64_t start = clock.now;
    const auto found = discovery::Finder(directory, prober, vivaldi, clock)
                           .find({.family = model::ResourceClass().family(), .k = kChosen});
    elapsed_ms += static_cast<double>(clock.now - start);
    probes += static_cast<double>(prober.probed);
    std::vector<std::size_t> chosen;
    for (const discovery::Candidate& c : found)
      if (chosen.size() < kChosen) chosen.push_back(host_of_.at(c.announcement.key));
    return worst_of(trial.requester, chosen);
  }
  double elapsed_ms = 0, probes = 0;

 private:
  double worst_of(std::size_t from, std::span<const std::size_t> chosen) const {
    double worst = 0;
    for (const std::size_t p : chosen) worst = std::max(worst, *matrix_.rtt_ms(from, p));
    return worst;
  }
  const LatencyMatrix& matrix_;
  CoordinateWorld& world_;
  crypto::SeededRandom random_{base::view("town")};
  std::vector<crypto::Identity> identities_;
  std::map<crypto::PublicKey, std::size_t> host_of_;
};

void choice(const LatencyMatrix& matrix, CoordinateWorld& world, const CoordinateWorld& unchecked) {
  Town town(matrix, world);
  double oracle = 0, alone = 0, naive = 0, random = 0, found = 0, lost = 0, probes = 0, elapsed_ms = 0;
  for (std::size_t i = 0; i < kTrials; ++i) {
    const Town::Trial trial = town.draw();
    const auto own = world.node(trial.requester).own();
    oracle += town.worst(trial, [&](std::size_t p) { return *matrix.rtt_ms(trial.requester, p); });
    alone += town.worst(trial, [&](std::size_t p) { return discovery::distance_ms(own, world.node(p).own()); });
    const auto own_unchecked = unchecked.node(trial.requester).own();
    naive += town.worst(trial,
                        [&](std::size_t p) { return discovery::distance_ms(own_unchecked, unchecked.node(p).own()); });
    random += town.worst(trial, [](std::size_t) { return 0; });
    found += town.worst_found(trial, own);
    probes = town.probes, elapsed_ms = town.elapsed_ms;
  }
  for (std::size_t i = 0; i < kTrials; ++i) lost += town.worst_found(town.draw(), {});
  std::printf("\nMean worst time of the chosen %zu of %zu, ms (%zu draws)\n", kChosen, kProviders, kTrials);
  std::printf("  %-58s %8.1f\n", "oracle", oracle / kTrials);
  std::printf("  %-58s %8.1f\n", "random", random / kTrials);
  std::printf("  %-58s %8.1f\n", "coordinates alone", alone / kTrials);
  std::printf("  %-58s %8.1f\n", "coordinates alone, learnt without checks", naive / kTrials);
  std::printf("  %-58s %8.1f   %.1f probes, %.0f ms\n", "the finder", found / kTrials, probes / kTrials,
              elapsed_ms / kTrials);
  std::printf("  %-58s %8.1f\n", "the finder, not knowing where it is", lost / kTrials);
  bar("the finder, of the oracle", found / oracle, 1.05);
}

// What a level's ring brings: of all hosts, and of the 16 nearest by measured time.
void cells(const LatencyMatrix& matrix, const CoordinateWorld& world) {
  std::puts("\nThe own cell and the eight around it, of 490 hosts");
  std::printf("  %-12s %20s %28s\n", "side, ms", "hosts in it, mean", "of the nearest 16, mean");
  for (std::size_t level = 1; level < discovery::kLevels; ++level) {
    double in = 0, of_nearest = 0;
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      std::vector<std::pair<double, bool>> others;
      const auto ring = discovery::ring(world.node(i).own(), level);
      for (std::size_t j = 0; j < matrix.size(); ++j)
        if (const auto rtt = matrix.rtt_ms(i, j))
          others.emplace_back(*rtt, std::ranges::count(ring, discovery::cell_of(world.node(j).own(), level)) > 0);
      std::ranges::sort(others);
      for (std::size_t j = 0; j < others.size(); ++j) {
        in += others[j].second;
        if (j < 16) of_nearest += others[j].second;
      }
    }
    const auto hosts = static_cast<double>(matrix.size());
    std::printf("  %-12.0f %20.0f %28.1f\n", discovery::kSidesMs[level], in / hosts, of_nearest / hosts);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) {
    std::fprintf(stderr, "usage: %s\n", arguments[0]);
    return 2;
  }
  const LatencyMatrix matrix = LatencyMatrix::read(TARN_TEST_DATA "/latency/planetlab.txt");
  accuracy(matrix);
  CoordinateWorld world(matrix, "bench", Vivaldi::Checks::kNewton);
  world.run(1024);
  CoordinateWorld unchecked(matrix, "bench", Vivaldi::Checks::kNone);
  unchecked.run(1024);
  choice(matrix, world, unchecked);
  cells(matrix, world);
  return missed ? 1 : 0;
}
