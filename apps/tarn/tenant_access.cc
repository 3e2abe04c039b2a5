#include "tarn/tenant_access.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "base/json_string.h"
#include "drivers/kubernetes/kubeconfig.h"
#include "tarn/time_text.h"

namespace tarn {
namespace {

constexpr const char* kApi = "client.authentication.k8s.io/v1";
constexpr const char* kOlderApi = "client.authentication.k8s.io/v1beta1";

base::Error refused(const std::string& what) {
  return {base::Code::kInvalidInput, "the provider hands over a kubeconfig that " + what};
}

// A namespace's name, which is shown to people.
bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::vector<std::pair<std::string, std::string>> own_environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const char* name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME"})
    if (const char* const set = std::getenv(name); set != nullptr)  // NOLINT(concurrency-mt-unsafe): nobody sets any
      out.emplace_back(name, set);
  return out;
}

}  // namespace

base::Result<TenantAccess> TenantAccess::read(const pool::LeaseId& lease, std::int64_t expires_unix_ms,
                                              base::ByteView handed_over) {
  const std::string_view text(reinterpret_cast<const char*>(handed_over.data()), handed_over.size());
  // Nothing that it names is read from a file: relative paths lead nowhere, and others are refused below.
  const auto access = drivers::parse_kubeconfig(text, "/nonexistent");
  if (!access.ok()) return refused("cannot be used: " + access.error().message);
  if (!access->tls) return refused("does not use TLS");
  if (access->token.empty() || !access->token_file.empty() || !access->key.empty())
    return refused("has something else than a token");
  if (!is_label(access->default_namespace)) return refused("names no namespace");
  TenantAccess out;
  out.lease_ = lease;
  out.expires_unix_ms_ = expires_unix_ms;
  out.server_ = access->url();
  out.authorities_ = access->authorities;
  out.server_name_ = access->server_name;
  out.namespace_ = access->default_namespace;
  out.token_ = access->token;
  return out;
}

TenantAccess::~TenantAccess() { base::wipe(token_.data(), token_.size()); }

std::string TenantAccess::kubeconfig() const {
  return drivers::tenant_kubeconfig(
      {pool::text(lease_).substr(0, 18), server_, authorities_, server_name_, namespace_, token_});
}

std::string TenantAccess::kubeconfig(const std::string& program, const std::vector<std::string>& arguments) const {
  drivers::ExecPlugin plugin;
  plugin.command = program;
  plugin.api_version = kOlderApi;  // which every kubectl knows; v1 came with 1.22, and Debian 12 has an older one
  plugin.arguments = arguments;
  plugin.environment = own_environment();
  plugin.install_hint = "tarn, which leased this namespace, is not where it was";
  return drivers::tenant_kubeconfig(
      {pool::text(lease_).substr(0, 18), server_, authorities_, server_name_, namespace_, plugin});
}

std::string TenantAccess::exec_credential(std::string_view exec_info) const {
  const bool older = exec_info.find(kOlderApi) != std::string_view::npos;
  return R"({"apiVersion":)" + base::json_string(older ? kOlderApi : kApi) +
         R"(,"kind":"ExecCredential","status":{"expirationTimestamp":)" +
         base::json_string(time_text(expires_unix_ms_)) + R"(,"token":)" + base::json_string(token_) + "}}";
}

base::Status write_secret_file(const std::string& path, std::string_view text) {
  const auto failed = [&](int why) {
    return base::Error{base::Code::kStorage, path + ": " + std::generic_category().message(why)};
  };
  const std::string beside = path + ".new";
  (void)::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return failed(errno);
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    done += static_cast<std::size_t>(wrote);
  }
  int why = done == text.size() ? 0 : errno;
  if (why == 0 && ::fsync(fd) != 0) why = errno;
  ::close(fd);
  if (why == 0 && ::rename(beside.c_str(), path.c_str()) != 0) why = errno;
  if (why == 0) return {};
  (void)::unlink(beside.c_str());
  return failed(why);
}

}  // namespace tarn
