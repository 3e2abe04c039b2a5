// HttpClient: HTTP/1.1 over TLS 1.2 or later to one server of somebody else's, such as a cluster's API server; what
// base/http.h promises to rooms and drivers. The server proves its name or address by a certificate of an authority that
// was named (alone; without any, of those that the system trusts), or by being the one certificate that was pinned. We
// prove who we are by a certificate, by a bearer token that is asked for anew with each request (tokens are rotated),
// or not at all. Without TLS only to loopback. A connection is kept when a call is done and taken by the next. If the
// server closed it meanwhile, a call that may be repeated (GET, HEAD, PUT, DELETE) is repeated once on a new one, but
// only if not a byte of an answer came. Retry-After is understood in seconds. Redirects are answers: nobody else gets
// our token.
// Errors: as base/http.h says. Threads: any number; each call has its connection, of which kMaxIdle are kept.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/http.h"
#include "net/http_reply.h"

namespace net {

struct HttpClientOptions {
  std::string host;  // a name or an address
  std::uint16_t port = 443;
  bool tls = true;                                  // else the host has to be localhost or a loopback address
  std::string authorities;                          // PEM, at least one; empty: the system's
  std::optional<std::array<std::uint8_t, 32>> pin;  // SHA-256 of its certificate: this one and no other
  std::string server_name;                          // whom the certificate has to name; empty: the host
  // Ours, PEM, followed by those that lead to its authority; empty: none. An identity's: identity_certificate.h.
  std::string certificate;
  std::string key;  // the certificate's, PEM
  std::function<base::Result<std::string>()> bearer;
  std::string user_agent = "tarn";
  ReplyLimits limits;
  std::function<bool()> cancelled;  // asked at least every tenth of a second, by the thread that waits
};

class HttpClient final : public base::HttpClient {
 public:
  static constexpr std::size_t kMaxIdle = 8;

  // kInvalidInput, naming the option, if they cannot be used.
  static base::Result<std::unique_ptr<HttpClient>> create(HttpClientOptions options);
  ~HttpClient() override;

  base::Result<base::HttpReply> send(const base::HttpRequest& request, int timeout_ms) override;
  base::Result<base::HttpReply> stream(const base::HttpRequest& request, int timeout_ms,
                                       const std::function<bool(std::string_view)>& on_data) override;

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace net
