#include "tarn/isolation_secrets.h"

#include "api/authentication.h"
#include "crypto/api_token.h"
#include "tarn/config.h"
#include "tarn/service_door.h"
#include "tarn/tenant_access.h"

namespace tarn {
namespace {

base::Error storage(const std::string& what) { return {base::Code::kStorage, what}; }

bool has_administrator(const std::vector<isolation::User>& users) {
  for (const auto& user : users)
    if (user.role == isolation::Role::kAdministrator) return true;
  return false;
}

base::Result<bool> needs_administrator(isolation::Store& store) {
  bool found = false;
  TARN_TRY(store.read([&](isolation::Transaction& all) -> base::Status {
    isolation::Page page{"", 1'000};
    for (bool more = true; more && !found;) {
      TARN_ASSIGN(const auto users, all.users(page));
      found = has_administrator(users);
      more = users.size() == page.limit;
      if (more) page.after = users.back().name;
    }
    return {};
  }));
  return !found;
}

base::Status keep_token(isolation::Store& store, const std::string& name, const crypto::Digest& hash,
                        std::int64_t now) {
  return store.write([&](isolation::Transaction& all) -> base::Status {
    TARN_ASSIGN(const auto user, all.find_user(name));
    if (!user) return storage("the first administrator is not there");
    isolation::ApiToken token;
    token.user = user->id;
    token.label = "first start";
    token.hash = base::Bytes(hash.begin(), hash.end());
    token.created = now;
    const auto made = all.insert_token(token);
    return made.ok() ? base::Status{} : base::Status{made.error()};
  });
}

}  // namespace

base::Result<base::Secret<32>> open_sealing_key(const std::string& directory, base::Random& random) {
  const std::string path = directory + "/sealing.key";
  base::Secret<32> key;
  TARN_ASSIGN(const bool there, is_secret_there(path));
  if (!there) {
    random.fill(key.expose());
    std::string text = base::to_hex(key.expose()) + "\n";
    const base::Status written = write_secret_file(path, text);
    base::wipe(text.data(), text.size());
    if (!written.ok()) return written.error();
    return key;
  }
  TARN_ASSIGN(std::string text, read_text_file(path, 100));
  auto bytes = base::from_hex(std::string_view(text).substr(0, 64));
  const bool good = bytes && bytes->size() == 32 && (text.size() == 64 || (text.size() == 65 && text.back() == '\n'));
  base::wipe(text.data(), text.size());
  if (!good) return storage(path + ": is damaged; restore it from a backup, or no server's password can be read");
  std::copy(bytes->begin(), bytes->end(), key.expose().begin());
  base::wipe(bytes->data(), bytes->size());
  return key;
}

base::Result<bool> open_administrator(const std::string& directory, isolation::Store& store,
                                      const HashPassword& hash_password, base::Random& random, std::int64_t now) {
  const std::string name = "admin";
  TARN_ASSIGN(const bool needed, needs_administrator(store));
  if (!needed) return false;
  base::Secret<16> drawn;
  random.fill(drawn.expose());
  std::string password = base::to_hex(drawn.expose());
  crypto::ApiTokenText token;
  crypto::make_api_token(random, token);
  // The files first: whoever is cut off in between begins anew, and an administrator whose password nobody knows is worse.
  base::Status done = write_secret_file(directory + "/administrator.password", password + "\n");
  if (done.ok()) done = write_secret_file(directory + "/administrator.token", token.text + "\n");
  auto hash = done.ok() ? hash_password(password) : base::Result<std::string>(done.error());
  base::wipe(password.data(), password.size());
  if (!hash.ok()) return hash.error();
  TARN_ASSIGN(const bool made, api::bootstrap_administrator(store, name, *hash, now));
  const auto token_hash = crypto::api_token_hash(token.text);
  CHECK(token_hash.has_value());
  if (made) TARN_TRY(keep_token(store, name, *token_hash, now));
  return made;
}

}  // namespace tarn
