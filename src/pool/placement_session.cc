#include "pool/placement_session.h"

#include "base/check.h"
#include "mpc/session.h"

namespace pool {

namespace {

base::Result<SessionResult> compute(const mpc::Circuit& circuit, const Manifest& manifest, const mpc::Bits& inputs,
                                    const Party& party, mpc::SignedChannel& channel) {
  TARN_ASSIGN(mpc::Meetings meetings, mpc::Meetings::open(party.store, manifest.parties, channel.self(), party.random));
  TARN_ASSIGN(const crypto::Digest agreed, agree(manifest, party.identity, channel, meetings, party.random,
                                                 [&] { party.on_phase(Phase::kGreeted); }));
  party.on_phase(Phase::kAgreed);
  SessionResult result;
  result.acquainted = meetings.all_known();
  mpc::Session session(circuit, terms(circuit, manifest, agreed).sid, manifest.extension_k, std::move(meetings),
                       channel, party.random);
  TARN_TRY(session.acquaint());
  party.on_phase(Phase::kAcquainted);
  const base::Status prepared = session.prepare();
  if (!prepared.ok() && party.on_verdict) party.on_verdict(session.verdict(), agreed);
  TARN_TRY(prepared);
  party.on_phase(Phase::kPrepared);
  TARN_TRY(session.garble(inputs));
  party.on_phase(Phase::kGarbled);
  TARN_ASSIGN(result.outputs, session.evaluate());
  party.on_phase(Phase::kDone);
  result.hops = channel.depth();
  result.hops_online = channel.online_depth();
  return result;
}

}  // namespace

mpc::Terms terms(const mpc::Circuit& circuit, const Manifest& manifest, const crypto::Digest& agreed) {
  // One pool, one execution: number 0 of this agreement.
  const crypto::Digest sid = crypto::Sha256().update(base::view("tarn session v1 pool 0")).update(agreed).finish();
  return {circuit, sid, manifest.extension_k, manifest.parties, agreed};
}

base::Result<SessionResult> run_session(const mpc::Circuit& circuit, const Manifest& manifest, const mpc::Bits& inputs,
                                        const Party& party) {
  CHECK(circuit.parties() == manifest.parties.size() && manifest.circuit == circuit.hash());
  mpc::SignedChannel channel(party.channel, party.identity, manifest.parties);
  auto result = compute(circuit, manifest, inputs, party, channel);
  if (!result.ok()) channel.abort(0);  // of no effect where the session has said so already
  return result;
}

base::Result<PlacementResult> place(auction::Mechanism mechanism, Manifest manifest, const Input& input,
                                    const Party& party) {
  const std::size_t providers = manifest.parties.size() - 1, self = party.channel.self();
  const mpc::Circuit circuit = placement_circuit(mechanism, providers, manifest.width);
  manifest.circuit = circuit.hash();
  manifest.mechanism = auction::name(mechanism);
  const auto* request = std::get_if<auction::RequesterInput>(&input);
  const auto* offer = std::get_if<auction::ProviderInput>(&input);
  CHECK((request != nullptr) == (self == 0));
  TARN_ASSIGN(const mpc::Bits bits,
              request ? encode(mechanism, manifest.width, *request) : encode(mechanism, manifest.width, *offer));
  TARN_ASSIGN(SessionResult session, run_session(circuit, manifest, bits, party));
  PlacementResult result;
  if (request)
    result.outcome = auction::decode_requester(mechanism, manifest.width, providers, *request, session.outputs);
  else
    result.outcome = auction::decode_provider(mechanism, manifest.width, *offer, session.outputs);
  result.session = std::move(session);
  return result;
}

}  // namespace pool
