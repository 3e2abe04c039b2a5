// One party's run of a private computation, from greeting to output: agree on the manifest, meet whom we do not know,
// compute. run_session() does it for any circuit, place() for a placement mechanism.
// Time stays outside: `on_phase` is called on the way, so that the caller can start the deadline and take the times.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "mpc/inquest.h"
#include "pool/manifest.h"
#include "pool/placement_circuit.h"

namespace pool {

enum class Phase { kGreeted, kAgreed, kAcquainted, kPrepared, kGarbled, kDone };

// What a session is run with; the references outlive it.
struct Party {
  const crypto::Identity& identity;
  mpc::Channel& channel;
  mpc::AcquaintanceStore& store;
  base::Random& random;
  std::function<void(Phase)> on_phase;
  // If the preprocessing failed: whom to leave out, and evidence, with the digest that the manifest was agreed on by.
  std::function<void(const mpc::Verdict&, const crypto::Digest& agreed)> on_verdict = {};
};

// What evidence of the session is judged by. Who judges for others checks `agreed` against the manifest and the nonces.
mpc::Terms terms(const mpc::Circuit& circuit, const Manifest& manifest, const crypto::Digest& agreed);

struct SessionResult {
  mpc::Bits outputs;
  std::uint32_t hops = 0, hops_online = 0;  // longest chain of messages to our output; of them with inputs
  bool acquainted = false;                  // no first meeting was needed
};
// `manifest.circuit` must be the circuit's hash; checks nothing but that and the number of parties.
base::Result<SessionResult> run_session(const mpc::Circuit& circuit, const Manifest& manifest, const mpc::Bits& inputs,
                                        const Party& party);

using Input = std::variant<auction::RequesterInput, auction::ProviderInput>;
struct PlacementResult {
  std::variant<auction::RequesterOutcome, auction::ProviderOutcome> outcome;
  SessionResult session;
};
// Fills in the manifest's circuit and mechanism. The input's kind must fit the party's place: the requester is first.
base::Result<PlacementResult> place(auction::Mechanism mechanism, Manifest manifest, const Input& input,
                                    const Party& party);

}  // namespace pool
