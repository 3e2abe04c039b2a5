#include "tarn/service_client.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "api/text.h"
#include "base/base64.h"
#include "crypto/identity.h"
#include "crypto/random.h"
#include "net/http_client.h"
#include "net/identity_certificate.h"
#include "tarn/ask_secret.h"
#include "tarn/config.h"
#include "tarn/output.h"

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

// TARN_ISOLATION_TOKEN
std::string variable(const ServiceHome& home, std::string_view what) {
  std::string out = "TARN_";
  for (const char c : home.service) out += static_cast<char>(c - 'a' + 'A');
  return out.append("_").append(what);
}

std::string configuration_of(const ServiceHome& home) { return "~/.config/tarn/" + home.service + ".toml"; }

// Where a market's key may be pinned.
std::string pinned_by(const ServiceHome& home) {
  return "--market-key, " + variable(home, "KEY") + " or market_key in " + configuration_of(home);
}

// `told`: the file of the command line, before the environment; `configured`: the configuration's, behind it.
base::Result<std::string> read_token(const ServiceHome& home, const std::string& configured) {
  std::string set = from_environment(variable(home, "TOKEN").c_str());
  if (home.token_file.empty() && !set.empty()) return set;
  const std::string file = home.token_file.empty() ? configured : home.token_file;
  if (file.empty())
    return base::Error{
        base::Code::kUnauthenticated,
        "who are you? Name a file with your token (--token-file, token_file in " + configuration_of(home) + "), set " +
            variable(home, "TOKEN") +
            (home.service == "market" ? ", or name your key (--identity FILE)" : ", or log in with --login NAME")};
  TARN_ASSIGN(std::string text, read_text_file(file, kMaxToken));
  return trimmed(std::move(text));
}

std::string identity_of(const ServiceHome& home, const ServiceClientConfig& file) {
  return first_of({home.identity, from_environment(variable(home, "IDENTITY").c_str()), file.identity});
}

