#include "api/authentication.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "api/computations.h"
#include "api/failures.h"
#include "api/text.h"
#include "base/bytes.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/sealed_box.h"  // SecretBytes
#include "isolation/lookup.h"

namespace api {
namespace {

using isolation::Caller;
using isolation::User;

constexpr std::size_t kMostCredentials = 4'096;  // bytes of a header's
constexpr int kBusySeconds = 1;
constexpr std::size_t kNetworkBytes = 8;  // of an IPv6 address: what one subscriber has

Unknown wrong() {
  return {{base::Code::kUnauthenticated, "unknown user, wrong password, or a token that is not valid (any more)"}};
}

Unknown later(std::int64_t wait_ms) {
  const auto seconds = static_cast<int>((wait_ms + 999) / 1'000);
  return {{base::Code::kUnauthenticated, "too many failed attempts: try again in " + std::to_string(seconds) + " s"},
          seconds};
}

Unknown busy() {
  return {{base::Code::kUnauthenticated, "too many users are logging in: try again in a second"}, kBusySeconds};
}

// One address of IPv4, one network of IPv6, where a host has as many addresses as it likes.
std::string place_of(const std::string& peer) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET6, peer.substr(0, peer.find('%')).c_str(), address.data()) != 1) return peer;
  return {address.begin(), address.begin() + kNetworkBytes};
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// RFC 4648, section 4.
std::optional<crypto::SecretBytes> from_base64(std::string_view text) {
  crypto::SecretBytes bytes;
  bytes.reserve(text.size());
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  if (text.size() % 4 != 0) return std::nullopt;
  unsigned bits = 0, count = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> count));
    bits &= (1U << count) - 1;
  }
  if (bits != 0) return std::nullopt;
  return bytes;
}

std::string_view text_of(const crypto::SecretBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Credentials {
  std::string user;
  crypto::SecretBytes all;  // "user:password"
  std::string_view password() const { return text_of(all).substr(user.size() + 1); }
};

std::optional<Credentials> basic(std::string_view text) {
  auto all = from_base64(text);
  if (!all) return std::nullopt;
  const auto colon = text_of(*all).find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string user(text_of(*all).substr(0, colon));
  return Credentials{std::move(user), std::move(*all)};
}

struct Account {
  User user;
  std::set<isolation::Id> projects;
  std::optional<isolation::Id> token = {};
  Caller caller() const {
    return {user.id, user.name, user.role, projects, token, token ? base::Bytes() : password_mark(user.password_hash)};
  }
};

using FoundAccount = base::Result<std::optional<Account>>;

FoundAccount with_projects(isolation::Transaction& rows, std::optional<User> user) {
  if (!user) return std::optional<Account>();
  TARN_ASSIGN(const auto projects, rows.projects_of(user->id));
  return std::optional<Account>({std::move(*user), {projects.begin(), projects.end()}});
}

}  // namespace

struct Authentication::Impl {
  Impl(isolation::Store& its_store, const base::Clock& its_clock, base::Random& its_random,
       const AuthenticationLimits& its_limits);

  struct Attempt {
    std::uint64_t user = 0, peer = 0;  // keys of Failures
    crypto::Digest place;              // of what is remembered
  };

  Answer by_token(std::string_view token, std::uint64_t peer);
  Answer by_password(const Credentials& credentials, const std::string& peer);
  Answer compute(const Credentials& credentials, const Attempt& attempt);

  FoundAccount account(std::string_view name);
  FoundAccount account_of_token(const crypto::Digest& hash);
  void rehash(User& user, std::string_view password);
  base::Result<std::string> hash(std::string_view password);

  crypto::Digest keyed(std::string_view purpose, std::initializer_list<std::string_view> parts) const;
  std::uint64_t number(std::string_view purpose, std::string_view what) const;
  std::optional<Unknown> limited(const Attempt& attempt);
  bool remembered(const Attempt& attempt, const Account& account, std::string_view password);
  void remember(const Attempt& attempt, const Account& account, std::string_view password);
  void note_failure(const Attempt& attempt);
  crypto::Digest proof(const Account& account, std::string_view password) const;

  isolation::Store& store;
  const base::Clock& clock;
  base::Random& random;
  const AuthenticationLimits limits;
  base::Secret<32> key;
  std::string nobodys_hash;  // what an unknown user's password is compared with
  Computations computations;
  std::atomic<std::uint64_t> hashes = 0;

  struct Memory {
    crypto::Digest proof;
    std::int64_t until = 0;
  };
  std::mutex mutex;  // of the rest, and of `random`
  Failures of_users, of_peers;
  std::map<crypto::Digest, Memory> memories;
};

