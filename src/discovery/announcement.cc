#include "discovery/announcement.h"

#include <algorithm>

#include "base/encoding.h"

namespace discovery {
namespace {

constexpr std::string_view kMagic = "tarn announcement v1";
constexpr std::size_t kSignatureSize = std::tuple_size_v<crypto::Signature>;

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0') return false;
  unsigned port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port <= 65535;
}

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

base::Bytes body(const Announcement& a) {
  base::Writer out;
  out.raw(base::view(kMagic)).raw(a.key).text(a.endpoint).u8(static_cast<std::uint8_t>(a.classes.size()));
  for (const model::ResourceClass& c : a.classes) out.sized(c.encode());
  out.raw(a.coordinate.encode()).u64(static_cast<std::uint64_t>(a.issued_ms));
  out.u64(static_cast<std::uint64_t>(a.expires_ms)).u64(a.sequence).u8(a.withdrawn ? 1 : 0);
  return out.take();
}

bool by_encoding(const model::ResourceClass& a, const model::ResourceClass& b) { return a.encode() < b.encode(); }

// What does not depend on who reads it, or when.
bool proper(const Announcement& a) {
  const auto out_of_order = [](const auto& x, const auto& y) { return !by_encoding(x, y); };
  return is_endpoint(a.endpoint) && !a.classes.empty() && a.classes.size() <= Announcement::kMaxClasses &&
         std::adjacent_find(a.classes.begin(), a.classes.end(), out_of_order) == a.classes.end() && a.issued_ms > 0 &&
         a.expires_ms > a.issued_ms && a.expires_ms - a.issued_ms <= Announcement::kMaxLifeMs;
}

std::optional<Announcement> parse(base::ByteView bytes) {
  base::Reader in(bytes);
  if (!std::ranges::equal(in.raw(kMagic.size()), base::view(kMagic))) return std::nullopt;
  Announcement out;
  out.key = in.array<32>();
  out.endpoint = in.text(Announcement::kMaxEndpoint);
  for (std::size_t left = in.u8(); left > 0 && in.good(); --left) {
    auto unit = model::ResourceClass::decode(in.sized(Announcement::kMaxSize));
    if (!unit) return std::nullopt;
    out.classes.push_back(std::move(*unit));
  }
  const auto coordinate = Coordinate::decode(in.raw(Coordinate::kEncodedSize));
  out.issued_ms = static_cast<std::int64_t>(in.u64());
  out.expires_ms = static_cast<std::int64_t>(in.u64());
  out.sequence = in.u64();
  const std::uint8_t withdrawn = in.u8();
  if (!coordinate || withdrawn > 1 || !in.done()) return std::nullopt;
  out.coordinate = *coordinate;
  out.withdrawn = withdrawn == 1;
  if (!proper(out)) return std::nullopt;
  return out;
}

}  // namespace

bool is_endpoint(std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
  const std::size_t colon = text.rfind(':');
  if (text.size() > Announcement::kMaxEndpoint || colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (!is_port(text.substr(colon + 1))) return false;
  if (host.starts_with('[') && host.ends_with(']'))
    return all_of(host.substr(1, host.size() - 2), std::string(kHexDigits) + ":.");
  return all_of(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
}

base::Result<base::Bytes> Announcement::sign(const crypto::Identity& identity) {
  key = identity.public_key();
  std::sort(classes.begin(), classes.end(), by_encoding);
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  if (!proper(*this))
    return base::Error{base::Code::kInvalidInput,
                       "cannot be announced: give an endpoint host:port, 1 to 16 classes and a life of at most 15 min"};
  base::Bytes out = body(*this);
  base::append(out, identity.sign(out));
  if (out.size() > kMaxSize)
    return base::Error{base::Code::kInvalidInput, "the offered classes do not fit into an announcement of 4 KiB"};
  return out;
}

std::optional<Announcement> Announcement::decode(base::ByteView bytes) {
  if (bytes.size() > kMaxSize || bytes.size() <= kSignatureSize) return std::nullopt;
  const base::ByteView said = bytes.first(bytes.size() - kSignatureSize);
  auto out = parse(said);
  crypto::Signature signature{};
  std::ranges::copy(bytes.last(kSignatureSize), signature.begin());
  if (!out || !crypto::verify(out->key, said, signature)) return std::nullopt;
  return out;
}

bool Announcement::live(std::int64_t now) const { return now < expires_ms && issued_ms <= now + kSkewMs; }

bool Announcement::newer_than(const Announcement& other) const {
  return sequence != other.sequence ? sequence > other.sequence : issued_ms > other.issued_ms;
}

bool Announcement::offers(const std::string& family) const {
  return std::ranges::any_of(classes, [&](const auto& unit) { return unit.family() == family; });
}

bool Announcement::covers(const model::ResourceClass& wanted) const {
  return std::ranges::any_of(classes, [&](const auto& unit) { return unit.covers(wanted); });
}

std::uint64_t slot_of(const crypto::PublicKey& key) {
  std::uint64_t slot = 0;
  for (std::size_t i = 0; i < 8; ++i) slot = slot << 8 | key[i];
  return slot;
}

bool may_store(std::int64_t now, std::uint64_t slot, base::ByteView value, const base::ByteView* replaced) {
  const auto next = Announcement::decode(value);
  if (!next || !next->live(now) || slot != slot_of(next->key)) return false;
  if (replaced == nullptr) return true;
  const auto old = Announcement::decode(*replaced);
  return !old || (old->key == next->key && (next->newer_than(*old) || *next == *old));
}

}  // namespace discovery
