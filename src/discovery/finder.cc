#include "discovery/finder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>

#include "base/check.h"
#include "discovery/sightings.h"

namespace discovery {
namespace {

constexpr std::size_t kSmallWorld = 128;  // with fewer known than this, the world's bucket has shown them all
constexpr int kAttempts = 3;              // one lookup in fifty finds nothing of what is there
constexpr int kProbingMs = 1000;          // kept of the query's time, or a third of it
constexpr double kDoubt = 1.25;           // how much nearer than predicted somebody may well be
constexpr double kRepeatMs = 200, kPatienceMs = 1000;  // a lost probe is repeated once
constexpr std::int64_t kGraceMinMs = 30, kGraceMaxMs = 300;
constexpr std::int64_t kShortGraceMinMs = 100, kShortGraceMaxMs = 600;  // as long as fewer than k are known

// One find(), from the first lookup to the ranking.
class Search {
 public:
  Search(const Query& query, Vivaldi& vivaldi, const base::Clock& clock,
         const std::function<void(const Candidate&)>& on_found)
      : query_(query), vivaldi_(vivaldi), clock_(clock), on_found_(on_found), deadline_(now() + query.timeout_ms) {}

  void look_up(Directory& directory);
  void probe(Prober& prober);
  bool cancelled() const { return query_.cancelled && query_.cancelled(); }
  bool deceived() const;  // those who said that they are near kept us from hearing others
  void be_patient() { patient_ = true; }
  std::vector<Candidate> ranked() const;

 private:
  struct Entry {
    Candidate candidate;
    bool probed = false;
  };
  std::int64_t now() const { return clock_.unix_ms(); }
  void look_under(Directory& directory, const std::vector<Cell>& cells, std::int64_t until);
  void saw(const Bucket& bucket, base::ByteView value);
  bool enough_near() const;
  bool quiet() const;
  std::vector<Entry*> next_to_probe(std::size_t most);
  void probe_round(Prober& prober, const std::vector<Entry*>& whom, int timeout_ms);
  double kth_rtt_ms() const;  // infinite as long as fewer have answered

