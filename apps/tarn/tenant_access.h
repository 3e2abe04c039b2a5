// A tenant's way in, from what its provider handed over. The provider is a stranger: a kubeconfig of its making could name
// programs to run and files to read. So it is read strictly, and what is written for kubectl is made anew of the few parts
// that it takes: server, authority, namespace and token.
// Errors: kInvalidInput (the provider's is not such a kubeconfig), kStorage. Secrets are zeroed when they go, and are in
// files of mode 0600 alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pool/lease.h"

namespace tarn {

class TenantAccess {
 public:
  static base::Result<TenantAccess> read(const pool::LeaseId& lease, std::int64_t expires_unix_ms,
                                         base::ByteView handed_over);
  TenantAccess(TenantAccess&&) noexcept = default;
  TenantAccess& operator=(TenantAccess&&) noexcept = delete;
  ~TenantAccess();

  // With the token in it; or without any secret, and kubectl asks this program whenever it needs a token.
  std::string kubeconfig() const;
  std::string kubeconfig(const std::string& program, const std::vector<std::string>& arguments) const;
  // JSON of client.authentication.k8s.io, as v1beta1 or v1: kubectl wants what it asks for in KUBERNETES_EXEC_INFO.
  std::string exec_credential(std::string_view exec_info) const;

  const pool::LeaseId& lease() const { return lease_; }
  std::int64_t expires_unix_ms() const { return expires_unix_ms_; }

 private:
  TenantAccess() = default;
  pool::LeaseId lease_{};
  std::int64_t expires_unix_ms_ = 0;
  std::string server_, authorities_, server_name_, namespace_, token_;
};

// A file of mode 0600, written beside and renamed.
base::Status write_secret_file(const std::string& path, std::string_view text);

}  // namespace tarn
