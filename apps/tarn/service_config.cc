#include "tarn/service_config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/bytes.h"
#include "model/organisation.h"
#include "net/address.h"
#include "tarn/config.h"
#include "tarn/config_fields.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxBody = 1024 * 1024, kConnectionsAPeer = 256;

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

}  // namespace

base::Status read_http(Table& top, const std::string& file, const std::string& directory, ServiceConfig& out) {
  const toml::table* entry = top.table("http", false);
  if (entry == nullptr) return {};
  Table http(*entry, file, "[http]");
  out.listen = http.text("listen", false, 300).value_or(out.listen);
  const auto certificate = http.text("certificate", false), key = http.text("key", false);
  out.development = http.flag("development").value_or(false);
  out.metrics = http.flag("metrics").value_or(out.metrics);
  read_count(http, "connections", 1, 100'000, out.connections);
  read_count(http, "threads", 1, 1'000, out.threads);
  read_count(http, "streams", 1, 1'000, out.streams);
  if (certificate.has_value() != key.has_value())
    http.complain(http.node(), "certificate and key belong together: name both, or none to have them made");
  if (certificate && out.development)
    http.complain(http.node(), "development mode is without TLS: name no certificate, or leave development out");
  if (!net::Address::parse(out.listen).ok())
    http.complain(http.node(), "listen must be an address like \"127.0.0.1:7600\"");
  if (certificate) out.certificate = resolved(*certificate, directory);
  if (key) out.key = resolved(*key, directory);
  return http.finish();
}

base::Status read_storage(Table& top, const std::string& file, const std::string& directory, ServiceConfig& out) {
  const toml::table* entry = top.table("storage", false);
  if (entry == nullptr) return {};
  Table storage(*entry, file, "[storage]");
  if (const auto state_dir = storage.text("state_dir", false)) out.state_dir = resolved(*state_dir, directory);
  out.postgres = storage.text("postgres", false).value_or("");
  if (out.postgres.find("password=") != std::string::npos || out.postgres.find("password =") != std::string::npos)
    storage.complain(storage.node(),
                     "postgres must not hold a password: say passfile=/path, or use peer authentication");
  return storage.finish();
}

base::Status check_service_config(const ServiceConfig& config) {
  if (config.state_dir.empty())
    return refused("where is the service's state? Say --state-dir DIR, or state_dir = \"DIR\" in [storage]");
  return check_bound(config, config.listen);
}

base::Status check_bound(const ServiceConfig& config, const std::string& bound_to) {
  TARN_ASSIGN(const net::Address at, net::Address::parse(bound_to));
  if (config.development && !is_loopback(at.host))
    return refused(bound_to + ": development mode is plain HTTP, and so for a loopback address only");
  return {};
}

net::HttpLimits http_limits(const ServiceConfig& config) {
  net::HttpLimits limits;
  limits.connections = config.connections;
  limits.connections_a_peer = std::min(config.connections, kConnectionsAPeer);
  limits.head_bytes = 16 * 1024;
  limits.body_bytes = kMaxBody;  // what the API takes; it is in memory before anybody has said who he is
  limits.threads = config.threads;
  limits.queue = config.connections;
  limits.streams = config.streams;
  limits.idle_ms = 60'000;
  return limits;
}

base::Result<CertificatePin> parse_pin(const std::string& text) {
  constexpr std::string_view kKind = "sha256:";
  CertificatePin out{};
  const auto bytes = text.starts_with(kKind) ? base::from_hex(text.substr(kKind.size())) : std::nullopt;
  if (!bytes || bytes->size() != out.size())
    return refused("a pin is \"sha256:\" and 64 hexadecimal digits, as the service prints it when it starts");
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

std::string pin_text(const CertificatePin& pin) { return "sha256:" + base::to_hex(pin); }

base::Result<ServiceUrl> ServiceUrl::parse(const std::string& text, std::uint16_t default_port) {
  const base::Error wrong = refused("a service's URL is https://HOST:PORT");
  ServiceUrl out;
  std::string rest = text;
  if (rest.starts_with("https://")) {
    rest.erase(0, 8);
  } else if (rest.starts_with("http://")) {
    out.tls = false;
    rest.erase(0, 7);
  } else {
    return wrong;
  }
  if (rest.ends_with("/")) rest.pop_back();
  const std::size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
  const auto at = net::Address::parse(has_port ? rest : rest + ":" + std::to_string(default_port));
  if (!at.ok() || rest.find_first_of("/?#@") != std::string::npos || !printable(rest)) return wrong;
  out.host = at->host;
  out.port = at->port;
  return out;
}

base::Result<ServiceClientConfig> parse_client_config(const std::string& text, const std::string& file,
                                                      const std::string& directory, const std::string& service) {
  TARN_ASSIGN(const toml::table parsed, parse_toml(text, file));
  Table top(parsed, file, "the file");
  ServiceClientConfig out;
  out.url = top.text("url", false, 300).value_or("");
  const auto ca = top.text("ca", false), token_file = top.text("token_file", false),
             identity = top.text("identity", false);
  out.pin = top.text("pin", false, 100).value_or("");
  if (service == "market") out.market_key = top.text("market_key", false, 100).value_or("");
  if (!out.url.empty() && !ServiceUrl::parse(out.url).ok())
    top.complain(top.node(), "url must be \"https://HOST:PORT\"");
  if (!out.pin.empty() && !parse_pin(out.pin).ok())
    top.complain(top.node(), "pin must be \"sha256:\" and 64 hexadecimal digits");
  if (!out.market_key.empty() && !model::OrganisationId::parse(out.market_key).ok())
    top.complain(top.node(), "market_key must be \"org_\" and 64 hexadecimal digits");
  TARN_TRY(top.finish());
  if (ca) out.ca = resolved(*ca, directory);
  if (token_file) out.token_file = resolved(*token_file, directory);
  if (identity) out.identity = resolved(*identity, directory);
  return out;
}

base::Result<ServiceClientConfig> load_client_config(const std::string& service) {
  const char* const set = std::getenv("XDG_CONFIG_HOME");  // NOLINT(concurrency-mt-unsafe): no other thread yet
  const char* const home = std::getenv("HOME");            // NOLINT(concurrency-mt-unsafe)
  std::filesystem::path directory;
  if (set != nullptr && std::filesystem::path(set).is_absolute())
    directory = set;
  else if (home != nullptr && std::filesystem::path(home).is_absolute())
    directory = std::filesystem::path(home) / ".config";
  const std::string file = (directory / "tarn" / (service + ".toml")).string();
  std::error_code failed;
  if (directory.empty() || !std::filesystem::exists(file, failed)) return ServiceClientConfig{};
  TARN_ASSIGN(const std::string text, read_text_file(file, kMaxServiceConfig));
  return parse_client_config(text, file, (directory / "tarn").string(), service);
}

}  // namespace tarn
