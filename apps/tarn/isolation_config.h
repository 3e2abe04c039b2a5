// Configurations of the isolation service and of its client commands (TOML 1.0). Strict, as pool_config.h: an unknown key
// or a value out of range is refused with its line. Without a file the service has defaults that work: a state directory
// is all that it needs. No secret is in these files, only where it is.
// The parser (toml++) stays in isolation_config.cc. Errors: kInvalidInput. Pure but for load_…, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "isolation/engine.h"
#include "isolation/rules.h"
#include "net/http_server.h"

namespace tarn {

struct IsolationConfig {
  std::string state_dir;  // the sealing key, first password, certificate; and the database, if no other is named
  std::string postgres;   // libpq's connection string; its password belongs into a file of libpq's; empty: SQLite
  std::string listen = "127.0.0.1:7600";
  std::string certificate, key;  // PEM files; empty: made at the first start
  bool development = false;      // plain HTTP, on a loopback address only
  bool metrics = true;           // GET /metrics, for anybody who reaches the address
  std::size_t connections = 1'024, threads = 32, streams = 64;
  isolation::Settings rules;
  isolation::EngineLimits engine;
  std::int64_t reconcile_every_ms = 60'000;
  // Events, and operations that are over; answers to Idempotency-Keys.
  std::int64_t keep_events_ms = std::int64_t{90} * 86'400'000, keep_replies_ms = 86'400'000;
};

base::Result<IsolationConfig> parse_isolation_config(const std::string& text, const std::string& file,
                                                     const std::string& directory);
// `state_dir` is taken instead of the file's, and `file` may be empty if there is one.
base::Result<IsolationConfig> load_isolation_config(const std::string& file, const std::string& state_dir);
// What no file can settle by itself, once all is known: development mode is for loopback addresses.
base::Status check_isolation_config(const IsolationConfig& config);
// The same of the address that the service's socket is bound to, which may have been given by others.
base::Status check_bound(const IsolationConfig& config, const std::string& bound_to);
net::HttpLimits http_limits(const IsolationConfig& config);

using CertificatePin = std::array<std::uint8_t, 32>;
base::Result<CertificatePin> parse_pin(const std::string& text);  // "sha256:" and 64 hexadecimal digits
std::string pin_text(const CertificatePin& pin);

// Where a service is: https://HOST[:PORT], or http:// for a service in development mode.
struct ServiceUrl {
  std::string host;
  std::uint16_t port = 7600;
  bool tls = true;
  static base::Result<ServiceUrl> parse(const std::string& text);
};

struct IsolationClientConfig {
  std::string url, ca, pin, token_file;
};
base::Result<IsolationClientConfig> parse_isolation_client_config(const std::string& text, const std::string& file,
                                                                  const std::string& directory);
// ~/.config/tarn/isolation.toml; if there is none, everything is empty.
base::Result<IsolationClientConfig> load_isolation_client_config();

}  // namespace tarn
