// ServiceClient: one of our services (isolation, market), as the client commands speak to it: JSON over /v1, with a token,
// a name and its password, or an organisation's identity. Where it is and how it is known comes from options, else the
// environment (TARN_MARKET_URL, …), else ~/.config/tarn/market.toml (service_config.h).
// A market's signing key can be pinned in the same three places. Then a service that names another one is refused before
// anything else is asked of it, and what is signed and verified goes by the pinned key. Otherwise the service's word
// counts, as TLS (authority or pin) vouches for it.
// Every POST has an Idempotency-Key, so that one whose answer was lost is sent again without being done twice.
// Errors: by the answer's status: kInvalidInput (400, 422), kUnauthenticated (401), kForbidden (403), kNotFound (404),
// kConflict (409, 412), kUnreachable (429, 502, 503), kDeadline (504), kStorage (any other 5xx, or if it says so), with
// what the service says; and those of base/http.h. The token is read anew from its file for each call and zeroed behind it.
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "base/http.h"
#include "base/random.h"
#include "model/organisation.h"
#include "tarn/service_config.h"
#include "tarn/signals.h"

namespace tarn {

// Where things are and who we are, each left empty where it was not said.
struct ServiceHome {
  std::string service = "isolation";  // which: "market"
  std::string url, ca, pin, token_file;
  std::string login, login_password_file;  // by name and password instead of a token
  std::string identity;                    // a key file: by a certificate of it; with a token the token counts
  std::string market_key;                  // org_…: whose signature is on the market's contracts
};

class ServiceClient {
 public:
  static constexpr int kTimeoutMs = 30'000;

  // `cancelled`: asked at least every tenth of a second while it waits.
  static base::Result<std::unique_ptr<ServiceClient>> open(const ServiceHome& home,
                                                           std::function<bool()> cancelled = interrupted);
  // `authorization`: the header with which each request goes out, where the connection adds none.
  ServiceClient(std::unique_ptr<base::HttpClient> http, base::Random& random, std::string authorization = "");
  ~ServiceClient();
  ServiceClient(const ServiceClient&) = delete;
  ServiceClient& operator=(const ServiceClient&) = delete;

  // The answer; null where it has no body.
  base::Result<api::Json> call(std::string_view method, const std::string& target, const api::Json* body = nullptr);
  // The items of all pages of a list, up to kMostItems.
  base::Result<api::Json::Array> list(const std::string& target);
  // What follows `data:` of each event of a text/event-stream, and of its comments nothing; until on_event says false.
  base::Status follow(const std::string& target, const std::function<bool(std::string_view)>& on_event);
  // Of a market: whose signature is on its contracts; as pinned, else as it says.
  base::Result<model::OrganisationId> market_key();
  // The bytes of an answer as they come.
  base::Status stream(const std::string& target, const std::function<bool(std::string_view)>& on_data,
                      const std::string& accept = "");

 private:
  static constexpr std::size_t kMostItems = 200'000;
  base::HttpRequest request(std::string_view method, const std::string& target) const;
  base::Result<base::HttpReply> send(const base::HttpRequest& request);
  base::Result<model::OrganisationId> told_market_key();
  base::Status expect_market(const ServiceHome& home);  // the one that is pinned

  std::unique_ptr<base::HttpClient> http_;
  base::Random& random_;
  std::string authorization_, refusal_hint_;
  std::optional<model::OrganisationId> pinned_market_;
};

// The key file that a command is to sign with: said, or the environment's, or the configuration's. kInvalidInput: none.
base::Result<std::string> identity_file(const ServiceHome& home);

// The market's key where one is pinned: said, or the environment's, or the configuration's. kInvalidInput: it is none.
base::Result<std::optional<model::OrganisationId>> pinned_market_key(const ServiceHome& home);

}  // namespace tarn
