// Results as values and as JSON. The JSON library (13 s a file that includes it) stays in report.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "auction/placement/mechanism.h"
#include "base/result.h"

namespace tarn {

// What `tarn place` learnt and measured; amounts are decimal strings in JSON.
struct PartyReport {
  std::string role;  // "requester" or "provider", or "party" of a bare circuit
  std::string mechanism, resource_class;
  auction::RequesterOutcome placed;     // requester
  std::vector<std::string> winner_ids;  // of its awards
  auction::ProviderOutcome offered;     // provider
  std::string outputs;                  // a bare circuit's bits, as 0 and 1
  bool acquainted = false;
  std::uint32_t hops = 0, hops_online = 0;
  double connect_ms = 0, manifest_ms = 0, base_ot_ms = 0, prepare_ms = 0, garble_ms = 0, evaluate_ms = 0, total_ms = 0;
  std::uint64_t sent_bytes = 0;
};
std::string to_json(const PartyReport& report);
// What the parties say they learnt is this outcome; the requester is the first.
bool same_outcome(const std::vector<PartyReport>& reports, const auction::Outcome& outcome);
// "unit payment" or "total payment"
std::string_view label(auction::Payment::Per per);
// Nothing if it is not such a report.
std::optional<PartyReport> parse_party_report(const std::string& json);
std::string error_json(const base::Error& error, const std::string& party);
// The message of an error object, if the text is one.
std::optional<std::string> parse_error_message(const std::string& json);

struct BenchRow {
  std::string circuit;
  std::size_t parties = 0, and_gates = 0;
  std::uint32_t hops = 0, hops_online = 0;
  int rtt_ms = 0;
  bool acquainted = false;
  double connect_ms = 0, base_ot_ms = 0, prepare_ms = 0, garble_ms = 0, evaluate_ms = 0, total_ms = 0;
  double cpu_ms_per_party = 0;
  std::uint64_t sent_bytes_max = 0, sent_bytes_total = 0;
  double peak_rss_mb = 0;
};
std::string to_json(const std::vector<BenchRow>& rows);

// Whole requests at one distance: medians. total: until the allocation is known; delivery: from there to signed leases.
struct PoolBenchRow {
  std::size_t providers = 0, attempts = 0;  // attempts: of the request that took most
  int rtt_ms = 0;
  bool acquainted = false;
  double discovery_ms = 0, agreement_ms = 0, mpc_ms = 0, total_ms = 0, delivery_ms = 0;
  double plain_ms = 0, ratio = 0;  // the same without privacy; total to it
  double angler_mpc_ms = 0;
};
std::string to_json(const std::vector<PoolBenchRow>& rows);

// A flat object.
using JsonField = std::pair<std::string, std::variant<std::string, std::uint64_t, double>>;
std::string flat_json(const std::vector<JsonField>& fields);

struct DemoParty {
  std::string name, id, put_in, learned;
  PartyReport report;
};
struct DemoReport {
  std::string mechanism, resource_class;
  std::vector<DemoParty> parties;
  std::uint64_t seed = 0;
  bool equals_plain = false;
  double rtt_ms = 0;
};
std::string to_json(const DemoReport& report);

}  // namespace tarn
