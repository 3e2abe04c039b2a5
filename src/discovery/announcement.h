// Announcement: what a provider says of itself in the directory: who and where it is, and what units it offers. Signed,
// because the directory belongs to nobody; expiring, because providers vanish; numbered, because they change their
// mind: the newest of a key counts, also if it is a withdrawal.
// On the wire (docs/discovery.md): magic, fields, Ed25519 signature of all before it; at most 4 KiB. Unix milliseconds.
// A value, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/identity.h"
#include "discovery/coordinate.h"
#include "model/resource_class.h"

namespace discovery {

struct Announcement {
  static constexpr std::size_t kMaxSize = 4096, kMaxClasses = 16, kMaxEndpoint = 255;
  static constexpr std::int64_t kMaxLifeMs = 15 * 60'000, kSkewMs = 2 * 60'000;

  crypto::PublicKey key{};
  std::string endpoint;                       // host:port
  std::vector<model::ResourceClass> classes;  // sorted by encoding, each once, at least one
  Coordinate coordinate;
  std::int64_t issued_ms = 0, expires_ms = 0;
  std::uint64_t sequence = 0;
  bool withdrawn = false;

  // Sorts the classes, fills in the key and signs. kInvalidInput: an endpoint or classes that nobody would accept.
  base::Result<base::Bytes> sign(const crypto::Identity& identity);
  // Only what sign() makes: canonical, within limits, the signature right. Says nothing about time.
  static std::optional<Announcement> decode(base::ByteView bytes);

  bool live(std::int64_t now) const;  // neither expired nor from the future; a withdrawal can be live too
  bool newer_than(const Announcement& other) const;  // of the same key
  bool offers(const std::string& family) const;
  bool covers(const model::ResourceClass& wanted) const;  // a class offered does
  bool operator==(const Announcement&) const = default;
};

// Where a provider's announcement lies under a key of the directory: a slot each, so that none replaces another's.
std::uint64_t slot_of(const crypto::PublicKey& key);
// Whether a node of the directory stores a value that somebody wants there: live, in the slot of the provider that
// signed it, so that nobody can occupy another's, and no older than what the slot has (`replaced`, or null).
bool may_store(std::int64_t now, std::uint64_t slot, base::ByteView value, const base::ByteView* replaced);

// "name:port", "192.0.2.1:port" or "[2001:db8::1]:port", of harmless characters. It need not exist.
bool is_endpoint(std::string_view text);

}  // namespace discovery