  const Query& query_;
  Vivaldi& vivaldi_;
  const base::Clock& clock_;
  const std::function<void(const Candidate&)>& on_found_;
  const std::int64_t deadline_;
  double reach_ms_ = 0;                  // whoever is nearer is in the cells that are asked for
  std::int64_t asked_ = 0, last_ = 0;    // when the present lookup began, when something new came
  std::optional<std::int64_t> latency_;  // from asking to the first thing that came
  bool patient_ = false;                 // enough is not enough
  Sightings sightings_;
  std::map<crypto::PublicKey, Entry> entries_;  // who fits
};

void Search::look_up(Directory& directory) {
  const std::int64_t until = deadline_ - std::min(query_.timeout_ms / 3, kProbingMs);
  const Coordinate here = vivaldi_.own();
  if (!vivaldi_.settled()) return look_under(directory, {Cell{}}, until);  // the world is all that we know of
  reach_ms_ = kSidesMs[kFinest];
  look_under(directory, first_cells(here), until);
  for (std::size_t level = kFinest - 1; level > 0; --level) {
    if (sightings_.newest().size() < kSmallWorld || enough_near()) return;
    reach_ms_ = kSidesMs[level];
    look_under(directory, ring(here, level), until);
  }
}

void Search::look_under(Directory& directory, const std::vector<Cell>& cells, std::int64_t until) {
  const std::vector<Bucket> wanted = buckets(query_.family, cells, now());
  std::vector<DirectoryKey> keys;
  for (const Bucket& bucket : wanted) keys.push_back(bucket.key);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    asked_ = now();
    if (asked_ >= until || cancelled()) return;
    directory.get(keys, static_cast<int>(until - asked_), [&](std::size_t key, base::ByteView value) {
      if (!value.empty()) saw(wanted[key], value);
      return !enough_near() && !quiet() && now() < until && !cancelled();
    });
    if (!entries_.empty()) return;
  }
}

void Search::saw(const Bucket& bucket, base::ByteView value) {
  const Announcement* said = sightings_.add(bucket, value, now());
  if (said == nullptr) return;
  last_ = now();
  if (!latency_) latency_ = last_ - asked_;
  const bool wanted = !said->withdrawn && !query_.excluded.contains(said->key) && (!query_.fits || query_.fits(*said));
  if (!wanted) {
    entries_.erase(said->key);
    return;
  }
  const Candidate candidate{*said, {}, distance_ms(vivaldi_.own(), said->coordinate), last_ - said->issued_ms};
  entries_[said->key] = {candidate, false};  // it may be elsewhere now
  if (on_found_) on_found_(candidate);
}

bool Search::deceived() const { return enough_near() && kth_rtt_ms() > 2 * reach_ms_; }

bool Search::enough_near() const {
  if (patient_) return false;
  const auto near = [this](const auto& entry) { return entry.second.candidate.estimated_ms <= reach_ms_; };
  return static_cast<std::size_t>(std::ranges::count_if(entries_, near)) >= 2 * query_.k;
}

// Lookups of the same length end at about the same time: what is not here half as late again will not come soon. While
// we are short of providers it is worth to wait longer: a node that answers early may know only a part, and the others
// are a round trip or two behind it.
bool Search::quiet() const {
  if (!latency_) return false;
  const std::int64_t grace = entries_.size() < query_.k ? std::clamp(2 * *latency_, kShortGraceMinMs, kShortGraceMaxMs)
                                                        : std::clamp(*latency_ / 2, kGraceMinMs, kGraceMaxMs);
  return now() - std::max(last_, asked_ + *latency_) >= grace;
}

std::vector<Search::Entry*> Search::next_to_probe(std::size_t most) {
  const double bar = kDoubt * kth_rtt_ms();
  std::vector<Entry*> out;
  for (auto& [key, entry] : entries_) {
    if (entry.probed) continue;
    entry.candidate.estimated_ms = distance_ms(vivaldi_.own(), entry.candidate.announcement.coordinate);
    if (entry.candidate.estimated_ms < bar) out.push_back(&entry);
  }
  std::ranges::sort(out, {}, [](const Entry* e) { return e->candidate.estimated_ms; });
  if (out.size() > most) out.resize(most);
  return out;
}

void Search::probe(Prober& prober) {
  for (std::size_t left = 4 * query_.k; left > 0 && now() < deadline_ && !cancelled();) {
    const std::vector<Entry*> whom = next_to_probe(std::min(left, 2 * query_.k));
    if (whom.empty()) return;
    left -= whom.size();
    // Who has not answered by the time of the k-th best is not among the k. Nobody waits long for the dead.
    const double patience = vivaldi_.settled() ? kRepeatMs + 2 * whom.back()->candidate.estimated_ms : kPatienceMs;
    const double most = std::min({patience, kPatienceMs, kth_rtt_ms() + 1, static_cast<double>(deadline_ - now())});
    probe_round(prober, whom, static_cast<int>(std::ceil(most)));
  }
}

void Search::probe_round(Prober& prober, const std::vector<Entry*>& whom, int timeout_ms) {
  std::vector<ProbeTarget> targets;
  for (Entry* entry : whom) {
    entry->probed = true;
    targets.push_back({entry->candidate.announcement.key, entry->candidate.announcement.endpoint});
  }
  std::size_t answers = 0;
  prober.probe(targets, timeout_ms, [&](const ProbeAnswer& answer) {
    whom[answer.target]->candidate.rtt_ms = answer.rtt_ms;
    vivaldi_.observe(targets[answer.target].key, answer.coordinate, answer.rtt_ms, now());
    return ++answers < query_.k;
  });
}

double Search::kth_rtt_ms() const {
  std::vector<double> rtts;
  for (const auto& [key, entry] : entries_)
    if (entry.candidate.rtt_ms) rtts.push_back(*entry.candidate.rtt_ms);
  if (rtts.size() < query_.k) return std::numeric_limits<double>::infinity();
  std::ranges::sort(rtts);
  return rtts[query_.k - 1];
}

std::vector<Candidate> Search::ranked() const {
  std::vector<Entry> all;
  for (const auto& [key, entry] : entries_) all.push_back(entry);
  const auto rank = [](const Entry& e) {
    const int kind = e.candidate.rtt_ms ? 0 : e.probed ? 2 : 1;
    return std::pair(kind, e.candidate.rtt_ms.value_or(e.candidate.estimated_ms));
  };
  std::ranges::sort(all, {}, rank);
  std::vector<Candidate> out;
  for (const Entry& entry : all)
    if (out.size() < 2 * query_.k) out.push_back(entry.candidate);
  return out;
}

}  // namespace

std::vector<Candidate> Finder::find(const Query& query, const std::function<void(const Candidate&)>& on_found) {
  CHECK(query.k > 0);
  Search search(query, vivaldi_, clock_, on_found);
  search.look_up(directory_);
  search.probe(prober_);
  if (search.deceived()) {
    search.be_patient();
    search.look_up(directory_);
    search.probe(prober_);
  }
  return search.ranked();
}

}  // namespace discovery
