#include "pool/manifest.h"

#include <algorithm>

#include "base/encoding.h"

namespace pool {
namespace {

constexpr std::string_view kMagic = "tarn place";
constexpr std::size_t kMaxText = 256, kMaxManifest = 4096, kMaxHello = 8192;

base::Error misbehaved(std::size_t peer, const char* what) { return {base::Code::kPeerMisbehaved, what, peer}; }
base::Error differs(std::size_t peer, const std::string& what) { return {base::Code::kInvalidInput, what, peer}; }

std::optional<Manifest> decode(base::ByteView bytes) {
  base::Reader in(bytes);
  Manifest m;
  const std::uint16_t parties = in.u16();
  for (std::uint16_t i = 0; i < parties && in.good(); ++i) m.parties.push_back(in.array<32>());
  m.circuit = in.array<32>();
  m.mechanism = in.text(kMaxText);
  m.resource_class = in.text(kMaxText);
  m.width = in.u32();
  m.extension_k = in.u32();
  m.deadline_ms = in.u64();
  m.origin = in.array<32>();
  if (!in.done()) return std::nullopt;
  return m;
}

// A peer's text may go to our terminal: only plain characters of it, and not many.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text.substr(0, 60)) out += c >= 0x20 && c < 0x7f && c != '"' ? c : '?';
  return out + "\"";
}

}  // namespace

base::Bytes Manifest::encode() const {
  base::Writer out;
  out.u16(static_cast<std::uint16_t>(parties.size()));
  for (const crypto::PublicKey& key : parties) out.raw(key);
  out.raw(circuit).text(mechanism).text(resource_class).u32(width).u32(extension_k).u64(deadline_ms).raw(origin);
  return out.take();
}

base::Bytes Hello::encode() const {
  return base::Writer().raw(base::view(kMagic)).u16(version).raw(nonce).sized(introduction).sized(manifest).take();
}

std::optional<Hello> Hello::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  const base::ByteView magic = in.raw(kMagic.size());
  Hello out;
  out.version = in.u16();
  if (!in.good() || !std::equal(magic.begin(), magic.end(), kMagic.begin())) return std::nullopt;
  if (out.version != kProtocolVersion) return out;  // what follows is another version's business
  out.nonce = in.array<32>();
  const base::ByteView introduction = in.sized(256), manifest = in.sized(kMaxManifest);
  out.introduction.assign(introduction.begin(), introduction.end());
  out.manifest.assign(manifest.begin(), manifest.end());
  if (!in.done()) return std::nullopt;
  return out;
}

std::string difference(const Manifest& ours, base::ByteView theirs) {
  const auto m = decode(theirs);
  if (!m) return "sent a manifest that cannot be read";
  if (m->parties != ours.parties) return "has another list of parties, or another order of it";
  if (m->mechanism != ours.mechanism)
    return "wants the mechanism " + quoted(m->mechanism) + ", this party " + quoted(ours.mechanism);
  if (m->resource_class != ours.resource_class)
    return "places the class " + quoted(m->resource_class) + ", this party " + quoted(ours.resource_class);
  if (m->width != ours.width)
    return "computes with " + std::to_string(m->width) + " bits, this party with " + std::to_string(ours.width);
  if (m->deadline_ms != ours.deadline_ms)
    return "has a deadline of " + std::to_string(m->deadline_ms) + " ms, this party of " +
           std::to_string(ours.deadline_ms);
  if (m->extension_k != ours.extension_k) return "has another extension_k";
  if (m->origin != ours.origin) return "comes from another draw";
  return "has another circuit (another version of tarn?)";
}

base::Result<crypto::Digest> agree(const Manifest& manifest, const crypto::Identity& identity,
                                   mpc::SignedChannel& channel, mpc::Meetings& meetings, base::Random& random,
                                   const std::function<void()>& greeted) {
  const std::size_t n = channel.parties(), self = channel.self();
  std::vector<std::array<std::uint8_t, 32>> nonces(n);
  random.fill(nonces[self]);
  const base::Bytes encoded = manifest.encode();
  // Who differs may have found out, and be gone, before we said or read a word: its greeting comes first all the same.
  std::optional<base::Error> broken;
  const auto remember = [&broken](const base::Error& error) {
    if (!broken) broken = error;
  };
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const Hello ours{kProtocolVersion, nonces[self], meetings.introduction(j), encoded};
    if (const auto sent = channel.send(j, ours.encode()); !sent.ok()) remember(sent.error());
  }
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const auto message = channel.receive(j, kMaxHello);
    if (!message.ok()) {
      if (message.error().code == base::Code::kCancelled) return message.error();
      remember(message.error());
      continue;
    }
    const auto hello = Hello::decode(*message);
    if (!hello) return misbehaved(j, "greeted in a form that nobody uses");
    if (hello->version != kProtocolVersion)
      return differs(j, "speaks version " + std::to_string(hello->version) + " of the protocol, this party version " +
                            std::to_string(kProtocolVersion));
    if (hello->manifest != encoded) return differs(j, difference(manifest, hello->manifest));
    TARN_TRY(meetings.introduced(j, hello->introduction));
    nonces[j] = hello->nonce;
  }
  if (broken) return *broken;
  greeted();

  crypto::Sha256 hash;
  hash.update(base::view("tarn manifest v1")).update(encoded);
  for (const auto& nonce : nonces) hash.update(nonce);
  const crypto::Digest agreed = hash.finish();
  const crypto::Signature signature = identity.sign(agreed);
  const base::Bytes signed_manifest = base::Writer().raw(agreed).raw(signature).take();
  for (std::size_t j = 0; j < n; ++j)
    if (j != self) TARN_TRY(channel.send(j, signed_manifest));
  channel.bind_sent(agreed);  // all that follows, an abort too; the others read our signature first
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    TARN_ASSIGN(const base::Bytes message, channel.receive(j, 96));
    base::Reader in(message);
    const auto theirs = in.array<32>();
    const auto theirs_signed = in.array<64>();
    if (!in.done() || !crypto::verify(manifest.parties[j], theirs, theirs_signed))
      return misbehaved(j, "did not sign the manifest");
    if (theirs != agreed)  // j may be honest, and a third have sent it another nonce
      return base::Error{base::Code::kSomebodyMisbehaved, "told different peers different nonces"};
  }
  channel.bind_received(agreed);
  return agreed;
}

}  // namespace pool
