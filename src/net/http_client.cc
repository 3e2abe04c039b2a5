#include "net/http_client.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/bytes.h"
#include "net/client_tls.h"
#include "net/lookup.h"

namespace net {

namespace {

constexpr std::size_t kChunk = 16 * 1024;
using SecretText = std::vector<char, base::WipingAllocator<char>>;  // a request may hold our token

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }

bool is_token(std::string_view text) {  // RFC 9110, section 5.6.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool on_one_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

bool is_target(std::string_view text) {
  return !text.empty() && text.front() == '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool may_be_repeated(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE";
}

bool is_loopback(const Endpoint& endpoint) {
  const std::string text = endpoint.text();
  return text.starts_with("127.") || text.starts_with("[::1]:");
}

void put(SecretText& to, std::initializer_list<std::string_view> parts) {
  std::size_t size = to.size();
  for (const auto part : parts) size += part.size();
  to.reserve(size);
  for (const auto part : parts) to.insert(to.end(), part.begin(), part.end());
}

base::Result<std::unique_ptr<ClientWire>> connect_to(const Endpoint& endpoint, const Patience& patience) {
  TARN_ASSIGN(Fd socket, begin_dial(endpoint));
  TARN_TRY(patience.wait(socket.get(), POLLOUT));
  if (const int why = dial_outcome(socket); why != 0)
    return base::Error{base::Code::kUnreachable, "cannot connect: " + system_error(why)};
  return std::make_unique<ClientWire>(std::move(socket));
}

}  // namespace

struct HttpClient::Impl {
  HttpClientOptions options;
  Address address;
  std::optional<ClientTls> tls;
  std::mutex mutex;
  std::vector<std::unique_ptr<ClientWire>> idle;

  base::Result<std::vector<Endpoint>> endpoints(const Patience& patience) const;
  base::Result<std::unique_ptr<ClientWire>> connect(const Patience& patience) const;
  std::unique_ptr<ClientWire> take_idle();
  void keep(std::unique_ptr<ClientWire> wire);
  base::Result<SecretText> written(const base::HttpRequest& request) const;
  base::Status talk(ClientWire& wire, const SecretText& request, HttpReplyParser& parser, Patience& patience,
                    bool each) const;
  base::Result<base::HttpReply> exchange(const base::HttpRequest& request, int timeout_ms,
                                         const HttpReplyParser::OnData& on_data);
  base::Result<base::HttpReply> call(const base::HttpRequest& request, int timeout_ms,
                                     const HttpReplyParser::OnData& on_data) {
    auto reply = exchange(request, timeout_ms, on_data);
    if (reply.ok()) return reply;
    return base::Error{reply.error().code, address.text() + ": " + reply.error().message};
  }
};

base::Result<std::vector<Endpoint>> HttpClient::Impl::endpoints(const Patience& patience) const {
  Lookup lookup(address);
  if (!lookup.done()) TARN_TRY(patience.wait(lookup.fd(), POLLIN));
  TARN_ASSIGN(auto found, lookup.result());
  if (!options.tls) std::erase_if(found, [](const Endpoint& one) { return !is_loopback(one); });
  if (found.empty()) return refused("not a loopback address, and without TLS nothing else will do");
  return found;
}

base::Result<std::unique_ptr<ClientWire>> HttpClient::Impl::connect(const Patience& patience) const {
  TARN_ASSIGN(const auto found, endpoints(patience));
  base::Error why{base::Code::kUnreachable, "cannot connect"};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Patience share = patience.share(found.size() - i);  // one that is silent leaves time for the others
    auto wire = connect_to(found[i], share);
    if (wire.ok() && tls) {
      const auto& name = options.server_name.empty() ? options.host : options.server_name;
      if (const auto shaken = (*wire)->shake_hands(*tls, name, share); !shaken.ok()) wire = shaken.error();
    }
    if (wire.ok()) return wire;
    why = wire.error();
    if (why.code != base::Code::kUnreachable && why.code != base::Code::kDeadline) break;
  }
  return why;
}

std::unique_ptr<ClientWire> HttpClient::Impl::take_idle() {
  const std::lock_guard lock(mutex);
  while (!idle.empty()) {
    auto wire = std::move(idle.back());
    idle.pop_back();
    if (wire->idle()) return wire;
  }
  return nullptr;
}

void HttpClient::Impl::keep(std::unique_ptr<ClientWire> wire) {
  const std::lock_guard lock(mutex);
  if (idle.size() < kMaxIdle) idle.push_back(std::move(wire));
}

