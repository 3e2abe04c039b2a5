#include "tarn/service_metrics.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace tarn {
namespace {

constexpr std::array<const char*, 11> kOutcomes = {"won",       "unconfirmed", "declined",      "lost",
                                                   "not_drawn", "no_draw",     "aborted_named", "aborted_unnamed",
                                                   "deadline",  "unreachable", "failed"};

net::Metrics::Labels label(const char* name, std::string_view value) { return {{name, std::string(value)}}; }

// The names that Prometheus' own clients use. What the system does not tell is left out.
void add_process(net::Metrics& metrics) {
  std::ifstream statm("/proc/self/statm");
  double pages = 0, resident = 0;
  if (statm >> pages >> resident)
    metrics.set("process_resident_memory_bytes", {}, resident * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  std::error_code failure;
  double descriptors = -1;  // the listing's own
  for (std::filesystem::directory_iterator at("/proc/self/fd", failure), end; !failure && at != end;
       at.increment(failure))
    ++descriptors;
  if (!failure) metrics.set("process_open_fds", {}, descriptors);
  rusage used{};
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  if (::getrusage(RUSAGE_SELF, &used) == 0)
    metrics.set("process_cpu_seconds_total", {}, seconds(used.ru_utime) + seconds(used.ru_stime));
}

}  // namespace

SessionOutcome outcome_of(const base::Error& error) {
  switch (error.code) {
    case base::Code::kPeerMisbehaved: return SessionOutcome::kAbortedNamed;
    case base::Code::kSomebodyMisbehaved: return SessionOutcome::kAbortedUnnamed;
    case base::Code::kDeadline: return SessionOutcome::kDeadline;
    case base::Code::kUnreachable: return SessionOutcome::kUnreachable;
    case base::Code::kInvalidInput:
    case base::Code::kCancelled:
    case base::Code::kStorage:
    case base::Code::kUnauthenticated:
    case base::Code::kForbidden:
    case base::Code::kNotFound:
    case base::Code::kConflict: break;
  }
  return SessionOutcome::kFailed;
}

ServiceMetrics::ServiceMetrics(std::string_view version) {
  metrics_.declare_gauge("tarn_build_info", "1, with the version.");
  metrics_.declare_counter("tarn_sessions_total", "Sessions that this provider accepted, by how they ended for it.");
  metrics_.declare_counter("tarn_refusals_total", "Invitations and lease calls refused, by reason.");
  metrics_.declare_gauge("tarn_operator_leads", "1 while this operator is the one that acts.");
  metrics_.declare_gauge("tarn_contributions", "PoolContributions of the cluster, by what was made of them.");
  metrics_.declare_counter("tarn_kubernetes_calls_total", "Calls of the cluster's API, by verb and class of status.");
  metrics_.declare_gauge("tarn_sessions_running", "Sessions under way.");
  metrics_.declare_histogram("tarn_session_phase_seconds", "Time that sessions spent in a phase.",
                             {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30});
  metrics_.declare_gauge("tarn_units", "Units of an offer: free, held for a session, leased, reserved for a market.");
  metrics_.declare_gauge("tarn_leases",
                         "Leases: offered (not countersigned yet), active, returning (ended, and being taken away).");
  metrics_.declare_gauge("tarn_deliveries",
                         "What leases have become: coming, ready, leaving; failing are some of these.");
  metrics_.declare_counter("tarn_delivery_events_total", "What happened to deliveries.");
  metrics_.declare_gauge("tarn_delivery_reachable", "1 if the platform that delivers answered when last asked.");
  metrics_.declare_histogram("tarn_delivery_seconds", "Time from a lease that is signed, or ended, to what it means.",
                             {0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60, 300});
  metrics_.declare_counter("tarn_lines_accepted_total", "Connections let in at the front door.");
  metrics_.declare_counter("tarn_lines_refused_total", "Connections refused at the front door, by reason.");
  metrics_.declare_counter("tarn_probes_answered_total", "Probes of the distance answered.");
  metrics_.declare_counter("tarn_announcements_total", "Values put into the distributed hash table.");
  metrics_.declare_gauge("tarn_dht_nodes", "Nodes of the distributed hash table that answer.");
  metrics_.declare_gauge("tarn_coordinate_error", "Relative error of the own network coordinate; 1.5: not known yet.");
  metrics_.declare_gauge("tarn_excluded_peers", "Organisations excluded for what they did.");
  metrics_.declare_gauge("process_resident_memory_bytes", "Memory in use.");
  metrics_.declare_gauge("process_open_fds", "Open descriptors.");
  metrics_.declare_counter("process_cpu_seconds_total", "Processor time used.");
  metrics_.set("tarn_build_info", label("version", version), 1);
  for (const char* outcome : kOutcomes) metrics_.add("tarn_sessions_total", label("outcome", outcome), 0);
  for (const char* name : {"tarn_lines_accepted_total", "tarn_probes_answered_total", "tarn_announcements_total"})
    metrics_.add(name, {}, 0);
}

void ServiceMetrics::session_ended(SessionOutcome outcome) {
  metrics_.add("tarn_sessions_total", label("outcome", kOutcomes[static_cast<std::size_t>(outcome)]));
}
void ServiceMetrics::session_refused(std::string_view reason) {
  metrics_.add("tarn_refusals_total", label("reason", reason));
}
void ServiceMetrics::sessions_running(std::size_t count) {
  metrics_.set("tarn_sessions_running", {}, static_cast<double>(count));
}
void ServiceMetrics::session_phase(std::string_view phase, double seconds) {
  metrics_.observe("tarn_session_phase_seconds", label("phase", phase), seconds);
}
void ServiceMetrics::line_accepted() { metrics_.add("tarn_lines_accepted_total"); }
void ServiceMetrics::line_refused(std::string_view reason) {
  metrics_.add("tarn_lines_refused_total", label("reason", reason));
}
void ServiceMetrics::probe_answered() { metrics_.add("tarn_probes_answered_total"); }
void ServiceMetrics::announced(std::size_t values) {
  metrics_.add("tarn_announcements_total", {}, static_cast<double>(values));
}
void ServiceMetrics::dht_nodes(std::size_t good) { metrics_.set("tarn_dht_nodes", {}, static_cast<double>(good)); }
void ServiceMetrics::coordinate_error(double relative) { metrics_.set("tarn_coordinate_error", {}, relative); }
void ServiceMetrics::excluded(std::size_t peers) {
  metrics_.set("tarn_excluded_peers", {}, static_cast<double>(peers));
}

void ServiceMetrics::delivery(const inventory::DeliveryEvent& event) {
  using Kind = inventory::DeliveryEvent::Kind;
  constexpr std::array<const char*, 7> kEvents = {"ready",    "renewed", "gone",  "vanished",
                                                  "recalled", "orphan",  "failed"};
  metrics_.add("tarn_delivery_events_total", label("event", kEvents.at(static_cast<std::size_t>(event.kind))));
  const double seconds = static_cast<double>(event.took_ms) / 1000;
  if (event.kind == Kind::kReady) metrics_.observe("tarn_delivery_seconds", label("phase", "ready"), seconds);
  if (event.kind == Kind::kGone) metrics_.observe("tarn_delivery_seconds", label("phase", "gone"), seconds);
}

void ServiceMetrics::deliveries(const inventory::Deliveries::Counts& counts) {
  const auto set = [&](const char* state, std::size_t count) {
    metrics_.set("tarn_deliveries", label("state", state), static_cast<double>(count));
  };
  set("coming", counts.coming);
  set("ready", counts.ready);
  set("leaving", counts.leaving);
  set("failing", counts.failing);
  metrics_.set("tarn_delivery_reachable", {}, counts.reachable ? 1 : 0);
}

void ServiceMetrics::leads(bool leads) { metrics_.set("tarn_operator_leads", {}, leads ? 1 : 0); }

void ServiceMetrics::contributions(std::size_t accepted, std::size_t refused) {
  metrics_.set("tarn_contributions", label("state", "accepted"), static_cast<double>(accepted));
  metrics_.set("tarn_contributions", label("state", "refused"), static_cast<double>(refused));
}

void ServiceMetrics::api_called(std::string_view verb, unsigned status) {
  const std::string outcome = status == 0 ? "none" : std::to_string(status / 100) + "xx";
  metrics_.add("tarn_kubernetes_calls_total", {{"verb", std::string(verb)}, {"status", outcome}});
}

void ServiceMetrics::inventory(std::span<const inventory::Totals> offers, std::span<const inventory::Lease> leases) {
  std::vector<std::pair<net::Metrics::Labels, double>> units;
  for (const inventory::Totals& offer : offers) {
    const auto add = [&](const char* state, std::uint64_t count) {
      units.push_back({{{"offer", offer.offer}, {"state", state}}, static_cast<double>(count)});
    };
    add("free", offer.free);
    add("held", offer.held);
    add("leased", offer.leased);
    add("reserved", offer.reserved);
  }
  metrics_.replace("tarn_units", units);
  double offered = 0, active = 0, returning = 0;
  for (const inventory::Lease& lease : leases) {
    offered += lease.state == inventory::Lease::State::kOffered;
    active += lease.state == inventory::Lease::State::kActive;
    returning += lease.state == inventory::Lease::State::kReturning;
  }
  metrics_.set("tarn_leases", label("state", "offered"), offered);
  metrics_.set("tarn_leases", label("state", "active"), active);
  metrics_.set("tarn_leases", label("state", "returning"), returning);
}

std::string ServiceMetrics::text() const {
  add_process(metrics_);
  return metrics_.text();
}

}  // namespace tarn
