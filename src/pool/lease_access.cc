#include "pool/lease_access.h"

#include <algorithm>
#include <limits>

#include "base/encoding.h"

namespace pool {
namespace {

constexpr std::size_t kMaxSealed = kMaxCredentials + crypto::kSealedBoxOverhead;
constexpr std::uint64_t kMaxTime = std::numeric_limits<std::int64_t>::max();

bool printable(char c) { return c >= ' ' && c <= '~'; }
bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return printable(c); });
}

std::string cleaned(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out)
    if (!printable(c)) c = '?';
  return out;
}

base::Bytes named(std::string_view what, const LeaseAccess::Parties& parties) {
  base::Bytes out;
  base::append(out, base::view(what));
  base::append(out, parties.lease);
  base::append(out, parties.provider);
  base::append(out, parties.requester);
  return out;
}

crypto::Digest to_sign(base::ByteView body, const LeaseAccess::Parties& parties) {
  return crypto::Sha256().update(named("tarn access v1", parties)).update(body).finish();
}

// Wipes what it is given, whichever way it is left.
class Wiped {
 public:
  explicit Wiped(std::string& secret) : secret_(secret) {}
  ~Wiped() { base::wipe(secret_.data(), secret_.size()); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

 private:
  std::string& secret_;
};

// Nothing unless each resource is there once, in order.
std::optional<inventory::Usage> take_usage(base::Reader& in) {
  inventory::Usage out;
  const std::size_t count = in.u8();
  if (count > LeaseAccess::kMaxResources) return std::nullopt;
  std::string last;
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    std::string name = in.text(LeaseAccess::kMaxName);
    inventory::Used used{in.text(LeaseAccess::kMaxQuantity), in.text(LeaseAccess::kMaxQuantity)};
    if (name <= last || !printable(name) || !printable(used.granted) || !printable(used.used)) return std::nullopt;
    out[name] = std::move(used);
    last = std::move(name);
  }
  return out;
}

}  // namespace

base::Result<LeaseAccess> LeaseAccess::make(DeliveryDesk::Answer answer, const Parties& parties, base::Random& random) {
  LeaseAccess out;
  out.state = answer.ready ? State::kReady : State::kComing;
  out.detail = cleaned(answer.detail, kMaxDetail);
  for (const auto& [name, used] : answer.usage) {
    if (out.usage.size() >= kMaxResources || name.empty() || name.size() > kMaxName) continue;
    out.usage[cleaned(name, kMaxName)] = {cleaned(used.granted, kMaxQuantity), cleaned(used.used, kMaxQuantity)};
  }
  if (!answer.access) return out;
  const Wiped wiped(answer.access->credentials);
  const std::string& secret = answer.access->credentials;
  if (!answer.ready || secret.empty() || secret.size() > kMaxCredentials || answer.access->expires_unix_ms <= 0)
    return base::Error{base::Code::kInvalidInput, "these are no credentials that can be handed over"};
  TARN_ASSIGN(out.sealed,
              crypto::seal_for(parties.requester, named("tarn credentials v1", parties), base::view(secret), random));
  out.expires_unix_ms = answer.access->expires_unix_ms;
  return out;
}

base::Result<crypto::SecretBytes> LeaseAccess::open(const Parties& parties, const crypto::Identity& requester) const {
  return crypto::open_sealed(requester, named("tarn credentials v1", parties), sealed);
}

base::Bytes LeaseAccess::body() const {
  base::Writer out;
  out.u8(static_cast<std::uint8_t>(Message::kLeaseAccess)).u8(static_cast<std::uint8_t>(state)).text(detail);
  out.u64(static_cast<std::uint64_t>(expires_unix_ms)).sized(sealed).u8(static_cast<std::uint8_t>(usage.size()));
  for (const auto& [name, used] : usage) out.text(name).text(used.granted).text(used.used);
  return out.take();
}

base::Bytes LeaseAccess::seal(const Parties& parties, const crypto::Identity& provider) const {
  base::Bytes out = body();
  base::append(out, provider.sign(to_sign(out, parties)));
  return out;
}

std::optional<LeaseAccess> LeaseAccess::decode(base::ByteView message, const Parties& parties) {
  base::Reader in(message);
  const std::uint8_t kind = in.u8(), state = in.u8();
  LeaseAccess out;
  out.detail = in.text(kMaxDetail);
  const std::uint64_t expires = in.u64();
  const base::ByteView sealed = in.sized(kMaxSealed);
  auto usage = take_usage(in);
  const auto signature = in.array<64>();
  if (!usage || !in.done() || kind != static_cast<std::uint8_t>(Message::kLeaseAccess) || state == 0 ||
      state > static_cast<std::uint8_t>(State::kReady) || expires > kMaxTime || !printable(out.detail))
    return std::nullopt;
  out.state = static_cast<State>(state);
  out.expires_unix_ms = static_cast<std::int64_t>(expires);
  out.sealed.assign(sealed.begin(), sealed.end());
  out.usage = std::move(*usage);
  // The way in comes with its end, and only to what is there.
  if (out.sealed.empty() != (expires == 0) || (!out.sealed.empty() && out.state != State::kReady)) return std::nullopt;
  const crypto::Digest signed_hash = to_sign(message.first(message.size() - signature.size()), parties);
  if (!crypto::verify(parties.provider, signed_hash, signature)) return std::nullopt;
  return out;
}

}  // namespace pool
