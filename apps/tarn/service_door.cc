#include "tarn/service_door.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "net/address.h"
#include "net/client_tls.h"
#include "net/server_tls.h"
#include "tarn/config.h"
#include "tarn/tenant_access.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxPem = 1024 * 1024;
constexpr int kCertificateDays = 3'650;  // nobody renews it, and whoever pins it asks for no date

base::Error storage(const std::string& what) { return {base::Code::kStorage, what}; }

// Whom the certificate that we make for ourselves is for.
std::vector<std::string> own_names(const std::string& listen) {
  std::vector<std::string> out{"localhost", "127.0.0.1", "::1"};
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0') out.emplace_back(name.data());
  const auto at = net::Address::parse(listen);
  const bool any = !at.ok() || at->host == "0.0.0.0" || at->host == "::";
  if (!any && std::find(out.begin(), out.end(), at->host) == out.end()) out.push_back(at->host);
  return out;
}

base::Result<net::Fd> lock_directory(const std::string& directory, const std::string& what) {
  const std::string path = directory + "/lock";
  net::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return storage(path + ": " + net::system_error(errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return storage(directory + ": another " + what + " is running on this directory");
  return fd;
}

base::Result<net::HttpServer> open_server(const ServiceConfig& config, net::Fd bound, net::HttpHandler handler,
                                          net::ClientKeys clients, std::int64_t now, std::string& pin) {
  const net::HttpLimits limits = http_limits(config);
  if (config.development) return net::HttpServer::open(std::move(bound), std::move(handler), limits);
  const bool given = !config.certificate.empty();
  TARN_ASSIGN(const ServerCertificate files,
              given ? read_server_certificate(config.certificate, config.key)
                    : open_server_certificate(config.state_dir, own_names(config.listen), now));
  TARN_ASSIGN(net::ServerTls tls, net::ServerTls::create(files.certificate, files.key, clients));
  TARN_ASSIGN(const net::CertificateHash hash, net::certificate_hash(files.certificate));
  pin = pin_text(hash);
  return net::HttpServer::open(std::move(bound), std::move(handler), limits, std::move(tls));
}

}  // namespace

base::Result<bool> is_secret_there(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return false;
    return storage(path + ": " + std::generic_category().message(errno));
  }
  if (!S_ISREG(found.st_mode) || (found.st_mode & 077) != 0)
    return storage(path + ": must be a file that nobody else can read: chmod 600");
  return true;
}

base::Result<net::Fd> open_state_directory(const std::string& directory, const std::string& what) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (!failed) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failed);
  if (failed) return storage(directory + ": " + failed.message());
  return lock_directory(directory, what);
}

store::SqlStoreSettings database_of(const ServiceConfig& config, const std::string& file) {
  if (!config.postgres.empty()) return {"", config.postgres};
  return {config.state_dir + "/" + file, ""};
}

base::Result<ServerCertificate> read_server_certificate(const std::string& certificate, const std::string& key) {
  ServerCertificate out;
  TARN_ASSIGN(out.certificate, read_text_file(certificate, kMaxPem));
  TARN_ASSIGN(out.key, read_text_file(key, kMaxPem));
  return out;
}

base::Result<ServerCertificate> open_server_certificate(const std::string& directory,
                                                        const std::vector<std::string>& names, std::int64_t now) {
  const std::string certificate = directory + "/server.pem", key = directory + "/server.key";
  TARN_ASSIGN(const bool there, is_secret_there(key));
  if (!there) {
    TARN_ASSIGN(auto made, net::self_signed_certificate(names, now / 1000, kCertificateDays));
    base::Status written = write_secret_file(certificate, made.certificate);
    if (written.ok()) written = write_secret_file(key, made.key);  // last: it says that both are there
    base::wipe(made.key.data(), made.key.size());
    if (!written.ok()) return written.error();
  }
  return read_server_certificate(certificate, key);
}

base::Result<ServiceDoor> open_door(const ServiceConfig& config, int listen_fd, net::HttpHandler handler,
                                    net::ClientKeys clients, std::int64_t now) {
  ServiceDoor out;
  net::Fd bound(listen_fd);
  if (!bound.valid()) {
    TARN_ASSIGN(const net::Address at, net::Address::parse(config.listen));
    TARN_ASSIGN(bound, net::bind_at(at));
  }
  TARN_ASSIGN(const net::Endpoint bound_to, net::local_endpoint(bound));
  out.listening = bound_to.text();
  TARN_TRY(check_bound(config, out.listening));
  TARN_ASSIGN(auto server, open_server(config, std::move(bound), std::move(handler), clients, now, out.pin));
  out.http = std::make_unique<net::HttpServer>(std::move(server));
  return out;
}

}  // namespace tarn
