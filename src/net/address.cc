#include "net/address.h"

#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace net {

namespace {

constexpr std::size_t kMaxHost = 253;  // RFC 1035, as text

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

base::Error not_an_address() {
  return {base::Code::kInvalidInput, "an address is host:port or [IPv6]:port, with a port from 1 to 65535"};
}

bool valid_host(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > kMaxHost) return false;
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    return plain || (bracketed && (c == ':' || c == '%'));
  });
}

}  // namespace

base::Result<Address> Address::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_address();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed && host.find(':') == std::string_view::npos) return not_an_address();
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc{} || end != digits.data() + digits.size() || port == 0) return not_an_address();
  if (!valid_host(host, bracketed)) return not_an_address();
  return Address{std::string(host), port};
}

std::string Address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Endpoint::text() const {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "an unknown address";
  }
  return storage.ss_family == AF_INET6 ? "[" + std::string(host) + "]:" + port : std::string(host) + ":" + port;
}

base::Result<std::vector<Endpoint>> resolve(const Address& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;  // first without the name service, which is slow to load
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  int failure = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  if (failure == EAI_NONAME) {
    hints.ai_flags = AI_NUMERICSERV;
    failure = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(failure == 0 ? found : nullptr);
  std::vector<Endpoint> endpoints;
  for (const addrinfo* entry = list.get(); entry != nullptr && endpoints.size() < kMaxEndpoints;
       entry = entry->ai_next) {
    if (entry->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Endpoint endpoint;
    std::memcpy(&endpoint.storage, entry->ai_addr, entry->ai_addrlen);
    endpoint.size = entry->ai_addrlen;
    endpoints.push_back(endpoint);
  }
  if (endpoints.empty()) {
    return base::Error{base::Code::kUnreachable,
                       "cannot resolve " + address.host + ": " + (failure != 0 ? gai_strerror(failure) : "no address")};
  }
  return endpoints;
}

}  // namespace net
