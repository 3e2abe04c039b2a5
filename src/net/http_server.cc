#include "net/http_server.h"

#include <utility>  // Asio 1.18 uses it without including it

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "base/bytes.h"
#include "net/http_answer.h"
#include "net/http_chunks.h"
#include "net/worker_pool.h"

namespace net {

namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using beast::error_code;
using std::chrono::milliseconds;

constexpr milliseconds kNoDescriptorsPause(100);
constexpr milliseconds kFarewell(1'000);
constexpr std::size_t kChunk = 16 * 1024;
constexpr std::size_t kMostUnsent = 64 * 1024;  // of what TLS says by itself
constexpr std::string_view kSmallMethods = "GET, HEAD";
constexpr std::string_view kMethods = "GET, HEAD, PUT, POST, PATCH, DELETE";

// Between a stream's thread and its connection: the thread makes the next piece when the last one is with the kernel.
class StreamLine {
 public:
  bool wait() {  // false: nobody listens any more
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return taken_ || closed_; });
    return !closed_;
  }
  void give() { set(false, false); }
  void taken() { set(true, false); }
  void close() { set(true, true); }

 private:
  void set(bool taken, bool closed) {
    {
      const std::lock_guard lock(mutex_);
      taken_ = taken;
      closed_ = closed_ || closed;
    }
    changed_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool taken_ = true, closed_ = false;
};

class Connection;

// What all connections share; of the run() thread, but for the handler and `io`.
struct Hall {
  HttpHandler handler;
  HttpLimits limits;
  std::optional<ServerTls> tls;
  std::set<Connection*> connections;
  std::map<std::string, std::size_t> of_peer;
  bool stopping = false;
  asio::io_context io{1};  // after those: what it still holds at the end are connections
  asio::steady_timer farewell{io};
  std::uint64_t last_stream = 0;
  std::map<std::uint64_t, std::jthread> streams;
  std::unique_ptr<WorkerPool> workers;
};

void forget_authorization(HttpRequest& request) {
  for (auto& [name, value] : request.headers)
    if (name.size() == std::string_view("authorization").size() && (name[0] | 0x20) == 'a')
      base::wipe(value.data(), value.size());
  base::wipe(request.body.data(), request.body.size());
}

HttpRequest request_of(http::request<http::string_body>&& parsed, const std::string& peer) {
  HttpRequest asked;
  const auto target = parsed.target();
  const auto mark = target.find('?');
  asked.path = std::string(target.substr(0, mark));
  if (mark != beast::string_view::npos) asked.query = std::string(target.substr(mark + 1));
  asked.method = std::string(parsed.method_string());
  for (const auto& field : parsed)
    asked.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  asked.body = std::move(parsed.body());
  asked.peer = peer;
  return asked;
}

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Hall& hall, tcp::socket socket, std::string peer)
      : hall_(hall), limits_(hall.limits), socket_(std::move(socket)), timer_(hall.io), peer_(std::move(peer)) {
    hall_.connections.insert(this);
    ++hall_.of_peer[peer_];
    if (hall_.tls) wire_.emplace(*hall_.tls);
    error_code ignored;
    (void)socket_.set_option(tcp::no_delay(true), ignored);
  }
  ~Connection() {
    hall_.connections.erase(this);
    if (--hall_.of_peer[peer_] == 0) hall_.of_peer.erase(peer_);
    if (line_) line_->close();
    if (hall_.stopping && hall_.connections.empty()) hall_.farewell.cancel();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    await_request(limits_.head_ms);
    read();
  }

  // The server stops: nothing new is begun.
  void stop() {
    if (phase_ == Phase::kReading) return close();
    keep_ = false;
    if (phase_ == Phase::kStreaming) end_stream();
  }

  void close() {
    error_code ignored;
    (void)socket_.close(ignored);
    timer_.cancel();
    if (line_) line_->close();
  }

 private:
  enum class Phase { kReading, kAnswering, kStreaming, kLeaving };
  using Then = std::function<void()>;

  // ---- time
  void deadline(int ms) {
    timer_.expires_after(milliseconds(ms));
    timer_.async_wait([weak = weak_from_this()](error_code failure) {
      const auto self = weak.lock();
      if (!failure && self && self->timer_.expiry() <= std::chrono::steady_clock::now()) self->close();
    });
  }

  // ---- bytes
  void read() {
    socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code failure, std::size_t size) {
      self->on_bytes(failure, size);
    });
  }

  void on_bytes(error_code failure, std::size_t size) {
    if (failure == asio::error::eof) return on_end();
    if (failure) return close();  // the peer is gone, or too slow
    if (phase_ == Phase::kLeaving) return read();
    if (!wire_) {
      input_.append(chunk_.data(), size);
    } else if (!decrypt(size)) {
      return;
    }
    go_on();
  }

  // False if there is nothing to go on with.
  bool decrypt(std::size_t size) {
    const bool shaking = wire_->state() == ServerWire::State::kShakingHands;
    const auto state = wire_->receive({chunk_.data(), size}, input_);
    if (wire_->output_size() > kMostUnsent) return close(), false;
    if (state == ServerWire::State::kBroken) return leave(), false;
    if (wire_->output_size() > 0) send_raw(wire_->output(), nullptr);
    ended_ = state == ServerWire::State::kClosed;
    if (state == ServerWire::State::kShakingHands) return read(), false;
    if (shaking) deadline(limits_.head_ms);
    return true;
  }

  void go_on() {
    if (phase_ == Phase::kReading) return parse();
    // A stream: what is said meanwhile is of no interest, only whether somebody is there.
    input_.clear();
    if (ended_) return close();
    read();
  }

  void on_end() {
    if (phase_ != Phase::kReading || wire_) return close();
    ended_ = true;
    parse();
  }

  // `then` once all is with the kernel. What TLS says by itself may come in between.
  void send(std::string_view plain, Then then) {
    if (!wire_) return send_raw(plain, std::move(then));
    if (!wire_->write(plain)) return close();
    send_raw(wire_->output(), std::move(then));
  }

  void send_raw(std::string_view bytes, Then then) {
    waiting_ += bytes;
    if (then) waiting_then_ = std::move(then);
    if (!writing_) write_waiting();
  }

  void write_waiting() {
    writing_ = true;
    output_ = std::exchange(waiting_, {});
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this(), then = std::exchange(waiting_then_, nullptr)](
                          error_code failure, std::size_t) { self->on_written(failure, then); });
  }

  void on_written(error_code failure, const Then& then) {
    writing_ = false;
    if (failure) return close();
    if (then) then();
    if (!writing_ && (waiting_then_ || !waiting_.empty())) write_waiting();
  }

  // ---- a request
  void await_request(int ms) {
    phase_ = Phase::kReading;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits_.head_bytes));
    parser_->body_limit(limits_.body_bytes);
    begun_ = head_checked_ = false;
    deadline(ms);
  }

  void parse() {
    if (!begun_ && !input_.empty()) {
      begun_ = true;
      deadline(limits_.head_ms);
    }
    error_code failure;
    while (!failure && enough_to_parse() && !parser_->is_done()) {
      input_.erase(0, parser_->put(asio::buffer(input_), failure));
      if (failure && failure != http::error::need_more) return refuse_unparsed(failure);
      if (parser_->is_header_done() && !head_checked_ && !check_head()) return;
    }
    if (parser_->is_done()) return handle();
    if (input_.size() > limits_.head_bytes) return refuse(431, "the request is too long");
    if (!ended_) return read();
    if (!begun_) return wire_ ? leave() : close();
    refuse(400, "the request is not complete");
  }

  // Whatever is missing of a body in chunks ends with a last chunk: less need not be looked at, and must not.
  bool enough_to_parse() const {
    const bool in_chunks = parser_->is_header_done() && parser_->chunked();
    return input_.size() >= (in_chunks ? kShortestLastChunk : 1);
  }

  void refuse_unparsed(error_code failure) {
    if (failure == http::error::header_limit) return refuse(431, "the request is too long");
    if (failure == http::error::body_limit && limits_.body_bytes > 0) return refuse(413, "the body is too long");
    refuse(400, limits_.body_bytes == 0 ? "not a request without a body" : "not a request");
  }

  // Strict where others might read the same bytes as another request (RFC 9112, section 11.2).
  bool check_head() {
    head_checked_ = true;
    const auto& request = parser_->get();
    const auto target = request.target();
    if ((request.version() == 11 && request.count(http::field::host) != 1) || target.empty() || target.front() != '/')
      return refuse(400, "a request needs a host and a path"), false;
    const bool coded = request.count(http::field::transfer_encoding) > 0;
    if (coded && (!parser_->chunked() || request.version() != 11 || request.count(http::field::content_length) > 0 ||
                  request.count(http::field::transfer_encoding) > 1 ||
                  !beast::iequals(request[http::field::transfer_encoding], "chunked")))
      return refuse(400, "a body has either a length or chunks"), false;
    if (!method_known(request.method())) return refuse(405, std::string(methods()) + " only"), false;
    if (limits_.body_bytes == 0 && !parser_->is_done()) return refuse(400, "not a request without a body"), false;
    if (!parser_->is_done()) await_body();
    return true;
  }

  std::string_view methods() const { return limits_.body_bytes == 0 ? kSmallMethods : kMethods; }

  bool method_known(http::verb method) const {
    if (method == http::verb::get || method == http::verb::head) return true;
    return limits_.body_bytes > 0 && (method == http::verb::put || method == http::verb::post ||
                                      method == http::verb::patch || method == http::verb::delete_);
  }

  void await_body() {
    deadline(limits_.body_ms);
    if (input_.empty() && beast::iequals(parser_->get()[http::field::expect], "100-continue"))
      send("HTTP/1.1 100 Continue\r\n\r\n", nullptr);
  }

  void handle() {
    phase_ = Phase::kAnswering;
    timer_.cancel();
    keep_ = parser_->keep_alive() && !hall_.stopping;
    only_head_ = parser_->get().method() == http::verb::head;
    old_ = parser_->get().version() == 10;
    HttpRequest asked = request_of(parser_->release(), peer_);
    if (wire_) asked.client_key = wire_->client_key();
    if (!hall_.workers) {
      HttpResponse made = hall_.handler(asked);
      forget_authorization(asked);
      return answer(std::move(made));
    }
    const bool taken =
        hall_.workers->submit([&hall = hall_, self = shared_from_this(), asked = std::move(asked)]() mutable {
          HttpResponse made = hall.handler(asked);
          forget_authorization(asked);
          // The connection goes along: it may end on the run() thread only.
          asio::post(hall.io,
                     [self = std::move(self), made = std::move(made)]() mutable { self->answer(std::move(made)); });
        });
    if (taken) return;
    HttpResponse later = refusal(503, "too busy");
    later.headers.emplace_back("Retry-After", "1");
    answer(std::move(later));
  }

  // ---- an answer
  void refuse(unsigned status, std::string_view why) {
    keep_ = false;
    old_ = false;
    only_head_ = parser_->is_header_done() && parser_->get().method() == http::verb::head;
    HttpResponse made = refusal(status, why);
    if (status == 405) made.headers.emplace_back("Allow", std::string(methods()));
    answer(std::move(made));
  }

  void answer(HttpResponse made) {
    if (!socket_.is_open()) return;
    phase_ = Phase::kAnswering;
    if (!can_be_sent(made)) made = refusal(500, "the answer cannot be sent");
    if (hall_.stopping) keep_ = false;
    if (made.next) return stream(std::move(made));
    if (!has_body(made.status)) made.body.clear();
    std::string text = head_of(made, {made.body.size(), keep_, old_});
    if (!only_head_) text += made.body;
    deadline(limits_.answer_ms);
    send(text, [this] { answered(); });
  }

  void answered() {
    if (!keep_ || hall_.stopping) return leave();
    await_request(limits_.idle_ms);
    parse();  // the next one may be here already
  }

  // Closing with bytes unread would reset the connection, and the peer might never see the answer.
  void leave() {
    if (wire_) wire_->say_goodbye();
    const bool reading = phase_ == Phase::kStreaming;
    phase_ = Phase::kLeaving;
    deadline(limits_.head_ms);
    send_raw(wire_ ? wire_->output() : "", [this, reading] {
      error_code ignored;
      (void)socket_.shutdown(tcp::socket::shutdown_send, ignored);
      if (!reading) read();
    });
  }

  // ---- a stream
  void stream(HttpResponse made) {
    keep_ = false;
    const std::string head = head_of(made, {{}, false, old_});
    deadline(limits_.answer_ms);
    if (only_head_) return send(head, [this] { leave(); });
    if (hall_.stopping || hall_.streams.size() >= limits_.streams || !start_stream(std::move(made.next))) {
      HttpResponse later = refusal(503, "too many streams");
      later.headers.emplace_back("Retry-After", "5");
      return answer(std::move(later));
    }
    phase_ = Phase::kStreaming;
    send(head, [this] { on_piece_sent(); });
    go_on();
  }

  bool start_stream(std::function<std::optional<std::string>()> next) {
    line_ = std::make_shared<StreamLine>();
    line_->give();  // the head
    const std::uint64_t id = ++hall_.last_stream;
    auto produce = [&hall = hall_, id, line = line_, next = std::move(next), weak = weak_from_this()]() mutable {
      for (bool more = true; more && line->wait();) {
        std::optional<std::string> piece = next();
        more = piece.has_value();
        if (more && piece->empty()) continue;
        line->give();
        asio::post(hall.io, [weak, piece = std::move(piece)] {
          if (const auto self = weak.lock()) self->on_piece(piece);
        });
      }
      next = nullptr;
      asio::post(hall.io, [&hall, id] { hall.streams.erase(id); });  // joins: nothing comes after this
    };
    try {
      hall_.streams.emplace(id, std::jthread(std::move(produce)));
    } catch (const std::system_error&) {  // no more threads to be had
      line_.reset();
      return false;
    }
    return true;
  }

  void on_piece(const std::optional<std::string>& piece) {
    if (phase_ != Phase::kStreaming || !socket_.is_open()) return;
    if (!piece) return end_stream();
    deadline(limits_.answer_ms);
    send(old_ ? *piece : chunk_of(*piece), [this] { on_piece_sent(); });
  }

  void on_piece_sent() {
    if (phase_ != Phase::kStreaming) return;
    timer_.cancel();
    line_->taken();
  }

  void end_stream() {
    line_->close();
    if (!old_) send("0\r\n\r\n", nullptr);
    leave();
  }

  Hall& hall_;
  const HttpLimits& limits_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  const std::string peer_;
  std::optional<ServerWire> wire_;
  Phase phase_ = Phase::kReading;
  std::array<char, kChunk> chunk_;
  std::string input_;             // not parsed yet
  std::string output_, waiting_;  // being written; to be written next
  Then waiting_then_;
  bool writing_ = false;
  bool ended_ = false;  // nothing more comes
  bool begun_ = false, head_checked_ = false;
  bool keep_ = true, only_head_ = false, old_ = false;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::shared_ptr<StreamLine> line_;
};

