// tarn place: one party of a private placement on this host.
#include <malloc.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "crypto/random.h"
#include "mpc/bristol.h"
#include "mpc/session.h"
#include "net/address.h"
#include "net/mesh.h"
#include "store/acquaintance_files.h"
#include "tarn/config.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/report.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxCircuitFile = std::size_t{256} << 20;

base::Error refused(const std::string& what) { return {base::Code::kInvalidInput, what}; }

// How people call a party: its name from the configuration beside its place and id.
std::string called(const PartyConfig& config, std::size_t party) {
  const ConfigParty& p = config.parties[party];
  return "party " + std::to_string(party) + " (" + (p.name.empty() ? "" : p.name + ", ") + p.id.text() + ")";
}

base::Result<std::size_t> own_place(const PartyConfig& config, const crypto::Identity& identity) {
  for (std::size_t i = 0; i < config.parties.size(); ++i)
    if (config.parties[i].id.key == identity.public_key()) return i;
  return refused("the identity " + config.identity + " (" + model::OrganisationId{identity.public_key()}.text() +
                 ") is none of the parties");
}

base::Status check_input(const PartyConfig& config, auction::Mechanism mechanism, std::size_t self) {
  if (!config.request && !config.offer) return refused("the configuration lacks [input]");
  if (self == 0 && !config.request)
    return refused("the first party is the requester: its [input] is quantity and max_price");
  if (self != 0 && !config.offer)
    return refused("only the first party is the requester: the [input] of the others is capacity and price");
  // Here, before anybody is troubled; the message names the field, not the amount.
  const auto bits = self == 0 ? pool::encode(mechanism, config.width, *config.request)
                              : pool::encode(mechanism, config.width, *config.offer);
  return bits.ok() ? base::Status{} : base::Status{bits.error()};
}

// Hops fill and free buffers of the same sizes; giving them back to the system each time, and getting them anew page by
// page, costs more than the hop. So: keep freed memory, and let the heap's first part consist of huge pages.
void prepare_memory() {
  constexpr std::size_t kHugePage = std::size_t{2} << 20, kPart = 128 * kHugePage;
  ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(kPart));      // NOLINT(concurrency-mt-unsafe): no other thread yet
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * kPart));  // NOLINT(concurrency-mt-unsafe)
  void* const part = std::malloc(kPart - kHugePage);         // only addresses: nothing is touched
  if (part == nullptr) return;
  void* first = part;
  std::size_t size = kPart - kHugePage;
  if (std::align(kHugePage, kHugePage, first, size) != nullptr)
    ::madvise(first, size / kHugePage * kHugePage, MADV_HUGEPAGE);
  std::free(part);
}

class PartyRun {
 public:
  PartyRun(const PlaceOptions& options, PartyConfig config) : options_(options), config_(std::move(config)) {}

  int run();

 private:
  base::Status set_up();
  base::Status connect(std::size_t longest_message);
  base::Status compute();
  base::Status compute_circuit(const pool::Party& party);
  base::Status compute_placement(const pool::Party& party);
  pool::Manifest manifest() const;
  void phase(pool::Phase phase);
  void print() const;

  const PlaceOptions& options_;
  PartyConfig config_;
  int wait_ms_ = 0;
  crypto::OsRandom random_;
  WallClock clock_;
  std::optional<crypto::Identity> identity_;
  std::size_t self_ = 0;
  std::unique_ptr<store::AcquaintanceFiles> store_;
  std::unique_ptr<net::Mesh> mesh_;
  std::optional<mpc::Circuit> circuit_;
  auction::Mechanism mechanism_{};
  Stopwatch watch_;
  PartyReport report_;
};