Authentication::Impl::Impl(isolation::Store& its_store, const base::Clock& its_clock, base::Random& its_random,
                           const AuthenticationLimits& its_limits)
    : store(its_store),
      clock(its_clock),
      random(its_random),
      limits(its_limits),
      computations(limits.computations, limits.waiting, std::chrono::milliseconds(limits.wait_ms)),
      of_users(limits.counters, {limits.free_failures, limits.first_wait_ms, limits.longest_wait_ms, limits.forget_ms}),
      of_peers(limits.counters,
               {limits.free_peer_failures, limits.first_wait_ms, limits.longest_wait_ms, limits.forget_ms}) {
  random.fill(key.expose());
  base::Secret<32> nobodys_password;
  random.fill(nobodys_password.expose());
  const auto bytes = nobodys_password.expose();
  auto made = crypto::hash_password({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, random, limits.cost);
  if (made.ok()) nobodys_hash = std::move(*made);  // without memory nobody's password can be checked, either
}

crypto::Digest Authentication::Impl::keyed(std::string_view purpose,
                                           std::initializer_list<std::string_view> parts) const {
  crypto::SecretBytes message(purpose.begin(), purpose.end());
  std::size_t size = message.size();
  for (const auto part : parts) size += 1 + sizeof(std::uint64_t) + part.size();
  message.reserve(size);
  for (const auto part : parts) {
    message.push_back(0);
    for (unsigned i = 0; i < 64; i += 8) message.push_back(static_cast<std::uint8_t>(std::uint64_t{part.size()} >> i));
    message.insert(message.end(), part.begin(), part.end());
  }
  return crypto::hmac_sha256(key.expose(), message);
}

std::uint64_t Authentication::Impl::number(std::string_view purpose, std::string_view what) const {
  const crypto::Digest digest = keyed(purpose, {what});
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | digest[i];
  return value;
}

FoundAccount Authentication::Impl::account(std::string_view name) {
  std::optional<Account> found;
  TARN_TRY(store.read([&](isolation::Transaction& rows) -> base::Status {
    TARN_ASSIGN(auto user, rows.find_user(name));
    TARN_ASSIGN(found, with_projects(rows, std::move(user)));
    return {};
  }));
  return found;
}

FoundAccount Authentication::Impl::account_of_token(const crypto::Digest& hash) {
  std::optional<Account> found;
  TARN_TRY(store.read([&](isolation::Transaction& rows) -> base::Status {
    TARN_ASSIGN(const auto token, rows.find_token(hash));
    if (!token || (token->expires && *token->expires <= clock.unix_ms())) return {};
    TARN_ASSIGN(auto user, rows.find_user(token->user));
    TARN_ASSIGN(found, with_projects(rows, std::move(user)));
    if (found) found->token = token->id;
    return {};
  }));
  return found;
}

std::optional<Unknown> Authentication::Impl::limited(const Attempt& attempt) {
  const std::lock_guard lock(mutex);
  const std::int64_t now = clock.steady_ms();
  const std::int64_t wait = std::max(of_users.wait_ms(attempt.user, now), of_peers.wait_ms(attempt.peer, now));
  return wait > 0 ? std::optional(later(wait)) : std::nullopt;
}

void Authentication::Impl::note_failure(const Attempt& attempt) {
  const std::lock_guard lock(mutex);
  of_users.failed(attempt.user, attempt.peer, clock.steady_ms());
  of_peers.failed(attempt.peer, attempt.peer, clock.steady_ms());
}

crypto::Digest Authentication::Impl::proof(const Account& account, std::string_view password) const {
  return keyed("proof", {std::to_string(account.user.id), account.user.password_hash, password});
}

bool Authentication::Impl::remembered(const Attempt& attempt, const Account& account, std::string_view password) {
  const crypto::Digest offered = proof(account, password);
  const std::lock_guard lock(mutex);
  const auto memory = memories.find(attempt.place);
  return memory != memories.end() && clock.steady_ms() < memory->second.until &&
         crypto::equal(memory->second.proof, offered) && of_peers.wait_ms(attempt.peer, clock.steady_ms()) == 0;
}

void Authentication::Impl::remember(const Attempt& attempt, const Account& account, std::string_view password) {
  const crypto::Digest shown = proof(account, password);
  const std::lock_guard lock(mutex);
  of_users.succeeded(attempt.user, attempt.peer);
  if (limits.remembered == 0) return;
  if (memories.size() >= limits.remembered && !memories.contains(attempt.place))
    memories.erase(std::min_element(memories.begin(), memories.end(),
                                    [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
  memories[attempt.place] = {shown, clock.steady_ms() + limits.remember_ms};
}

Authentication::Answer Authentication::Impl::by_token(std::string_view token, std::uint64_t peer) {
  const auto hash = crypto::api_token_hash(token);
  FoundAccount found = hash ? account_of_token(*hash) : FoundAccount(std::optional<Account>());
  if (!found.ok()) return Unknown{found.error()};
  if (*found) return (*found)->caller();
  const std::lock_guard lock(mutex);
  const std::int64_t now = clock.steady_ms();
  if (const auto wait = of_peers.wait_ms(peer, now); wait > 0) return later(wait);
  of_peers.failed(peer, peer, now);
  return wrong();
}

Authentication::Answer Authentication::Impl::by_password(const Credentials& credentials, const std::string& peer) {
  const Attempt attempt{number("user", credentials.user), number("peer", peer),
                        keyed("place", {credentials.user, peer})};
  FoundAccount found = account(credentials.user);
  if (!found.ok()) return Unknown{found.error()};
  if (*found && remembered(attempt, **found, credentials.password())) return (*found)->caller();
  if (auto why = limited(attempt)) return *why;
  const Computations::Entry entry(computations, attempt.user);
  if (!entry) return busy();
  return compute(credentials, attempt);
}

// Alone with this user: what was found out while we waited counts.
Authentication::Answer Authentication::Impl::compute(const Credentials& credentials, const Attempt& attempt) {
  FoundAccount found = account(credentials.user);
  if (!found.ok()) return Unknown{found.error()};
  const std::string_view password = credentials.password();
  if (*found && remembered(attempt, **found, password)) return (*found)->caller();
  if (auto why = limited(attempt)) return *why;
  const bool has_password = *found && !(*found)->user.password_hash.empty();
  const std::string& hash = has_password ? (*found)->user.password_hash : nobodys_hash;
  if (!crypto::verify_password(hash, password) || !has_password) {
    note_failure(attempt);
    return wrong();
  }
  remember(attempt, **found, password);
  if (crypto::needs_rehash(hash, limits.cost)) rehash((*found)->user, password);
  return (*found)->caller();
}

// If that does not work now, it does another time.
void Authentication::Impl::rehash(User& user, std::string_view password) {
  auto made = hash(password);
  if (!made.ok()) return;
  bool changed = false;
  const base::Status written = store.write([&](isolation::Transaction& rows) -> base::Status {
    TARN_ASSIGN(auto now, rows.find_user(user.id));
    changed = now && now->password_hash == user.password_hash;
    if (!changed) return {};
    now->password_hash = *made;
    return rows.update_user(*now);
  });
  if (written.ok() && changed) user.password_hash = std::move(*made);
}

base::Result<std::string> Authentication::Impl::hash(std::string_view password) {
  crypto::SecretBytes seed(32);
  {
    const std::lock_guard lock(mutex);
    random.fill(seed);
  }
  crypto::SeededRandom own(seed);
  return crypto::hash_password(password, own, limits.cost);
}

Authentication::Authentication(isolation::Store& store, const base::Clock& clock, base::Random& random,
                               const AuthenticationLimits& limits)
    : impl_(std::make_unique<Impl>(store, clock, random, limits)) {}
Authentication::~Authentication() = default;

Authentication::Answer Authentication::caller(const net::HttpRequest& request) {
  const std::string* const header = request.header("Authorization");
  if (header == nullptr) return Unknown{{base::Code::kUnauthenticated, "log in: a user and password, or a token"}};
  const std::string_view text = *header;
  const auto space = text.find(' ');
  if (space == std::string_view::npos || text.size() > kMostCredentials) return wrong();
  const std::string_view scheme = text.substr(0, space);
  const std::string_view rest = text.substr(std::min(text.find_first_not_of(' ', space), text.size()));
  const std::string peer = place_of(request.peer);
  if (same_word(scheme, "Bearer")) return impl_->by_token(rest, impl_->number("peer", peer));
  if (!same_word(scheme, "Basic")) return wrong();
  const auto credentials = basic(rest);
  return credentials ? impl_->by_password(*credentials, peer) : Answer(wrong());
}

base::Bytes password_mark(std::string_view password_hash) {
  const crypto::Digest digest = crypto::sha256(base::view(password_hash));
  return {digest.begin(), digest.end()};
}

base::Result<std::string> Authentication::password_hash(std::string_view password) {
  // A key of its own: it waits for a place, not for anybody's login.
  const Computations::Entry entry(impl_->computations, ++impl_->hashes);
  if (!entry) return base::Error{base::Code::kDeadline, "too many passwords are being hashed: try again in a second"};
  return impl_->hash(password);
}

crypto::Digest Authentication::make_token(crypto::ApiTokenText& token) {
  const std::lock_guard lock(impl_->mutex);
  crypto::make_api_token(impl_->random, token);
  return *crypto::api_token_hash(token.text);
}

base::Result<bool> bootstrap_administrator(isolation::Store& store, const std::string& name,
                                           const std::string& password_hash, std::int64_t now) {
  TARN_TRY(isolation::check_name("user", name));
  bool made = false;
  const base::Status written = store.write([&](isolation::Transaction& rows) -> base::Status {
    for (isolation::Page page;;) {
      TARN_ASSIGN(const auto users, rows.users(page));
      for (const User& user : users)
        if (user.role == isolation::Role::kAdministrator) return {};
      if (users.size() < page.limit) break;
      page.after = users.back().name;
    }
    TARN_TRY(rows.insert_user({0, name, password_hash, isolation::Role::kAdministrator}));
    made = true;
    return rows.insert_event(
        {.at = now, .kind = "user.created", .project = {}, .subject = "user/" + name, .by = "tarn", .detail = {}});
  });
  if (!written.ok()) return written.error();
  return made;
}

}  // namespace api