std::optional<std::string> address_of(const tcp::socket& socket) {
  error_code failure;
  const auto from = socket.remote_endpoint(failure);
  if (failure) return std::nullopt;
  auto address = from.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address.to_string();
}

}  // namespace

struct HttpServer::Impl {
  Hall hall;
  tcp::acceptor acceptor{hall.io};
  asio::steady_timer pause{hall.io};

  void accept() {
    acceptor.async_accept([this](error_code failure, tcp::socket socket) {
      if (hall.stopping) return;
      if (failure) return accept_later();
      admit(std::move(socket));
      accept();
    });
  }

  void admit(tcp::socket socket) {
    const auto peer = address_of(socket);
    if (!peer || hall.connections.size() >= hall.limits.connections) return;
    const auto known = hall.of_peer.find(*peer);
    if (known != hall.of_peer.end() && known->second >= hall.limits.connections_a_peer) return;
    std::make_shared<Connection>(hall, std::move(socket), *peer)->start();
  }

  // Out of descriptors, most likely: asking again at once would only burn the processor.
  void accept_later() {
    pause.expires_after(kNoDescriptorsPause);
    pause.async_wait([this](error_code) {
      if (!hall.stopping) accept();
    });
  }

  std::vector<std::shared_ptr<Connection>> connections() const {
    std::vector<std::shared_ptr<Connection>> all;
    for (Connection* const one : hall.connections) all.push_back(one->shared_from_this());
    return all;
  }

