// tarn circuit stats, tarn circuit write.
#include <cstdio>
#include <fstream>

#include "auction/placement/mechanism.h"
#include "mpc/bristol.h"
#include "mpc/reference_circuits.h"
#include "mpc/triples.h"
#include "pool/placement_circuit.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/report.h"

namespace tarn {

int run_circuit_stats(const CircuitStatsOptions& options) {
  const auto mechanism = auction::parse_mechanism(options.mechanism);
  if (!mechanism.ok()) return report(mechanism.error());
  if (const auto width = check_width(*mechanism, options.width); !width.ok()) return report(width.error());
  const mpc::Circuit circuit = pool::placement_circuit(*mechanism, options.providers, options.width);
  std::size_t xors = 0, nots = 0;
  for (const mpc::Gate& gate : circuit.gates()) {
    xors += gate.op == mpc::Gate::Op::kXor;
    nots += gate.op == mpc::Gate::Op::kNot;
  }
  const mpc::Bucketing shape = mpc::choose_bucketing(circuit.and_gates());
  const double per_provider = static_cast<double>(circuit.and_gates()) / static_cast<double>(options.providers);
  const std::vector<JsonField> fields{{"mechanism", options.mechanism},
                                      {"providers", options.providers},
                                      {"width", options.width},
                                      {"and_gates", circuit.and_gates()},
                                      {"and_gates_per_provider", per_provider},
                                      {"and_depth", circuit.and_depth()},
                                      {"xor_gates", xors},
                                      {"not_gates", nots},
                                      {"wires", circuit.wires()},
                                      {"inputs", circuit.inputs()},
                                      {"outputs", circuit.outputs().size()},
                                      {"bucket_size", shape.size},
                                      {"leaky_triples", shape.leaky()},
                                      {"hash", "sha256:" + base::to_hex(circuit.hash())}};
  if (json_wanted()) {
    std::printf("%s\n", flat_json(fields).c_str());
    return kExitDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : fields) {
    if (const auto* text = std::get_if<std::string>(&value))
      rows.push_back({key, *text});
    else if (const auto* number = std::get_if<double>(&value))
      rows.push_back({key, fixed(*number, 1)});
    else
      rows.push_back({key, std::to_string(std::get<std::uint64_t>(value))});
  }
  std::printf("%s", table(rows).c_str());
  return kExitDone;
}

int run_circuit_write(const CircuitWriteOptions& options) {
  const mpc::Circuit circuit = options.name == "aes-128" ? mpc::aes128_circuit() : mpc::sha256_circuit();
  const auto text = mpc::write_bristol(circuit);
  if (!text.ok()) return report(text.error());
  std::ofstream out(options.out, std::ios::binary);
  out << *text;
  if (!out.flush()) return report({base::Code::kStorage, options.out + ": cannot be written"});
  if (json_wanted())
    std::printf("%s\n", flat_json({{"file", options.out}, {"and_gates", circuit.and_gates()}}).c_str());
  else
    std::printf("%s: %zu AND gates\n", options.out.c_str(), circuit.and_gates());
  return kExitDone;
}

}  // namespace tarn
