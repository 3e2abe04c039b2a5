// tarn bench placement, tarn bench circuit: parties as processes on loopback, medians of whole sessions.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "auction/placement/mechanism.h"
#include "crypto/random.h"
#include "mpc/bristol.h"
#include "pool/placement_circuit.h"
#include "tarn/config.h"
#include "tarn/local_parties.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/report.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxCircuitFile = std::size_t{256} << 20;

template <class T>
T median(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// One session's figures: the slowest party's times, as the user waits for it; means and sums where a row says so.
BenchRow measure(const std::vector<PartyReport>& reports, const std::vector<PartyEnd>& ends) {
  BenchRow row;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const PartyReport& r = reports[i];
    row.hops = std::max(row.hops, r.hops);
    row.hops_online = std::max(row.hops_online, r.hops_online);
    row.connect_ms = std::max(row.connect_ms, r.connect_ms);
    row.base_ot_ms = std::max(row.base_ot_ms, r.base_ot_ms);
    row.prepare_ms = std::max(row.prepare_ms, r.prepare_ms);
    row.garble_ms = std::max(row.garble_ms, r.garble_ms);
    row.evaluate_ms = std::max(row.evaluate_ms, r.evaluate_ms);
    row.total_ms = std::max(row.total_ms, r.total_ms);
    row.cpu_ms_per_party += ends[i].cpu_ms / static_cast<double>(reports.size());
    row.sent_bytes_max = std::max(row.sent_bytes_max, r.sent_bytes);
    row.sent_bytes_total += r.sent_bytes;
    row.peak_rss_mb = std::max(row.peak_rss_mb, ends[i].peak_rss_mb);
  }
  return row;
}

BenchRow medians(const std::vector<BenchRow>& rows) {
  BenchRow out;
  const auto of = [&](auto BenchRow::* field) {
    std::vector<std::remove_reference_t<decltype(out.*field)>> values;
    for (const BenchRow& row : rows) values.push_back(row.*field);
    out.*field = median(std::move(values));
  };
  of(&BenchRow::hops);
  of(&BenchRow::hops_online);
  of(&BenchRow::connect_ms);
  of(&BenchRow::base_ot_ms);
  of(&BenchRow::prepare_ms);
  of(&BenchRow::garble_ms);
  of(&BenchRow::evaluate_ms);
  of(&BenchRow::total_ms);
  of(&BenchRow::cpu_ms_per_party);
  of(&BenchRow::sent_bytes_max);
  of(&BenchRow::sent_bytes_total);
  of(&BenchRow::peak_rss_mb);
  return out;
}

// What is measured, and the truth that every session is held against.
struct Subject {
  LocalSession session;
  std::string circuit_name;
  mpc::Circuit circuit;
  std::function<bool(const std::vector<PartyReport>&)> correct;
};

Subject placement_subject(auction::Mechanism mechanism, std::size_t parties) {
  Subject out{{}, "", pool::placement_circuit(mechanism, parties - 1, auction::kDefaultWidth), {}};
  out.circuit_name = auction::name(mechanism);
  out.session.parties = parties;
  out.session.mechanism = out.circuit_name;
  out.session.resource_class = "bench";
  const auction::RequesterInput request{32, 80};
  std::vector<auction::ProviderInput> offers;
  for (std::size_t i = 0; i + 1 < parties; ++i) offers.push_back({20 + 15 * i, 70 - 3 * i});
  out.session.inputs.push_back("quantity = 32\nmax_price = 80\n");
  for (const auto& o : offers)
    out.session.inputs.push_back("capacity = " + std::to_string(o.capacity) + "\nprice = " + std::to_string(o.price) +
                                 "\n");
  const auction::Outcome plain = place_plain(mechanism, auction::kDefaultWidth, request, offers);
  out.correct = [plain](const std::vector<PartyReport>& reports) { return same_outcome(reports, plain); };
  return out;
}

base::Result<Subject> circuit_subject(const std::string& file, std::size_t parties) {
  TARN_ASSIGN(const std::string text, read_text_file(file, kMaxCircuitFile));
  TARN_ASSIGN(mpc::Circuit circuit, mpc::read_bristol(text, mpc::BristolOwners{parties}));
  std::vector<mpc::Bits> inputs(parties);
  for (std::size_t p = 0; p < parties; ++p) {  // as run_place draws them
    crypto::SeededRandom bits(base::view("bench input " + std::to_string(p)));
    inputs[p].resize(circuit.inputs_of(p));
    for (auto& bit : inputs[p]) bit = bits.block().bit(0) ? 1 : 0;
  }
  std::string expected;
  const std::vector<mpc::Bits> plain = evaluate_plain(circuit, inputs);
  for (const std::uint8_t bit : plain[0]) expected += bit != 0 ? '1' : '0';
  Subject out{{}, std::filesystem::path(file).stem().string(), std::move(circuit), {}};
  out.session.parties = parties;
  out.session.mechanism = "first-price";
  out.session.resource_class = "bench";
  out.session.circuit = std::filesystem::absolute(file).string();
  out.correct = [expected](const std::vector<PartyReport>& reports) { return reports[0].outputs == expected; };
  return out;
}

