// What every service of ours (isolation, market) needs before it can be spoken to: a state directory that nobody else uses,
// a certificate, made at the first start unless one is given, and an HTTP server at its address.
// Errors: kStorage, kInvalidInput (a secret that others can read, a certificate that is none, an address that cannot be
// used). Threads: before there are any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http_server.h"
#include "store/sql_store.h"
#include "tarn/service_config.h"

namespace tarn {

// Made if it is missing, mode 0700; the lock is held as long as the descriptor is open. `what`: who else may hold it.
base::Result<net::Fd> open_state_directory(const std::string& directory, const std::string& what);

// Where its tables are: in that file of the state directory, unless a server is named.
store::SqlStoreSettings database_of(const ServiceConfig& config, const std::string& file);

// Whether the file is there; one that others can read is refused.
base::Result<bool> is_secret_there(const std::string& path);

struct ServerCertificate {
  std::string certificate, key;  // PEM
  ServerCertificate() = default;
  ServerCertificate(ServerCertificate&&) = default;
  ServerCertificate& operator=(ServerCertificate&&) = default;
  ~ServerCertificate() { base::wipe(key.data(), key.size()); }
};
// DIRECTORY/server.pem and server.key, for `names`.
base::Result<ServerCertificate> open_server_certificate(const std::string& directory,
                                                        const std::vector<std::string>& names, std::int64_t now);
base::Result<ServerCertificate> read_server_certificate(const std::string& certificate, const std::string& key);

struct ServiceDoor {
  std::unique_ptr<net::HttpServer> http;
  std::string listening;  // the address
  std::string pin;        // of the certificate, "sha256:…"; empty: plain HTTP
};
// `listen_fd`: a bound socket to use instead of the address, or -1.
base::Result<ServiceDoor> open_door(const ServiceConfig& config, int listen_fd, net::HttpHandler handler,
                                    net::ClientKeys clients, std::int64_t now);

}  // namespace tarn
