// Authentication: who calls, method `database`. HTTP Basic with a user's name and password (HIL's way), or a Bearer token.
// Users, hashes and memberships are read anew for each request, so a changed password, a deleted user or a revoked token
// ends at once. A Caller says what it came in with, so that long answers can look again (IsolationService::again).
// Against guessing: an unknown user takes as long as a wrong password and gets the same answer. Failures are counted a
// user and a peer (an IPv6 one by its /64); after a few the answer is "later" before anything is computed, each time for
// twice as long. Success clears no count of a peer, and a user's only if all its failures came from that same peer.
// Counters live in a table of fixed size under a random key: nothing is evicted, so nobody can make it forget.
// Argon2id costs about 50 ms and 64 MiB, so few run at once, few wait, and what was right is remembered for some minutes:
// as HMAC-SHA-256, under a random key, of user, peer, stored hash and password. It is for that peer alone, and lets it in
// while somebody else's guessing has the user's name limited. Tokens cannot be guessed: good ones always come in.
// A hash of an older, cheaper cost is made anew at the next login.
// Threads: any. Errors: Unknown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/api_token.h"
#include "crypto/password.h"
#include "isolation/access.h"
#include "isolation/store.h"
#include "net/http_server.h"

namespace api {

struct AuthenticationLimits {
  crypto::PasswordCost cost;       // of new hashes
  std::size_t computations = 2;    // of Argon2id at once
  std::size_t waiting = 6;         // for one; further ones are told to come later
  int wait_ms = 5'000;             // for one, at most
  std::size_t remembered = 4'096;  // credentials
  std::int64_t remember_ms = 300'000;
  unsigned free_failures = 5;        // a user's, before it has to wait
  unsigned free_peer_failures = 20;  // a peer's
  std::int64_t first_wait_ms = 1'000, longest_wait_ms = 900'000;
  std::int64_t forget_ms = 3'600'000;  // a count, after so long without a failure
  std::size_t counters = 65'536;
};

// Why nobody is let in. kUnauthenticated: 401, with the header WWW-Authenticate: kChallenge; if retry_after_s is set, 429
// with Retry-After. kStorage: the store failed.
struct Unknown {
  base::Error error;
  std::optional<int> retry_after_s = {};
};

class Authentication {
 public:
  using Refusal = Unknown;
  using Answer = std::variant<isolation::Caller, Refusal>;
  static constexpr std::string_view kChallenge = "Basic realm=\"tarn\", charset=\"UTF-8\"";

  // `random` is its own alone: calls take turns at it.
  Authentication(isolation::Store& store, const base::Clock& clock, base::Random& random,
                 const AuthenticationLimits& limits = {});
  ~Authentication();

  Answer caller(const net::HttpRequest& request);

  // For a user's new password: as hash_password(), within the same bound of computations (kDeadline: busy).
  base::Result<std::string> password_hash(std::string_view password);
  crypto::Digest make_token(crypto::ApiTokenText& token);  // the hash to keep

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What a Caller who came in by password carries of it: the SHA-256 of the stored hash, which changes with the password.
base::Bytes password_mark(std::string_view password_hash);

// The first administrator, where there is none yet: true if it was made. kInvalidInput: no name; kConflict:
// somebody else has it.
base::Result<bool> bootstrap_administrator(isolation::Store& store, const std::string& name,
                                           const std::string& password_hash, std::int64_t now);

}  // namespace api