base::Result<BenchRow> measure_one(LocalParties& parties, const Subject& subject, bool acquainted) {
  if (!acquainted) TARN_TRY(parties.forget());
  TARN_ASSIGN(const std::vector<PartyEnd> ends, parties.run());
  TARN_ASSIGN(const std::vector<PartyReport> reports, reports_of(ends));
  if (!subject.correct(reports))
    return base::Error{base::Code::kSomebodyMisbehaved, "the secure result differs from the plain one; this is a bug"};
  for (const PartyReport& r : reports)
    if (r.acquainted != acquainted) return base::Error{base::Code::kStorage, "acquaintances were not kept"};
  return measure(reports, ends);
}

base::Result<BenchRow> measure_subject(Subject subject, int rtt_ms, const BenchOptions& options) {
  subject.session.rtt_ms = rtt_ms;
  subject.session.extension_k = options.extension_k;
  TARN_ASSIGN(LocalParties parties, LocalParties::make(subject.session));
  if (options.acquainted) {
    TARN_ASSIGN(const BenchRow first, measure_one(parties, subject, false));
    (void)first;
  }
  std::vector<BenchRow> rows;
  for (std::size_t i = 0; i < options.repeat; ++i) {
    progress(subject.circuit_name + ", " + std::to_string(subject.session.parties) + " parties, " +
             std::to_string(rtt_ms) + " ms RTT, " + (options.acquainted ? "acquainted" : "first meeting") + ": " +
             std::to_string(i + 1) + " of " + std::to_string(options.repeat));
    TARN_ASSIGN(rows.emplace_back(), measure_one(parties, subject, options.acquainted));
  }
  BenchRow row = medians(rows);
  row.circuit = subject.circuit_name;
  row.parties = subject.session.parties;
  row.and_gates = subject.circuit.and_gates();
  row.rtt_ms = rtt_ms;
  row.acquainted = options.acquainted;
  return row;
}

void print(const std::vector<BenchRow>& rows) {
  if (json_wanted()) {
    std::printf("%s\n", to_json(rows).c_str());
    return;
  }
  std::vector<std::vector<std::string>> lines{{"circuit", "n", "AND", "rtt ms", "met", "hops", "online", "links ms",
                                               "base OT ms", "prepare ms", "garble ms", "evaluate ms", "total ms",
                                               "CPU ms", "kB max", "kB all", "RSS MB"}};
  for (const BenchRow& r : rows)
    lines.push_back({r.circuit, std::to_string(r.parties), std::to_string(r.and_gates), std::to_string(r.rtt_ms),
                     r.acquainted ? "yes" : "no", std::to_string(r.hops), std::to_string(r.hops_online),
                     fixed(r.connect_ms, 0), fixed(r.base_ot_ms, 1), fixed(r.prepare_ms, 1), fixed(r.garble_ms, 1),
                     fixed(r.evaluate_ms, 1), fixed(r.total_ms, 1), fixed(r.cpu_ms_per_party, 1),
                     fixed(static_cast<double>(r.sent_bytes_max) / 1000, 0),
                     fixed(static_cast<double>(r.sent_bytes_total) / 1000, 0), fixed(r.peak_rss_mb, 1)});
  std::printf("%s", table(lines).c_str());
}

}  // namespace

int run_bench(const BenchOptions& options) {
  const auto mechanism = auction::parse_mechanism(options.mechanism);
  if (!mechanism.ok()) return report(mechanism.error());
  catch_signals();
  std::vector<BenchRow> rows;
  for (const std::size_t parties : options.parties) {
    for (const int rtt_ms : options.rtt_ms) {
      auto subject = options.circuit.empty() ? base::Result<Subject>(placement_subject(*mechanism, parties))
                                             : circuit_subject(options.circuit, parties);
      if (!subject.ok()) return report(subject.error());
      auto row = measure_subject(std::move(*subject), rtt_ms, options);
      if (!row.ok()) return report(row.error());
      rows.push_back(std::move(*row));
    }
  }
  print(rows);
  return kExitDone;
}

}  // namespace tarn
