// PEM texts as OpenSSL's objects, for both halves of TLS. Never asks for a password at a terminal. Threads: any.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string_view>
#include <vector>

namespace net {

struct FreePem {
  void operator()(X509* certificate) const;
  void operator()(EVP_PKEY* key) const;
};
using Certificate = std::unique_ptr<X509, FreePem>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreePem>;

std::vector<Certificate> read_certificates(std::string_view text);  // in order; none if anything is not as it should be
PrivateKey read_private_key(std::string_view text);                 // null: no private key, or it needs a password

}  // namespace net
