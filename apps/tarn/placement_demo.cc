// tarn demo --placement: one private placement among processes on this machine, and what each of them learnt.
#include <cstdio>

#include "crypto/random.h"
#include "pool/placement_circuit.h"
#include "tarn/config.h"
#include "tarn/local_parties.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/report.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

// Inputs of a story: most providers have enough, or some of them together where several may win; prices differ, the
// limit lies among them.
DemoConfig invented(const DemoOptions& options, std::uint64_t seed, bool one_winner) {
  DemoConfig out;
  crypto::SeededRandom random(base::view("demo " + std::to_string(seed)));
  const auto draw = [&](std::uint64_t from, std::uint64_t to) { return from + random.block().lo % (to - from + 1); };
  out.request = {options.quantity, draw(60, 90)};
  static constexpr const char* kNames[] = {"north",  "east",  "south", "west",  "harbour", "mill",  "ridge", "marsh",
                                           "quarry", "ferry", "tower", "abbey", "orchard", "forge", "moor"};
  for (std::size_t i = 0; i < options.providers; ++i) {
    const bool enough = draw(0, 3) != 0 && one_winner;
    const std::uint64_t capacity = enough ? draw(options.quantity, 4 * options.quantity) : draw(0, options.quantity);
    out.providers.push_back({kNames[i], {capacity, draw(20, 100)}});
  }
  return out;
}

std::string put_in(const DemoConfig& config, std::size_t party) {
  if (party == 0)
    return "wants " + std::to_string(config.request.quantity) + ", pays at most " +
           std::to_string(config.request.max_price);
  const auto& offer = config.providers[party - 1].offer;
  return "has " + std::to_string(offer.capacity) + ", asks " + std::to_string(offer.price);
}

std::string terms(std::uint64_t quantity, const auction::Payment& payment) {
  return std::to_string(quantity) + (payment.per == auction::Payment::Per::kUnit ? " at " : " for ") +
         std::to_string(payment.amount) + (payment.per == auction::Payment::Per::kUnit ? " a unit" : " in all");
}

std::string learned(const DemoConfig& config, const PartyReport& r) {
  if (r.role == "provider")
    return r.offered.selected ? "selected: " + terms(r.offered.quantity, r.offered.payment) : "not selected";
  std::string text;
  for (const auction::Award& award : r.placed.awards)
    text += (text.empty() ? "" : ", ") + config.providers[award.provider].name + ": " +
            terms(award.quantity, award.payment);
  return text.empty() ? "no winner" : text;
}

// The same circuit in the open, party by party.
bool equals_plain(const DemoConfig& config, auction::Mechanism mechanism, const std::vector<PartyReport>& reports) {
  constexpr std::size_t kWidth = auction::kDefaultWidth;
  const std::size_t providers = config.providers.size();
  const mpc::Circuit circuit = pool::placement_circuit(mechanism, providers, kWidth);
  std::vector<mpc::Bits> inputs{*pool::encode(mechanism, kWidth, config.request)};
  for (const auto& p : config.providers) inputs.push_back(*pool::encode(mechanism, kWidth, p.offer));
  const std::vector<mpc::Bits> outputs = evaluate_plain(circuit, inputs);
  auction::Outcome plain{decode_requester(mechanism, kWidth, providers, config.request, outputs[0]), {}};
  for (std::size_t i = 0; i < providers; ++i)
    plain.providers.push_back(decode_provider(mechanism, kWidth, config.providers[i].offer, outputs[i + 1]));
  return same_outcome(reports, plain);
}

base::Status check(const DemoConfig& config, auction::Mechanism mechanism) {
  if (config.providers.empty()) return base::Error{base::Code::kInvalidInput, "the demo needs at least one provider"};
  const auto fits = [&](const auto& input) { return pool::encode(mechanism, auction::kDefaultWidth, input); };
  if (const auto bits = fits(config.request); !bits.ok())
    return base::Error{bits.error().code, "requester: " + bits.error().message};
  for (const auto& p : config.providers)
    if (const auto bits = fits(p.offer); !bits.ok())
      return base::Error{bits.error().code, p.name + ": " + bits.error().message};
  return {};
}