base::Result<std::string> basic_authorization(const ServiceHome& home) {
  TARN_ASSIGN(std::string text, home.login_password_file.empty()
                                    ? ask_secret("password of " + one_line(home.login), false)
                                    : read_secret_file(home.login_password_file));
  text.insert(0, home.login + ":");
  std::string out = "Basic " + base::to_base64(text);
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

base::Result<std::string> identity_file(const ServiceHome& home) {
  TARN_ASSIGN(const ServiceClientConfig file, load_client_config(home.service));
  std::string found = identity_of(home, file);
  if (found.empty())
    return base::Error{base::Code::kInvalidInput,
                       "with which key? An order is signed by its organisation: say --identity FILE (tarn keygen makes "
                       "one), set " +
                           variable(home, "IDENTITY") + ", or write identity = \"FILE\" into " +
                           configuration_of(home)};
  return found;
}

base::Result<std::optional<model::OrganisationId>> pinned_market_key(const ServiceHome& home) {
  if (home.service != "market") return std::optional<model::OrganisationId>();
  TARN_ASSIGN(const ServiceClientConfig file, load_client_config(home.service));
  const std::string said =
      first_of({home.market_key, from_environment(variable(home, "KEY").c_str()), file.market_key});
  if (said.empty()) return std::optional<model::OrganisationId>();
  const auto id = model::OrganisationId::parse(said);
  if (!id.ok())
    return base::Error{base::Code::kInvalidInput,
                       "a market's key (" + pinned_by(home) +
                           ") is org_ and 64 hexadecimal digits, as the market prints it when it starts"};
  return std::optional(*id);
}

namespace {

bool has_token(const ServiceHome& home, const ServiceClientConfig& file) {
  return !home.token_file.empty() || !file.token_file.empty() ||
         !from_environment(variable(home, "TOKEN").c_str()).empty();
}

// Who we are goes into the options; the header for who comes in by password.
base::Result<std::string> introduce(const ServiceHome& home, const ServiceClientConfig& file,
                                    net::HttpClientOptions& options) {
  if (!home.login.empty()) return basic_authorization(home);
  const std::string identity = identity_of(home, file);
  // What is said on the command line counts before what the environment and files say.
  const bool by_identity =
      !identity.empty() && (!has_token(home, file) || (!home.identity.empty() && home.token_file.empty()));
  if (!by_identity) {
    options.bearer = [home, configured = file.token_file] { return read_token(home, configured); };
    return std::string();
  }
  TARN_ASSIGN(const crypto::Identity key, crypto::Identity::load(identity));
  TARN_ASSIGN(net::CertificateFiles certificate, net::identity_certificate(key));
  options.certificate = std::move(certificate.certificate);
  options.key = std::move(certificate.key);
  return std::string();
}

}  // namespace

base::Result<std::unique_ptr<ServiceClient>> ServiceClient::open(const ServiceHome& home,
                                                                 std::function<bool()> cancelled) {
  TARN_ASSIGN(const ServiceClientConfig file, load_client_config(home.service));
  const std::string url = first_of({home.url, from_environment(variable(home, "URL").c_str()), file.url});
  if (url.empty())
    return base::Error{base::Code::kInvalidInput, "which service? Say --url https://HOST:PORT, set " +
                                                      variable(home, "URL") + ", or write url = \"…\" into " +
                                                      configuration_of(home)};
  TARN_ASSIGN(const ServiceUrl at, ServiceUrl::parse(url, home.service == "market" ? kMarketPort : kIsolationPort));
  net::HttpClientOptions options;
  options.host = at.host;
  options.port = at.port;
  options.tls = at.tls;
  const std::string ca = first_of({home.ca, from_environment(variable(home, "CA").c_str()), file.ca});
  if (!ca.empty()) {
    TARN_ASSIGN(options.authorities, read_text_file(ca, kMaxPem));
  }
  const std::string pin = first_of({home.pin, from_environment(variable(home, "PIN").c_str()), file.pin});
  if (!pin.empty()) {
    TARN_ASSIGN(options.pin, parse_pin(pin));
  }
  TARN_ASSIGN(std::string authorization, introduce(home, file, options));
  const bool by_certificate = !options.certificate.empty();
  options.user_agent = "tarn/" TARN_VERSION;
  options.cancelled = std::move(cancelled);
  TARN_ASSIGN(auto http, net::HttpClient::create(std::move(options)));
  static crypto::OsRandom random;
  auto client = std::make_unique<ServiceClient>(std::move(http), random, std::move(authorization));
  if (!by_certificate && !identity_of(home, file).empty())
    client->refusal_hint_ = "; you came in by your token, which counts before your key: unset " +
                            variable(home, "TOKEN") + ", or say --identity FILE";
  TARN_ASSIGN(client->pinned_market_, pinned_market_key(home));
  if (client->pinned_market_) TARN_TRY(client->expect_market(home));
  return client;
}

ServiceClient::ServiceClient(std::unique_ptr<base::HttpClient> http, base::Random& random, std::string authorization)
    : http_(std::move(http)), random_(random), authorization_(std::move(authorization)) {}

ServiceClient::~ServiceClient() { base::wipe(authorization_.data(), authorization_.size()); }

base::Result<model::OrganisationId> ServiceClient::told_market_key() {
  TARN_ASSIGN(const api::Json said, call("GET", "/v1/key"));
  const auto id = model::OrganisationId::parse(said.text("id"));
  if (!id.ok()) return base::Error{base::Code::kInvalidInput, "what answers is no market: it names no key"};
  return *id;
}

base::Status ServiceClient::expect_market(const ServiceHome& home) {
  TARN_ASSIGN(const model::OrganisationId told, told_market_key());
  if (told == *pinned_market_) return {};
  return base::Error{base::Code::kInvalidInput,
                     "this service is the market " + told.text() + ", and not " + pinned_market_->text() +
                         ", which is pinned (" + pinned_by(home) +
                         "); nothing else was asked of it. Is the URL that of the market you mean? If it is, have its "
                         "operator confirm the key before you pin another"};
}

base::Result<model::OrganisationId> ServiceClient::market_key() {
  if (pinned_market_) return *pinned_market_;
  return told_market_key();
}

base::HttpRequest ServiceClient::request(std::string_view method, const std::string& target) const {
  base::HttpRequest out;
  out.method = method;
  out.target = target;
  if (!authorization_.empty()) out.headers.emplace_back("Authorization", authorization_);
  return out;
}

base::Result<base::HttpReply> ServiceClient::send(const base::HttpRequest& request) {
  auto reply = http_->send(request, kTimeoutMs);
  // The client itself repeats what may be repeated; with its key a POST may be, too.
  if (!reply.ok() && reply.error().code == base::Code::kUnreachable && request.method == "POST")
    reply = http_->send(request, kTimeoutMs);
  return reply;
}

base::Result<api::Json> ServiceClient::call(std::string_view method, const std::string& target, const api::Json* body) {
  base::HttpRequest request = this->request(method, target);
  if (method == "POST") request.headers.emplace_back("Idempotency-Key", fresh_key(random_));
  if (body != nullptr) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body->dump();
  }
  auto reply = send(request);
  base::wipe(request.body.data(), request.body.size());  // it may hold a password
  if (!reply.ok()) return reply.error();
  if (reply->status < 200 || reply->status > 299) {
    base::Error error = error_of(*reply);
    if (error.code == base::Code::kForbidden) error.message += refusal_hint_;
    return error;
  }
  if (reply->body.empty()) return api::Json();
  auto parsed = api::Json::parse(reply->body);
  base::wipe(reply->body.data(), reply->body.size());  // or a token
  if (!parsed.ok())
    return base::Error{base::Code::kInvalidInput, "what answers is none of our services: " + parsed.error().message};
  return parsed;
}

base::Result<api::Json::Array> ServiceClient::list(const std::string& target) {
  api::Json::Array out;
  std::string rest = target;  // which may say itself where to begin
  if (const std::size_t at = rest.find("after="); at != std::string::npos)
    rest.erase(at, std::min(rest.find('&', at), rest.size()) - at);
  const std::string joint = rest.find('?') == std::string::npos ? "?" : "&";
  std::string after;
  do {
    TARN_ASSIGN(const api::Json page,
                call("GET", after.empty() ? target : rest + joint + "after=" + api::percent_encoded(after)));
    for (const api::Json& item : page.list("items")) out.push_back(item);
    const std::string next = page.text("next");
    after = page.list("items").empty() || next == after ? "" : next;  // events have a next one always
  } while (!after.empty() && out.size() < kMostItems);
  return out;
}

base::Status ServiceClient::follow(const std::string& target, const std::function<bool(std::string_view)>& on_event) {
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

base::Status ServiceClient::stream(const std::string& target, const std::function<bool(std::string_view)>& on_data,
                                   const std::string& accept) {
  base::HttpRequest request = this->request("GET", target);
  if (!accept.empty()) request.headers.emplace_back("Accept", accept);
  TARN_ASSIGN(const base::HttpReply reply, http_->stream(request, kTimeoutMs, on_data));
  if (reply.status != 200) return error_of(reply);
  return {};
}

}  // namespace tarn
