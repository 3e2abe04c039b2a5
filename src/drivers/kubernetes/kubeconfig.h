// Kubeconfigs: where a cluster's API server is and how one gets in, read from a file as kubectl has it or from what a
// pod finds in itself; and the kubeconfig that a tenant gets, written so that no text in it can be anything but text.
// Refused, because Tarn would be less safe or not able to: skipping the check of certificates, passwords, proxies,
// impersonation, and plugins that have to be executed. Tokens of files are read anew each time: they are rotated.
// Errors: kInvalidInput with the file and what to do; contents of files are never in a message.
// Secrets are zeroed when they go. Threads: any. Source: kubernetes.io/docs/reference/config-api/kubeconfig.v1.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace drivers {

struct ClusterAccess {
  std::string host;
  std::uint16_t port = 443;
  std::string prefix;  // of every path: empty or "/k8s/clusters/c-1"
  bool tls = true;
  std::string authorities;       // PEM; empty: the system's
  std::string server_name;       // whom its certificate has to name; empty: the host
  std::string certificate, key;  // ours, PEM; or empty
  std::string token;
  std::filesystem::path token_file;  // rather than `token`
  std::string default_namespace;

  ClusterAccess() = default;
  ClusterAccess(const ClusterAccess&) = default;
  ClusterAccess(ClusterAccess&&) noexcept = default;
  ClusterAccess& operator=(const ClusterAccess&) = default;
  ClusterAccess& operator=(ClusterAccess&&) noexcept = default;
  ~ClusterAccess();

  std::string url() const;  // https://host:port/prefix
  bool has_token() const { return !token.empty() || !token_file.empty(); }
  base::Result<std::string> current_token() const;  // reads token_file
};

// `context`: by name; empty: the file's current one. Relative paths in it are relative to its directory.
base::Result<ClusterAccess> read_kubeconfig(const std::filesystem::path& file, std::string_view context = "");
base::Result<ClusterAccess> parse_kubeconfig(std::string_view text, const std::filesystem::path& directory,
                                             std::string_view context = "");

// What every pod gets: its service account's token and namespace and the authority in `directory`; host and port from
// KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT.
inline constexpr const char* kServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";
base::Result<ClusterAccess> in_cluster_access(const std::filesystem::path& directory, std::string_view host,
                                              std::string_view port);

// A credential plugin that kubectl runs (client.authentication.k8s.io) whenever it needs a token.
struct ExecPlugin {
  std::string command;  // absolute, or looked for in the PATH
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string install_hint;
  std::string api_version = "client.authentication.k8s.io/v1";
};

struct TenantAccess {
  std::string name;         // of context, cluster and user
  std::string server;       // URL, as the tenant reaches it
  std::string authorities;  // PEM; empty: the tenant's system's
  std::string server_name;  // empty: the URL's
  std::string tenant_namespace;
  std::variant<std::string, ExecPlugin> credential;  // a token, or where to get one
};

std::string tenant_kubeconfig(const TenantAccess& access);

}  // namespace drivers
