// IsolationClient: one isolation service, as the client commands speak to it: JSON over /v1, with a token or a
// name and its password. Where it is and
// how it is known comes from options, else the environment, else ~/.config/tarn/isolation.toml (isolation_config.h).
// Every POST has an Idempotency-Key, so that one whose answer was lost is sent again without being done twice.
// Errors: by the answer's status: kInvalidInput (400, 422), kUnauthenticated (401), kForbidden (403), kNotFound (404),
// kConflict (409, 412), kUnreachable (429, 502, 503), kDeadline (504), kStorage (any other 5xx, or if it says so), with
// what the service says; and those of base/http.h. The token is read anew from its file for each call and zeroed behind it.
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "base/http.h"
#include "base/random.h"
#include "tarn/isolation_config.h"

namespace tarn {

// Where things are and who we are, each left empty where it was not said.
struct IsolationHome {
  std::string url, ca, pin, token_file;
  std::string login, login_password_file;  // by name and password instead of a token
};

class IsolationClient {
 public:
  static constexpr int kTimeoutMs = 30'000;

  static base::Result<std::unique_ptr<IsolationClient>> open(const IsolationHome& home);
  // `authorization`: the header with which each request goes out, where the connection adds none.
  IsolationClient(std::unique_ptr<base::HttpClient> http, base::Random& random, std::string authorization = "");
  ~IsolationClient();
  IsolationClient(const IsolationClient&) = delete;
  IsolationClient& operator=(const IsolationClient&) = delete;

  // The answer; null where it has no body.
  base::Result<api::Json> call(std::string_view method, const std::string& target, const api::Json* body = nullptr);
  // The items of all pages of a list, up to kMostItems.
  base::Result<api::Json::Array> list(const std::string& target);
  // What follows `data:` of each event of a text/event-stream, and of its comments nothing; until on_event says false.
  base::Status follow(const std::string& target, const std::function<bool(std::string_view)>& on_event);
  // The bytes of an answer as they come.
  base::Status stream(const std::string& target, const std::function<bool(std::string_view)>& on_data,
                      const std::string& accept = "");

 private:
  static constexpr std::size_t kMostItems = 200'000;
  base::HttpRequest request(std::string_view method, const std::string& target) const;
  base::Result<base::HttpReply> send(const base::HttpRequest& request);

  std::unique_ptr<base::HttpClient> http_;
  base::Random& random_;
  std::string authorization_;
};

// A text of the service's, fit for a terminal: one line, no control characters.
std::string one_line(std::string_view text);

}  // namespace tarn
