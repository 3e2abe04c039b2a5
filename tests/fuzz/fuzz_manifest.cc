// A peer's greeting and signed manifest. Hello: what decodes encodes to the very same bytes. difference(): one printable,
// bounded line, whatever the peer sent. agree(): a session begins only with somebody who means our manifest and has
// signed it; otherwise the error is printable and names nobody else.
#include "fuzz/input.h"
#include "fuzz/scripted_channel.h"
#include "pool/manifest.h"
#include "support/memory_store.h"

namespace {

constexpr std::size_t kSelf = 0, kPeer = 1;

const fuzz::Town& town() {
  static const fuzz::Town made(2);
  return made;
}

pool::Manifest ours() {
  pool::Manifest manifest;
  manifest.parties = town().keys;
  manifest.circuit[0] = 9;
  manifest.mechanism = "second-price";
  manifest.resource_class = "namespaces of 1 vCPU";
  return manifest;
}

void hello(base::ByteView bytes) {
  const auto decoded = pool::Hello::decode(bytes);
  if (!decoded) return;
  CHECK(decoded->version != pool::kProtocolVersion || decoded->encode() == fuzz::copy(bytes));
  CHECK(fuzz::printable(pool::difference(ours(), decoded->manifest)));
}

// What the peer has to sign if it greeted with `theirs` after our own greeting.
crypto::Digest to_be_signed(base::ByteView own_greeting, const pool::Hello& theirs) {
  const auto own = pool::Hello::decode(own_greeting.first(own_greeting.size() - mpc::SignedChannel::kOverhead));
  CHECK(own.has_value());
  return crypto::Sha256()
      .update(base::view("tarn manifest v1"))
      .update(ours().encode())
      .update(own->nonce)
      .update(theirs.nonce)
      .finish();
}

void agree(fuzz::Input& in) {
  fuzz::ScriptedChannel wire(2, kSelf);
  mpc::SignedChannel channel(wire, town().ids[kSelf], town().keys);
  fuzz::Signer peer(town(), kPeer, kSelf);
  crypto::SeededRandom random(base::view("fuzz"));
  support::MemoryStore store;
  auto meetings = mpc::Meetings::open(store, town().keys, kSelf, random);
  CHECK(meetings.ok());

  pool::Hello theirs{pool::kProtocolVersion, {}, mpc::Introduction{}.encode(), ours().encode()};
  theirs.introduction = fuzz::damaged(in, theirs.introduction);
  theirs.manifest = fuzz::damaged(in, theirs.manifest);
  const base::Bytes greeting = fuzz::damaged(in, theirs.encode());
  wire.incoming[kPeer].push_back(peer.frame({0, 1, 0, 0}, greeting));
  peer.accepted();
  bool honest = false;
  const auto greeted = [&] {  // our own greeting is on the wire, and the peer signs
    const auto said = pool::Hello::decode(greeting);
    CHECK(said.has_value() && said->manifest == ours().encode());
    const crypto::Digest right = to_be_signed(wire.outgoing[kPeer].front(), *said);
    const base::Bytes proper = base::Writer().raw(right).raw(town().ids[kPeer].sign(right)).take();
    const base::Bytes sent = fuzz::damaged(in, proper);
    honest = sent == proper;
    wire.incoming[kPeer].push_back(peer.frame({0, 2, 0, 1}, sent));
  };
  const auto agreed = pool::agree(ours(), town().ids[kSelf], channel, *meetings, random, greeted);
  CHECK(agreed.ok() == honest);
  if (agreed.ok()) return;
  const base::Error& error = agreed.error();
  CHECK(error.party.value_or(kPeer) == kPeer && fuzz::printable(error.message));
  CHECK(error.code == base::Code::kInvalidInput || error.code == base::Code::kPeerMisbehaved ||
        error.code == base::Code::kSomebodyMisbehaved);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.below(4)) {
    case 0: hello(in.rest()); break;
    case 1: CHECK(fuzz::printable(pool::difference(ours(), in.rest()))); break;
    case 2: CHECK(fuzz::printable(pool::difference(ours(), fuzz::damaged(in, ours().encode())))); break;
    case 3: agree(in); break;
  }
  return 0;
}