base::Status PartyRun::set_up() {
  TARN_ASSIGN(wait_ms_, parse_duration_ms(options_.wait));
  TARN_ASSIGN(identity_, crypto::Identity::load(config_.identity));
  if (config_.parties.size() < 2) return refused("the configuration names no parties");
  TARN_ASSIGN(self_, own_place(config_, *identity_));
  if (options_.circuit.empty()) {
    TARN_ASSIGN(mechanism_, auction::parse_mechanism(config_.mechanism));
    TARN_TRY(auction::check_width(mechanism_, config_.width));
    TARN_TRY(check_input(config_, mechanism_, self_));
  } else {
    TARN_ASSIGN(const std::string text, read_text_file(options_.circuit, kMaxCircuitFile));
    TARN_ASSIGN(circuit_, mpc::read_bristol(text, mpc::BristolOwners{config_.parties.size()}));
  }
  for (std::size_t i = 0; i < config_.parties.size(); ++i) {  // before anything is made on disk
    const auto address = net::Address::parse(config_.parties[i].address);
    if (!address.ok())
      return refused("address \"" + config_.parties[i].address + "\" of " + called(config_, i) + ": " +
                     address.error().message);
  }
  TARN_ASSIGN(store_, store::AcquaintanceFiles::open(config_.state_dir, *identity_, random_, clock_));
  return {};
}

base::Status PartyRun::connect(std::size_t longest_message) {
  net::MeshOptions mesh;
  mesh.self = self_;
  for (const ConfigParty& p : config_.parties) mesh.parties.push_back({p.id.key, p.address});
  mesh.listen = config_.listen;
  mesh.listener = net::Fd(options_.listen_fd);
  mesh.one_way_delay_ms = options_.rtt_ms / 2;
  mesh.max_message = std::max<std::size_t>(longest_message, 16 * 1024);
  mesh.cancelled = interrupted;
  watch_.lap_ms();
  TARN_ASSIGN(mesh_, net::Mesh::connect(*identity_, std::move(mesh), wait_ms_,
                                        [&](const std::vector<net::MissingParty>& missing) {
                                          for (const net::MissingParty& m : missing)
                                            progress("waiting for " + called(config_, m.party) + ": " + m.reason);
                                        }));
  report_.connect_ms = watch_.lap_ms();
  mesh_->set_deadline_ms(wait_ms_);  // the others may still be waiting for one another
  return {};
}

void PartyRun::phase(pool::Phase phase) {
  if (phase == pool::Phase::kGreeted) {
    mesh_->set_deadline_ms(config_.deadline_ms);
    return;
  }
  const double ms = watch_.lap_ms();
  report_.total_ms += ms;
  switch (phase) {
    case pool::Phase::kGreeted: break;
    case pool::Phase::kAgreed: report_.manifest_ms = ms; break;
    case pool::Phase::kAcquainted: report_.base_ot_ms = ms; break;
    case pool::Phase::kPrepared: report_.prepare_ms = ms; break;
    case pool::Phase::kGarbled: report_.garble_ms = ms; break;
    case pool::Phase::kDone: report_.evaluate_ms = ms; break;
  }
}

pool::Manifest PartyRun::manifest() const {
  pool::Manifest m;
  for (const ConfigParty& p : config_.parties) m.parties.push_back(p.id.key);
  m.resource_class = config_.resource_class;
  m.width = config_.width;
  m.extension_k = config_.extension_k;
  m.deadline_ms = static_cast<std::uint64_t>(config_.deadline_ms);
  return m;
}

base::Status PartyRun::compute() {
  const mpc::Circuit& circuit =
      circuit_ ? *circuit_
               : circuit_.emplace(pool::placement_circuit(mechanism_, config_.parties.size() - 1, config_.width));
  TARN_TRY(connect(mpc::Session::longest_message(circuit, config_.extension_k)));
  const pool::Party party{*identity_, *mesh_, *store_, random_, [&](pool::Phase p) { phase(p); }};
  const base::Status status = options_.circuit.empty() ? compute_placement(party) : compute_circuit(party);
  report_.sent_bytes = mesh_->sent_bytes();
  (void)mesh_->flush();  // what was said last, an abort perhaps, still has to leave
  mesh_->close();
  return status;
}

