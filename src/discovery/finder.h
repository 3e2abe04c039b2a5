// Finder: the nearest providers that serve a request, within a time limit. Looks under its own and the neighbouring
// cells and under the world at once, takes whole buckets and filters at home, and stops as soon as enough near ones are
// known or nothing new comes; ranks by predicted distance, probes the best 2k and keeps the nearest by measured time.
// As long as somebody not probed yet is predicted to be not much farther than the k-th measured, there is another round
// (at most 4k probes); and if false neighbours ended the search early, it goes on without stopping at enough.
// Every measurement teaches `vivaldi`. One thread at a time; find() blocks for at most the query's time.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "discovery/announcement.h"
#include "discovery/directory.h"
#include "discovery/prober.h"
#include "discovery/vivaldi.h"

namespace discovery {

struct Query {
  std::string family = {};                             // model::ResourceClass::family()
  std::function<bool(const Announcement&)> fits = {};  // e.g. covers the class wanted; empty: everybody fits
  std::size_t k = 8;                                   // so many near ones; up to 2k come back, the rest is for backups
  std::set<crypto::PublicKey> excluded = {};           // whom we do not want
  int timeout_ms = 3000;
  std::function<bool()> cancelled = {};  // asked all the time; then what is known by now comes back
};

struct Candidate {
  Announcement announcement;
  std::optional<double> rtt_ms;  // measured: an upper bound
  double estimated_ms = 0;
  std::int64_t age_ms = 0;  // of the announcement
};

class Finder {
 public:
  // The references outlive it.
  Finder(Directory& directory, Prober& prober, Vivaldi& vivaldi, const base::Clock& clock)
      : directory_(directory), prober_(prober), vivaldi_(vivaldi), clock_(clock) {}

  // Nearest first: the measured ones by time, then the others by estimate, those that did not answer last.
  // `on_found` hears of each candidate as it comes in, not ranked, and again if it has changed its mind.
  std::vector<Candidate> find(const Query& query, const std::function<void(const Candidate&)>& on_found = {});

 private:
  Directory& directory_;
  Prober& prober_;
  Vivaldi& vivaldi_;
  const base::Clock& clock_;
};

}  // namespace discovery
