// What a provider counts, under the names that docs/operations.md explains. No prices, no quantities of requests, no
// keys: labels are words of the program, and the names that the owner gave to its own offers.
// Threads: any.
#pragma once

#include <span>
#include <string_view>

#include "inventory/deliveries.h"
#include "net/metrics.h"

namespace tarn {

// How a provider's part in a session ended. A loser does not learn whether somebody else won.
enum class SessionOutcome : std::uint8_t {
  kWon,             // the lease is signed by both
  kUnconfirmed,     // won, and the countersignature did not come
  kDeclined,        // won, and the requester did not want it
  kLost,            // not selected
  kNotDrawn,        // accepted, and the draw fell on others
  kNoDraw,          // accepted, and no valid draw came
  kAbortedNamed,    // somebody misbehaved, and is named
  kAbortedUnnamed,  // somebody misbehaved
  kDeadline,
  kUnreachable,  // a party vanished
  kFailed,       // our own trouble: storage, shutdown
};
SessionOutcome outcome_of(const base::Error& error);  // of a session that failed

class ServiceMetrics {
 public:
  explicit ServiceMetrics(std::string_view version);

  void session_ended(SessionOutcome outcome);
  void session_refused(std::string_view reason);  // before it began: a word, of a small set
  void sessions_running(std::size_t count);
  void session_phase(std::string_view phase, double seconds);
  void line_accepted();
  void line_refused(std::string_view reason);
  void probe_answered();
  void announced(std::size_t values);
  void dht_nodes(std::size_t good);
  void coordinate_error(double relative);
  void excluded(std::size_t peers);
  void delivery(const inventory::DeliveryEvent& event);
  void deliveries(const inventory::Deliveries::Counts& counts);
  void leads(bool leads);  // an operator
  void contributions(std::size_t accepted, std::size_t refused);
  void api_called(std::string_view verb, unsigned status);  // of a cluster; status 0: no answer
  void inventory(std::span<const inventory::Totals> offers, std::span<const inventory::Lease> leases);

  std::string text() const;  // for Prometheus; with this process's own figures

 private:
  mutable net::Metrics metrics_;
};

}  // namespace tarn