base::Status PartyRun::compute_placement(const pool::Party& party) {
  const pool::Input input = self_ == 0 ? pool::Input(*config_.request) : pool::Input(*config_.offer);
  TARN_ASSIGN(const pool::PlacementResult result, pool::place(mechanism_, manifest(), input, party));
  report_.acquainted = result.session.acquainted;
  report_.hops = result.session.hops;
  report_.hops_online = result.session.hops_online;
  if (const auto* request = std::get_if<auction::RequesterOutcome>(&result.outcome)) {
    report_.role = "requester";
    report_.placed = *request;
    for (const auction::Award& award : request->awards)
      report_.winner_ids.push_back(config_.parties[award.provider + 1].id.text());
  } else {
    report_.role = "provider";
    report_.offered = std::get<auction::ProviderOutcome>(result.outcome);
  }
  return {};
}

base::Status PartyRun::compute_circuit(const pool::Party& party) {
  pool::Manifest m = manifest();
  m.circuit = circuit_->hash();
  m.mechanism = "circuit";
  // A bench's inputs: the bits of every party's stream for its place, so that the bench knows them.
  crypto::SeededRandom bits(base::view("bench input " + std::to_string(self_)));
  mpc::Bits inputs(circuit_->inputs_of(self_));
  for (auto& bit : inputs) bit = bits.block().bit(0) ? 1 : 0;
  TARN_ASSIGN(const pool::SessionResult result, pool::run_session(*circuit_, m, inputs, party));
  report_.role = "party";
  report_.acquainted = result.acquainted;
  report_.hops = result.hops;
  report_.hops_online = result.hops_online;
  for (const std::uint8_t bit : result.outputs) report_.outputs += bit != 0 ? '1' : '0';
  return {};
}

void PartyRun::print() const {
  if (json_wanted()) {
    std::printf("%s\n", to_json(report_).c_str());
    return;
  }
  const auto terms = [](std::uint64_t quantity, const auction::Payment& payment) {
    return std::to_string(quantity) + "\n" + std::string(label(payment.per)) + ": " + std::to_string(payment.amount);
  };
  if (report_.role == "requester") {
    if (report_.placed.awards.empty()) std::printf("no winner: nobody has enough within the limit\n");
    for (const auction::Award& award : report_.placed.awards)
      std::printf("winner: %s\nprovides: %s\n", called(config_, award.provider + 1).c_str(),
                  terms(award.quantity, award.payment).c_str());
  } else if (report_.role == "provider") {
    if (report_.offered.selected)
      std::printf("selected: provide %s\n", terms(report_.offered.quantity, report_.offered.payment).c_str());
    else
      std::printf("not selected\n");
  } else {
    std::printf("outputs: %s\n", report_.outputs.c_str());
  }
  progress(std::to_string(report_.hops) + " hops, " + fixed(report_.total_ms, 0) + " ms from all links up, " +
           fixed(static_cast<double>(report_.sent_bytes) / 1000, 0) + " kB sent" +
           (report_.acquainted ? "" : ", first meeting with some"));
}

int PartyRun::run() {
  catch_signals();
  prepare_memory();
  report_.mechanism = options_.circuit.empty() ? config_.mechanism : "circuit";
  report_.resource_class = config_.resource_class;
  const auto all = [&]() -> base::Status {
    TARN_TRY(set_up());
    return compute();
  };
  if (const auto status = all(); !status.ok()) {
    const base::Error& error = status.error();
    return report(error, error.party && *error.party < config_.parties.size() ? called(config_, *error.party) : "");
  }
  print();
  return report_.role == "requester" && report_.placed.awards.empty() ? kExitNoWinner : kExitDone;
}

}  // namespace

int run_place(const PlaceOptions& options) {
  auto config = load_party_config(options.config);
  if (!config.ok()) return report(config.error());
  return PartyRun(options, std::move(*config)).run();
}

}  // namespace tarn
