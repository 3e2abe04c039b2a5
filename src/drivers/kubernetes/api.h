// KubernetesApi: the calls that a Kubernetes API server answers, over base::HttpClient: paths, JSON bodies, statuses,
// and the patience that it asks for. Retried until the deadline, with growing pauses: 429 and 503 (after Retry-After, if
// it says one: nothing was done), and, where the call may be repeated, other 5xx and broken connections. All may but POST,
// whose caller is told that the answer was lost, and looks. A repeated PUT may meet its own 409.
// Where no time is left for another try, the last answer or error is told.
// Errors: kUnreachable, kDeadline, kCancelled; kInvalidInput for an answer that is no JSON. An answer of any other
// status (404, 409, 403, 422) is a reply. Threads: any.
// Source: Kubernetes API conventions; server-side apply (application/apply-patch+yaml, JSON is YAML).
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.h"
#include "base/http.h"

namespace drivers {

struct ApiReply {
  unsigned status = 0;
  std::string body;
  bool ok() const { return status >= 200 && status < 300; }
  nlohmann::json json() const;  // discarded value if it is none
  std::string message() const;  // the server's `message`, cut and cleaned for a terminal; "HTTP 403" without one
};

// One request and what came of it; a retried call is several.
struct ApiCall {
  std::string verb, path;
  unsigned status = 0;  // 0: no answer
  std::int64_t took_ms = 0;
};

struct ApiOptions {
  std::string field_manager = "tarn";
  std::string prefix;                 // of every path, where the API server is behind another server
  int timeout_ms = 10'000;            // a call, its retries included
  std::function<void(int ms)> pause;  // between retries; without one, sleeps
  std::function<bool()> cancelled;
  std::function<void(const ApiCall&)> on_call;  // logs, metrics
};

class KubernetesApi {
 public:
  KubernetesApi(base::HttpClient& http, const base::Clock& clock, ApiOptions options);

  base::Result<ApiReply> get(const std::string& path);
  base::Result<ApiReply> create(const std::string& path, const nlohmann::json& object);   // POST
  base::Result<ApiReply> apply(const std::string& path, const nlohmann::json& object);    // force
  base::Result<ApiReply> replace(const std::string& path, const nlohmann::json& object);  // PUT; 409 if stale
  base::Result<ApiReply> merge(const std::string& path, const nlohmann::json& patch);     // JSON merge patch
  base::Result<ApiReply> remove(const std::string& path, const nlohmann::json& options);  // DELETE
  // All pages of a list, `limit` objects each.
  base::Result<ApiReply> list(const std::string& path, const std::string& label_selector);
  // Events of a watch from `resource_version`, until on_event returns false, the server ends it (an ok reply) or
  // timeout_ms without any. The caller lists again after 410.
  base::Result<ApiReply> watch(const std::string& path, const std::string& resource_version, int timeout_ms,
                               const std::function<bool(const nlohmann::json& event)>& on_event);

 private:
  base::Result<ApiReply> call(base::HttpRequest request, bool repeatable);

  base::HttpClient& http_;
  const base::Clock& clock_;
  ApiOptions options_;
};

}  // namespace drivers
