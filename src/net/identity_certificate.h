// An identity as X.509: the least certificate that carries an Ed25519 key, signed by itself. Only the key counts, on links
// (tls.h) and where a client of a service shows who it is (server_tls.h): no authority, name or date. That whoever shows
// it holds the key is proved by the handshake.
// Errors: kInvalidInput, if OpenSSL cannot make it. Threads: any.
#pragma once

#include <optional>

#include "base/result.h"
#include "crypto/identity.h"
#include "net/pem.h"
#include "net/server_tls.h"

namespace net {

PrivateKey private_key_of(const crypto::Identity& identity);  // null: OpenSSL cannot use it
Certificate self_signed(EVP_PKEY* ed25519);                   // null: OpenSSL cannot make it
std::optional<crypto::PublicKey> ed25519_key(const X509* certificate);

// As PEM, for HttpClientOptions: its key is secret.
base::Result<CertificateFiles> identity_certificate(const crypto::Identity& identity);

}  // namespace net