  void stop() {
    hall.stopping = true;
    error_code ignored;
    (void)acceptor.close(ignored);
    pause.cancel();
    hall.farewell.expires_after(kFarewell);
    hall.farewell.async_wait([this](error_code failure) {
      if (!failure) hall.io.stop();
    });
    for (const auto& one : connections()) one->stop();
    if (hall.connections.empty()) hall.farewell.cancel();
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
  impl->hall.handler = std::move(handler);
  impl->hall.limits = limits;
  error_code failure;
  (void)impl->acceptor.assign(at.storage.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), bound.get(), failure);
  if (failure) return base::Error{base::Code::kInvalidInput, "cannot serve HTTP: " + failure.message()};
  (void)bound.release();
  return HttpServer(std::move(impl));
}

base::Result<HttpServer> HttpServer::open(Fd bound, HttpHandler handler, HttpLimits limits, ServerTls tls) {
  TARN_ASSIGN(HttpServer server, open(std::move(bound), std::move(handler), limits));
  server.impl_->hall.tls = std::move(tls);
  return server;
}

void HttpServer::run(const std::stop_token& stop) {
  Hall& hall = impl_->hall;
  if (hall.limits.threads > 0) hall.workers = std::make_unique<WorkerPool>(hall.limits.threads, hall.limits.queue);
  {
    const std::stop_callback on_stop(stop, [this] { asio::post(impl_->hall.io, [this] { impl_->stop(); }); });
    impl_->accept();
    hall.io.run();
  }
  for (const auto& one : impl_->connections()) one->close();
  hall.workers.reset();
  hall.streams.clear();
}

}  // namespace net
