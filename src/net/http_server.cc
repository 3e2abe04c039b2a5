#include "net/http_server.h"

#include <utility>  // Asio 1.18 uses it without including it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>

namespace net {

namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using beast::error_code;

constexpr auto kNoDescriptorsPause = std::chrono::milliseconds(100);

struct Settings {
  HttpHandler handler;
  HttpLimits limits;
  std::size_t connections = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Settings& settings, tcp::socket socket)
      : settings_(settings), stream_(std::move(socket)), buffer_(settings.limits.head_bytes) {
    ++settings_.connections;
    error_code ignored;
    (void)stream_.socket().set_option(tcp::no_delay(true), ignored);
  }
  ~Connection() { --settings_.connections; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(settings_.limits.head_bytes));
    start_clock();
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code failure, std::size_t) { self->on_read(failure); });
  }

 private:
  void start_clock() { stream_.expires_after(std::chrono::milliseconds(settings_.limits.timeout_ms)); }

  void on_read(error_code failure) {
    if (failure == http::error::header_limit || failure == http::error::buffer_overflow)
      return write({431, "text/plain", "the request is too long\n"}, false);
    if (failure == http::error::end_of_stream) return;
    if (failure.category() == http::make_error_code(http::error::bad_method).category())
      return write({400, "text/plain", "not a request without a body\n"}, false);
    if (failure) return;  // the peer is gone, or too slow
    const auto& request = parser_->get();
    const auto target = request.target();
    if ((request.version() == 11 && request.count(http::field::host) != 1) || target.empty() || target.front() != '/')
      return write({400, "text/plain", "a request needs a host and a path\n"}, false);
    if (request.method() != http::verb::get && request.method() != http::verb::head)
      return write({405, "text/plain", "GET and HEAD only\n"}, false);
    const HttpRequest asked{std::string(target.substr(0, target.find('?')))};
    write(settings_.handler(asked), request.keep_alive());
  }

  void write(HttpResponse answer, bool keep_alive) {
    const bool head = parser_->is_header_done() && parser_->get().method() == http::verb::head;
    response_ = {static_cast<http::status>(answer.status), 11};
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (answer.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    response_.keep_alive(keep_alive);
    serializer_.emplace(response_);
    start_clock();
    const auto done = [self = shared_from_this(), keep_alive](error_code failure, std::size_t) {
      if (failure) return;
      if (keep_alive) return self->read();
      self->hang_up();
    };
    if (head)
      http::async_write_header(stream_, *serializer_, done);
    else
      http::async_write(stream_, *serializer_, done);
  }

  // Closing with bytes unread would reset the connection, and the peer might never see the answer.
  void hang_up() {
    error_code ignored;
    (void)stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    start_clock();
    drain();
  }

  void drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(settings_.limits.head_bytes),
                            [self = shared_from_this()](error_code failure, std::size_t) {
                              if (!failure) self->drain();
                            });
  }

  Settings& settings_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

struct HttpServer::Impl {
  Settings settings;
  asio::io_context io{1};  // after settings: what it still holds at the end are connections
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};

  void accept() {
    acceptor.async_accept([this](error_code failure, tcp::socket socket) {
      if (failure) return accept_later();
      if (settings.connections < settings.limits.connections)
        std::make_shared<Connection>(settings, std::move(socket))->read();
      accept();
    });
  }

  // Out of descriptors, most likely: asking again at once would only burn the processor.
  void accept_later() {
    pause.expires_after(kNoDescriptorsPause);
    pause.async_wait([this](error_code) { accept(); });
  }
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

base::Result<HttpServer> HttpServer::open(Fd bound, HttpHandler handler, HttpLimits limits) {
  TARN_TRY(start_listening(bound));
  TARN_ASSIGN(const Endpoint at, local_endpoint(bound));
  auto impl = std::make_unique<Impl>();
  impl->settings.handler = std::move(handler);
  impl->settings.limits = limits;
  error_code failure;
  (void)impl->acceptor.assign(at.storage.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), bound.get(), failure);
  if (failure) return base::Error{base::Code::kInvalidInput, "cannot serve HTTP: " + failure.message()};
  (void)bound.release();
  return HttpServer(std::move(impl));
}

void HttpServer::run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] { impl_->io.stop(); });
  impl_->accept();
  impl_->io.run();
}

}  // namespace net
