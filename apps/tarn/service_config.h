// What the configurations of our services (isolation, market) and of their client commands have in common (TOML 1.0).
// Strict, as pool_config.h: an unknown key or a value out of range is refused with its line. Without a file a service has
// defaults that work: a state directory is all that it needs. No secret is in these files, only where it is.
// The parser (toml++) stays in the .cc files. Errors: kInvalidInput. Pure but for load_…, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/http_server.h"

namespace tarn {

class Table;

struct ServiceConfig {
  std::string state_dir;  // keys, first token, certificate; and the database, if no other is named
  std::string postgres;   // libpq's connection string; its password belongs into a file of libpq's; empty: SQLite
  std::string listen;
  std::string certificate, key;  // PEM files; empty: made at the first start
  bool development = false;      // plain HTTP, on a loopback address only
  bool metrics = true;           // GET /metrics, for anybody who reaches the address
  std::size_t connections = 1'024, threads = 32, streams = 64;
};

inline constexpr std::size_t kMaxServiceConfig = 64 * 1024;
// [http] and [storage], where they are there.
base::Status read_http(Table& top, const std::string& file, const std::string& directory, ServiceConfig& out);
base::Status read_storage(Table& top, const std::string& file, const std::string& directory, ServiceConfig& out);

// What no file can settle by itself, once all is known: development mode is for loopback addresses.
base::Status check_service_config(const ServiceConfig& config);
// The same of the address that the service's socket is bound to, which may have been given by others.
base::Status check_bound(const ServiceConfig& config, const std::string& bound_to);
net::HttpLimits http_limits(const ServiceConfig& config);

inline constexpr std::uint16_t kIsolationPort = 7600, kMarketPort = 7700;

using CertificatePin = std::array<std::uint8_t, 32>;
base::Result<CertificatePin> parse_pin(const std::string& text);  // "sha256:" and 64 hexadecimal digits
std::string pin_text(const CertificatePin& pin);

// Where a service is: https://HOST[:PORT], or http:// for a service in development mode.
struct ServiceUrl {
  std::string host;
  std::uint16_t port = 0;
  bool tls = true;
  // `default_port`: where the URL says none.
  static base::Result<ServiceUrl> parse(const std::string& text, std::uint16_t default_port = kIsolationPort);
};

struct ServiceClientConfig {
  std::string url, ca, pin, token_file, identity;
  std::string market_key;  // org_…; only in market.toml
};
base::Result<ServiceClientConfig> parse_client_config(const std::string& text, const std::string& file,
                                                      const std::string& directory, const std::string& service);
// ~/.config/tarn/SERVICE.toml; if there is none, everything is empty.
base::Result<ServiceClientConfig> load_client_config(const std::string& service);

}  // namespace tarn