base::Result<SecretText> HttpClient::Impl::written(const base::HttpRequest& request) const {
  if (!is_token(request.method) || !is_target(request.target)) return refused("such a request cannot be sent");
  SecretText text;
  put(text, {request.method, " ", request.target, " HTTP/1.1\r\nHost: ", address.text(),
             "\r\nUser-Agent: ", options.user_agent, "\r\n"});
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !on_one_line(value)) return refused("a header of the request cannot be sent");
    put(text, {name, ": ", value, "\r\n"});
  }
  if (options.bearer) {
    TARN_ASSIGN(std::string token, options.bearer());
    const bool good = !token.empty() && on_one_line(token);
    if (good) put(text, {"Authorization: Bearer ", token, "\r\n"});
    base::wipe(token.data(), token.size());
    if (!good) return refused("the bearer token is empty or has line breaks");
  }
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
    put(text, {"Content-Length: ", std::to_string(request.body.size()), "\r\n"});
  put(text, {"\r\n", request.body});
  return text;
}

// `each`: the time is for each piece of the answer rather than for all of it.
base::Status HttpClient::Impl::talk(ClientWire& wire, const SecretText& request, HttpReplyParser& parser,
                                    Patience& patience, bool each) const {
  // Who does not take all of it may have said why.
  base::Status sent = wire.write({request.data(), request.size()}, patience);
  if (!sent.ok() && sent.error().code != base::Code::kUnreachable) return sent;
  std::vector<char> chunk(kChunk);
  while (!parser.done()) {
    TARN_ASSIGN(const std::size_t size, wire.read(chunk, patience));
    if (size == 0) return parser.end();
    TARN_TRY(parser.feed({chunk.data(), size}));
    if (options.cancelled && options.cancelled()) return base::Error{base::Code::kCancelled, "cancelled"};
    if (each) patience.renew();
  }
  return {};
}

base::Result<base::HttpReply> HttpClient::Impl::exchange(const base::HttpRequest& request, int timeout_ms,
                                                         const HttpReplyParser::OnData& on_data) {
  TARN_ASSIGN(const SecretText text, written(request));
  Patience patience(timeout_ms, options.cancelled);
  for (std::unique_ptr<ClientWire> wire = take_idle();; wire = nullptr) {
    const bool used = wire != nullptr;
    if (!used) {
      TARN_ASSIGN(wire, connect(patience));
    }
    HttpReplyParser parser(request.method == "HEAD", options.limits, on_data);
    const base::Status outcome = talk(*wire, text, parser, patience, static_cast<bool>(on_data));
    if (outcome.ok()) {
      if (parser.reusable()) keep(std::move(wire));
      return parser.take();
    }
    const bool closed_meanwhile = used && !parser.begun() && outcome.error().code == base::Code::kUnreachable;
    if (!closed_meanwhile || !may_be_repeated(request.method)) return outcome.error();
  }
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

base::Result<std::unique_ptr<HttpClient>> HttpClient::create(HttpClientOptions options) {
  auto impl = std::make_unique<Impl>();
  const bool six = options.host.find(':') != std::string::npos;
  std::string at = options.host;
  if (six) at.insert(0, 1, '[').push_back(']');
  at.append(":").append(std::to_string(options.port));
  TARN_ASSIGN(impl->address, Address::parse(at));
  if (!on_one_line(options.host) || !on_one_line(options.server_name) || !on_one_line(options.user_agent))
    return refused("a host, server name or user agent has line breaks");
  if (options.tls) {
    TARN_ASSIGN(impl->tls, ClientTls::create(options.authorities, options.certificate, options.key, options.pin));
  } else {
    const auto numeric = numeric_endpoints(impl->address);
    const bool near = numeric.empty() ? options.host == "localhost" : is_loopback(numeric.front());
    if (!near) return refused(impl->address.text() + ": without TLS only a loopback address will do; use https");
  }
  base::wipe(options.key.data(), options.key.size());
  options.key.clear();
  impl->options = std::move(options);
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

base::Result<base::HttpReply> HttpClient::send(const base::HttpRequest& request, int timeout_ms) {
  return impl_->call(request, timeout_ms, nullptr);
}

base::Result<base::HttpReply> HttpClient::stream(const base::HttpRequest& request, int timeout_ms,
                                                 const std::function<bool(std::string_view)>& on_data) {
  return impl_->call(request, timeout_ms, on_data);
}

}  // namespace net