LocalSession session_of(const DemoConfig& config, int rtt_ms) {
  LocalSession out;
  out.parties = config.providers.size() + 1;
  out.mechanism = config.mechanism;
  out.resource_class = config.resource_class;
  out.rtt_ms = rtt_ms;
  out.names.push_back(config.requester_name);
  out.inputs.push_back("quantity = " + std::to_string(config.request.quantity) +
                       "\nmax_price = " + std::to_string(config.request.max_price) + "\n");
  for (const auto& p : config.providers) {
    out.names.push_back(p.name);
    out.inputs.push_back("capacity = " + std::to_string(p.offer.capacity) +
                         "\nprice = " + std::to_string(p.offer.price) + "\n");
  }
  return out;
}

void print(const DemoReport& demo) {
  if (json_wanted()) {
    std::printf("%s\n", to_json(demo).c_str());
    return;
  }
  std::printf("%zu parties, one process each, %s, class: %s\n\n", demo.parties.size(), demo.mechanism.c_str(),
              demo.resource_class.c_str());
  std::vector<std::vector<std::string>> rows{{"party", "put in (nobody else saw it)", "learned"}};
  for (const DemoParty& p : demo.parties) rows.push_back({p.name, p.put_in, p.learned});
  std::printf("%s\n", table(rows).c_str());
  rows = {{"party", "links ms", "manifest", "base OT", "prepare", "garble", "evaluate", "total ms", "kB sent", "hops",
           "online"}};
  for (const DemoParty& p : demo.parties) {
    const PartyReport& r = p.report;
    rows.push_back({p.name, fixed(r.connect_ms, 0), fixed(r.manifest_ms, 1), fixed(r.base_ot_ms, 1),
                    fixed(r.prepare_ms, 1), fixed(r.garble_ms, 1), fixed(r.evaluate_ms, 1), fixed(r.total_ms, 1),
                    fixed(static_cast<double>(r.sent_bytes) / 1000, 0), std::to_string(r.hops),
                    std::to_string(r.hops_online)});
  }
  std::printf("%s\n", table(rows).c_str());
  std::printf("%s\n", demo.equals_plain
                          ? "The same circuit evaluated in the open gives the same result."
                          : "THE RESULT DIFFERS from the same circuit evaluated in the open. This is a bug.");
}

int run_story(const DemoConfig& config, const DemoOptions& options, std::uint64_t seed) {
  const auto mechanism = auction::parse_mechanism(config.mechanism);
  if (!mechanism.ok()) return report(mechanism.error());
  if (const auto checked = check(config, *mechanism); !checked.ok()) return report(checked.error());
  catch_signals();
  auto parties = LocalParties::make(session_of(config, options.rtt_ms));
  if (!parties.ok()) return report(parties.error());
  progress("running " + std::to_string(config.providers.size() + 1) + " parties that have never met …");
  const auto ends = parties->run();
  if (!ends.ok()) return report(ends.error());
  const auto reports = reports_of(*ends);
  if (!reports.ok()) return report(reports.error());
  DemoReport demo{config.mechanism,
                  config.resource_class,
                  {},
                  seed,
                  equals_plain(config, *mechanism, *reports),
                  static_cast<double>(options.rtt_ms)};
  for (std::size_t i = 0; i < reports->size(); ++i)
    demo.parties.push_back({i == 0 ? config.requester_name : config.providers[i - 1].name, parties->id(i),
                            put_in(config, i), learned(config, (*reports)[i]), (*reports)[i]});
  print(demo);
  return demo.equals_plain ? kExitDone : kExitDiffers;
}

}  // namespace

int run_placement_demo(const DemoOptions& options) {
  if (!options.config.empty()) {
    auto config = load_demo_config(options.config);
    if (!config.ok()) return report(config.error());
    if (options.mechanism_given) config->mechanism = options.mechanism;
    return run_story(*config, options, 0);
  }
  const auto mechanism = auction::parse_mechanism(options.mechanism);
  if (!mechanism.ok()) return report(mechanism.error());
  DemoConfig config = invented(options, options.seed, has_one_winner(*mechanism));
  config.mechanism = options.mechanism;
  return run_story(config, options, options.seed);
}

}  // namespace tarn
