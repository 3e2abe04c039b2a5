#include "tarn/isolation_client.h"

#include <algorithm>
#include <cstdlib>

#include "api/text.h"
#include "crypto/random.h"
#include "drivers/kubernetes/base64.h"
#include "net/http_client.h"
#include "tarn/ask_secret.h"
#include "tarn/config.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxToken = 4096, kMaxPem = 1024 * 1024, kMaxEvent = 64 * 1024;

std::string from_environment(const char* name) {
  const char* const set = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no other thread yet
  return set == nullptr ? "" : set;
}

// The first that was said.
std::string first_of(std::initializer_list<std::string> choices) {
  for (const std::string& choice : choices)
    if (!choice.empty()) return choice;
  return "";
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

// `told`: the file of the command line, before the environment; `file`: the configuration's, behind it.
base::Result<std::string> read_token(const std::string& told, std::string file) {
  if (std::string set = from_environment("TARN_ISOLATION_TOKEN"); told.empty() && !set.empty()) return set;
  if (!told.empty()) file = told;
  if (file.empty())
    return base::Error{base::Code::kUnauthenticated,
                       "who are you? Name a file with your token (--token-file, token_file in "
                       "~/.config/tarn/isolation.toml), set TARN_ISOLATION_TOKEN, or log in with --login NAME"};
  TARN_ASSIGN(std::string text, read_text_file(file, kMaxToken));
  return trimmed(std::move(text));
}

base::Result<std::string> basic_authorization(const IsolationHome& home) {
  TARN_ASSIGN(std::string text, home.login_password_file.empty()
                                    ? ask_secret("password of " + one_line(home.login), false)
                                    : read_secret_file(home.login_password_file));
  text.insert(0, home.login + ":");
  std::string out = "Basic " + drivers::to_base64(text);
  base::wipe(text.data(), text.size());
  return out;
}

base::Code code_of(unsigned status) {
  switch (status) {
    case 400:
    case 422: return base::Code::kInvalidInput;
    case 401: return base::Code::kUnauthenticated;
    case 403: return base::Code::kForbidden;
    case 404: return base::Code::kNotFound;
    case 409:
    case 412: return base::Code::kConflict;
    case 429:
    case 502:
    case 503: return base::Code::kUnreachable;
    case 504: return base::Code::kDeadline;
    default: return status >= 500 ? base::Code::kStorage : base::Code::kInvalidInput;
  }
}

// What the service says about it (RFC 9457), else the status.
base::Error error_of(const base::HttpReply& reply) {
  std::string said;
  base::Code code = code_of(reply.status);
  if (const auto problem = api::Json::parse(reply.body); problem.ok()) {
    if (problem->text("code") == code_name(base::Code::kStorage)) code = base::Code::kStorage;
    said = problem->text("detail", problem->text("title"));
    if (problem->has("field")) said = problem->text("field") + ": " + said;
  }
  if (said.empty()) said = "the service answered with status " + std::to_string(reply.status);
  if (reply.status == 429 && reply.retry_after_s)
    said += " (try again in " + std::to_string(*reply.retry_after_s) + " s)";
  return {code, one_line(said)};
}

std::string fresh_key(base::Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  return base::to_hex(bytes);
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out(text.substr(0, 2000));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

base::Result<std::unique_ptr<IsolationClient>> IsolationClient::open(const IsolationHome& home) {
  TARN_ASSIGN(const IsolationClientConfig file, load_isolation_client_config());
  const std::string url = first_of({home.url, from_environment("TARN_ISOLATION_URL"), file.url});
  if (url.empty())
    return base::Error{base::Code::kInvalidInput,
                       "which service? Say --url https://HOST:PORT, set TARN_ISOLATION_URL, or write url = \"…\" into "
                       "~/.config/tarn/isolation.toml"};
  TARN_ASSIGN(const ServiceUrl at, ServiceUrl::parse(url));
  net::HttpClientOptions options;
  options.host = at.host;
  options.port = at.port;
  options.tls = at.tls;
  if (const std::string ca = first_of({home.ca, from_environment("TARN_ISOLATION_CA"), file.ca}); !ca.empty()) {
    TARN_ASSIGN(options.authorities, read_text_file(ca, kMaxPem));
  }
  if (const std::string pin = first_of({home.pin, file.pin}); !pin.empty()) {
    TARN_ASSIGN(options.pin, parse_pin(pin));
  }
  std::string authorization;
  if (!home.login.empty()) {
    TARN_ASSIGN(authorization, basic_authorization(home));
  } else {
    options.bearer = [told = home.token_file, configured = file.token_file] { return read_token(told, configured); };
  }
  options.user_agent = "tarn/" TARN_VERSION;
  options.cancelled = interrupted;
  TARN_ASSIGN(auto http, net::HttpClient::create(std::move(options)));
  static crypto::OsRandom random;
  return std::make_unique<IsolationClient>(std::move(http), random, std::move(authorization));
}

IsolationClient::IsolationClient(std::unique_ptr<base::HttpClient> http, base::Random& random,
                                 std::string authorization)
    : http_(std::move(http)), random_(random), authorization_(std::move(authorization)) {}

IsolationClient::~IsolationClient() { base::wipe(authorization_.data(), authorization_.size()); }

base::HttpRequest IsolationClient::request(std::string_view method, const std::string& target) const {
  base::HttpRequest out;
  out.method = method;
  out.target = target;
  if (!authorization_.empty()) out.headers.emplace_back("Authorization", authorization_);
  return out;
}

base::Result<base::HttpReply> IsolationClient::send(const base::HttpRequest& request) {
  auto reply = http_->send(request, kTimeoutMs);
  // The client itself repeats what may be repeated; with its key a POST may be, too.
  if (!reply.ok() && reply.error().code == base::Code::kUnreachable && request.method == "POST")
    reply = http_->send(request, kTimeoutMs);
  return reply;
}

base::Result<api::Json> IsolationClient::call(std::string_view method, const std::string& target,
                                              const api::Json* body) {
  base::HttpRequest request = this->request(method, target);
  if (method == "POST") request.headers.emplace_back("Idempotency-Key", fresh_key(random_));
  if (body != nullptr) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body->dump();
  }
  auto reply = send(request);
  base::wipe(request.body.data(), request.body.size());  // it may hold a password
  if (!reply.ok()) return reply.error();
  if (reply->status < 200 || reply->status > 299) return error_of(*reply);
  if (reply->body.empty()) return api::Json();
  auto parsed = api::Json::parse(reply->body);
  base::wipe(reply->body.data(), reply->body.size());  // or a token
  if (!parsed.ok())
    return base::Error{base::Code::kInvalidInput, "what answers is no isolation service: " + parsed.error().message};
  return parsed;
}

base::Result<api::Json::Array> IsolationClient::list(const std::string& target) {
  api::Json::Array out;
  const std::string joint = target.find('?') == std::string::npos ? "?" : "&";
  std::string after;
  do {
    TARN_ASSIGN(const api::Json page,
                call("GET", after.empty() ? target : target + joint + "after=" + api::percent_encoded(after)));
    for (const api::Json& item : page.list("items")) out.push_back(item);
    const std::string next = page.text("next");
    after = page.list("items").empty() || next == after ? "" : next;  // events have a next one always
  } while (!after.empty() && out.size() < kMostItems);
  return out;
}

base::Status IsolationClient::follow(const std::string& target, const std::function<bool(std::string_view)>& on_event) {
  std::string rest;
  bool wanted = true;
  return stream(
      target,
      [&](std::string_view more) {
        rest += more;
        for (std::size_t end = rest.find('\n'); wanted && end != std::string::npos; end = rest.find('\n')) {
          if (rest.starts_with("data:")) {
            const std::string_view line = std::string_view(rest).substr(0, end);
            wanted = on_event(line.substr(line.starts_with("data: ") ? 6 : 5));
          }
          rest.erase(0, end + 1);
        }
        return wanted && rest.size() <= kMaxEvent;
      },
      "text/event-stream");
}

base::Status IsolationClient::stream(const std::string& target, const std::function<bool(std::string_view)>& on_data,
                                     const std::string& accept) {
  base::HttpRequest request = this->request("GET", target);
  if (!accept.empty()) request.headers.emplace_back("Accept", accept);
  TARN_ASSIGN(const base::HttpReply reply, http_->stream(request, kTimeoutMs, on_data));
  if (reply.status != 200) return error_of(reply);
  return {};
}

}  // namespace tarn
