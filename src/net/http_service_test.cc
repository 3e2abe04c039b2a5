// The HTTP server as a service uses it: bodies, a pool of threads, streams, TLS; and what those get who send too much, say
// half of it, leave early, or come as many.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <latch>

#include "net/http_client.h"
#include "net/http_peer.h"
#include "net/http_server.h"
#include "net/identity_certificate.h"

namespace net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::int64_t kDay = 86'400;

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

const CertificateFiles& certificate() {
  static const CertificateFiles files =
      std::move(self_signed_certificate({"localhost", "127.0.0.1"}, now_s(), 1)).value();
  return files;
}

// A gate that handlers wait at until the test opens it.
class Gate {
 public:
  void open() { opened_.count_down(); }
  void pass() { opened_.wait(); }

 private:
  std::latch opened_{1};
};

HttpLimits service_limits() {
  return {.head_bytes = 8192,
          .body_bytes = 100'000,
          .threads = 4,
          .streams = 4,
          .head_ms = kPatienceMs,
          .body_ms = kPatienceMs,
          .answer_ms = kPatienceMs,
          .idle_ms = kPatienceMs};
}

class HttpService : public testing::Test {
 protected:
  void serve(HttpHandler handler, const HttpLimits& limits = service_limits(), bool tls = false,
             ClientKeys clients = ClientKeys::kNone) {
    auto bound = bind_at(loopback_endpoint());
    ASSERT_TRUE(bound.ok());
    endpoint_ = *local_endpoint(*bound);
    auto context = ServerTls::create(certificate().certificate, certificate().key, clients);
    ASSERT_TRUE(context.ok());
    auto server = tls ? HttpServer::open(std::move(*bound), std::move(handler), limits, std::move(*context))
                      : HttpServer::open(std::move(*bound), std::move(handler), limits);
    ASSERT_TRUE(server.ok());
    thread_ = std::jthread([own = std::move(*server)](const std::stop_token& stop) mutable { own.run(stop); });
  }
  static HttpResponse echo(const HttpRequest& request) {
    return {200, "text/plain", request.method + " " + request.path + " [" + request.body + "]."};
  }
  std::string ask(const std::string& request) {
    HttpPeer client(endpoint_);
    client.send(request);
    client.finish();
    return client.read_all();
  }
  std::unique_ptr<HttpClient> client(const std::string& authorities = certificate().certificate, bool tls = true) {
    HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = port();
    options.tls = tls;
    options.authorities = tls ? authorities : "";
    auto made = HttpClient::create(std::move(options));
    EXPECT_TRUE(made.ok());
    return std::move(*made);
  }
  std::uint16_t port() const { return ntohs(reinterpret_cast<const sockaddr_in*>(&endpoint_.storage)->sin_port); }
  void stop() {
    thread_.request_stop();
    thread_.join();
    thread_ = {};
  }

  Gate gate_;
  Endpoint endpoint_;
  std::jthread thread_;
};

std::string request(const std::string& method, const std::string& path, const std::string& body,
                    const std::string& more = "") {
  return method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST_F(HttpService, TheHandlerGetsAllOfARequest) {
  HttpRequest seen;
  serve([&seen](const HttpRequest& asked) {
    seen = asked;
    EXPECT_EQ(*asked.header("AUTHORIZATION"), "Basic YTpi");
    EXPECT_EQ(asked.header("x-none"), nullptr);
    return HttpResponse{.status = 201, .headers = {{"Location", "/there"}}};
  });
  const auto answer = ask(request("PUT", "/a%20b?c=d&e", "the body", "Authorization: Basic YTpi\r\n"));
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 201 Created\r\n"), HasSubstr("\r\nLocation: /there\r\n")));
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.path, "/a%20b");
  EXPECT_EQ(seen.query, "c=d&e");
  EXPECT_EQ(seen.body, "the body");
  EXPECT_EQ(seen.peer, "127.0.0.1");
}

TEST_F(HttpService, EachMethodOfAServiceIsServedAndNoOther) {
  serve(echo);
  for (const char* method : {"GET", "PUT", "POST", "PATCH", "DELETE"})
    EXPECT_THAT(ask(request(method, "/a", "x")), HasSubstr(std::string(method) + " /a [x]."));
  EXPECT_THAT(ask("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"), AllOf(StartsWith("HTTP/1.1 200 "), Not(HasSubstr("[]"))));
  for (const char* method : {"OPTIONS", "TRACE", "CONNECT", "get", "BREW"})
    EXPECT_THAT(ask(std::string(method) + " /a HTTP/1.1\r\nHost: x\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD, PUT, POST, PATCH, DELETE\r\n")));
}

TEST_F(HttpService, ABodyComesWholeHoweverItIsCut) {
  serve(echo);
  const std::string text = request("POST", "/a", "0123456789");
  HttpPeer client(endpoint_);
  for (const char c : text) {
    client.send({&c, 1});
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_THAT(client.read_to("]."), HasSubstr("POST /a [0123456789]."));
  client.send("PUT /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5;x=y\r\ndefgh\r\n");
  client.send("0\r\nTrailer: t\r\n\r\n");
  EXPECT_THAT(client.read_to("]."), HasSubstr("PUT /b [abcdefgh]."));
  for (const std::string_view chunks : {"0\r\n\r\n", "3\r\nabc\r\n0;x\r\nTrailer: t\r\n\r\n"}) {
    client.send("PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const char c : chunks) {
      client.send({&c, 1});
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_THAT(client.read_to("]."), HasSubstr(chunks.starts_with("0") ? "PUT /c []." : "PUT /c [abc]."));
  }
}

TEST_F(HttpService, ABodyMayHaveTheLimitsSizeAndNoMore) {
  serve([](const HttpRequest& asked) { return HttpResponse{200, "text/plain", std::to_string(asked.body.size())}; });
  const std::string fits(100'000, 'x');
  EXPECT_THAT(ask(request("PUT", "/a", fits)), HasSubstr("\r\n\r\n100000"));
  EXPECT_THAT(ask(request("PUT", "/a", fits + "x")), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  const std::string chunked = "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(ask(chunked + "186A0\r\n" + fits + "\r\n0\r\n\r\n"), HasSubstr("\r\n\r\n100000"));
  EXPECT_THAT(ask(chunked + "186A0\r\n" + fits + "\r\n1\r\nx\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpService, WhatOthersMightReadAsAnotherRequestIsRefused) {
  serve(echo);
  const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\n";
  for (const char* const rest :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "Transfer-Encoding: gzip\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "Content-Length: -1\r\n\r\n",
        "Content-Length: 1 \x01\r\n\r\n", "Content-Length: 0x1\r\n\r\na", "Transfer-Encoding: chunked\r\n\r\nz\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "Content-Length: 9\r\n\r\nhalf"})
    EXPECT_THAT(ask(head + rest), StartsWith("HTTP/1.1 400 ")) << rest;
  EXPECT_THAT(ask("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpService, ChunksThatSayMoreThanTheyCarryAreRefused) {
  serve(echo);
  const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string long_text(50'000, 'x');
  EXPECT_THAT(ask(head + "1;" + long_text + "\r\na\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(ask(head + "0\r\nTrailer: " + long_text + "\r\n\r\n"), StartsWith("HTTP/1.1 4"));
}

TEST_F(HttpService, WhoAsksWhetherToSendABodyIsTold) {
  serve(echo);
  HttpPeer client(endpoint_);
  client.send("PUT /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ab");
  EXPECT_THAT(client.read_to("]."), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("[ab].")));
  EXPECT_THAT(ask("PUT /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpService, RequestsInOneGoAreAnsweredInTheirOrder) {
  serve(echo);
  std::string all;
  for (int i = 0; i < 50; ++i) all += request(i % 2 == 0 ? "PUT" : "GET", "/" + std::to_string(i), "x");
  HttpPeer client(endpoint_);
  client.send(all);
  for (int i = 0; i < 50; ++i)
    EXPECT_THAT(client.read_to("[x]."),
                HasSubstr("\r\n\r\n" + std::string(i % 2 == 0 ? "PUT" : "GET") + " /" + std::to_string(i) + " [x]."));
}

TEST_F(HttpService, ThreadsAnswerWhileOneIsBusy) {
  serve([this](const HttpRequest& asked) {
    if (asked.path == "/slow") gate_.pass();
    return echo(asked);
  });
  HttpPeer slow(endpoint_);
  slow.send(request("GET", "/slow", ""));
  for (int i = 0; i < 10; ++i) EXPECT_THAT(ask(request("GET", "/quick", "")), HasSubstr("/quick"));
  gate_.open();
  EXPECT_THAT(slow.read_to("]."), HasSubstr("/slow"));
}

TEST_F(HttpService, WhoFindsTheQueueFullIsToldToComeLater) {
  auto limits = service_limits();
  limits.threads = 1;
  limits.queue = 1;
  std::latch busy{1};
  serve(
      [&](const HttpRequest& asked) {
        if (asked.path == "/first") busy.count_down();
        gate_.pass();
        return echo(asked);
      },
      limits);
  HttpPeer first(endpoint_), second(endpoint_);
  first.send(request("GET", "/first", ""));
  busy.wait();
  // Which of two gets the place in the queue, nobody can know; the other is sent away at once, and may try again.
  HttpPeer third(endpoint_);
  second.send(request("GET", "/x", ""));
  third.send(request("GET", "/x", ""));
  pollfd watched[2] = {{second.fd(), POLLIN, 0}, {third.fd(), POLLIN, 0}};
  ASSERT_EQ(poll(watched, 2, kPatienceMs), 1);
  HttpPeer& refused = watched[0].revents != 0 ? second : third;
  HttpPeer& queued = watched[0].revents != 0 ? third : second;
  EXPECT_THAT(refused.read_to("\n"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused.read_to("too busy\n"), HasSubstr("Retry-After: 1\r\n"));
  gate_.open();
  EXPECT_THAT(queued.read_to("]."), StartsWith("HTTP/1.1 200 "));
  refused.send(request("GET", "/again", ""));
  EXPECT_THAT(refused.read_to("]."), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpService, AnAnswerThatCannotBeSentIsAnError) {
  serve([](const HttpRequest& asked) {
    if (asked.path == "/status") return HttpResponse{.status = 1000};
    if (asked.path == "/type") return HttpResponse{.content_type = "a\nb"};
    return HttpResponse{.headers = {{"X", "a\r\nSet-Cookie: b"}}};
  });
  for (const char* path : {"/status", "/type", "/header"})
    EXPECT_THAT(ask(request("GET", path, "")), AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("Set-Cookie"))))
        << path;
}

TEST_F(HttpService, AnAnswerWithoutABodyHasNone) {
  serve([](const HttpRequest&) { return HttpResponse{.status = 204, .body = "ignored"}; });
  const auto answer = ask(request("DELETE", "/a", ""));
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 204 No Content\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpService, OneAddressHasItsShareOfConnections) {
  auto limits = service_limits();
  limits.connections_a_peer = 2;
  serve(echo, limits);
  auto first = std::make_unique<HttpPeer>(endpoint_);
  HttpPeer second(endpoint_);
  for (HttpPeer* client : {first.get(), &second}) {
    client->send(request("GET", "/a", ""));
    EXPECT_THAT(client->read_to("]."), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_EQ(HttpPeer(endpoint_).read_all(), "");
  first.reset();
  std::string answer;
  while (answer.empty()) answer = ask(request("GET", "/a", ""));  // until the server has noticed that one is gone
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpService, ABodyThatDoesNotComeEndsTheConnection) {
  auto limits = service_limits();
  limits.body_ms = 50;
  serve(echo, limits);
  HttpPeer client(endpoint_);
  client.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc");
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(HttpService, AnAnswerThatNobodyTakesEndsTheConnection) {
  auto limits = service_limits();
  limits.answer_ms = 50;
  limits.connections = 1;
  serve([](const HttpRequest&) { return HttpResponse{200, "text/plain", std::string(50'000'000, 'x')}; }, limits);
  HttpPeer client(endpoint_);
  client.send(request("GET", "/a", ""));
  // The only place is free again although that client is still there.
  std::string answer;
  while (answer.empty()) {
    HttpPeer other(endpoint_);
    other.send("GET a HTTP/1.1\r\nHost: x\r\n\r\n");
    answer = other.read_to("\r\n");
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
}

// ---- streams

HttpResponse counting(int pieces, std::atomic<int>* alive = nullptr) {
  struct Living {
    explicit Living(std::atomic<int>* count) : count_(count) {
      if (count_ != nullptr) ++*count_;
    }
    ~Living() {
      if (count_ != nullptr) --*count_;
    }
    std::atomic<int>* count_;
  };
  return {.content_type = "text/event-stream",
          .next = [pieces, at = std::make_shared<int>(0),
                   living = std::make_shared<Living>(alive)]() -> std::optional<std::string> {
            if (pieces >= 0 && *at == pieces) return std::nullopt;
            if (*at > 2 && pieces < 0) {
              std::this_thread::sleep_for(std::chrono::milliseconds(20));
              return "";
            }
            return "data: " + std::to_string((*at)++) + "\n\n";
          }};
}

TEST_F(HttpService, AStreamIsSentAsItComesUntilItEnds) {
  serve([](const HttpRequest&) { return counting(3); });
  const auto answer = ask(request("GET", "/events", ""));
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"),
                            HasSubstr("Transfer-Encoding: chunked\r\n"), Not(HasSubstr("Content-Length"))));
}

TEST_F(HttpService, AClientReadsAStreamPieceByPiece) {
  serve([](const HttpRequest&) { return counting(100); });
  std::string all;
  const auto reply = client("", false)->stream({.target = "/events"}, kPatienceMs, [&](std::string_view data) {
    all += data;
    return true;
  });
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_THAT(all, AllOf(StartsWith("data: 0\n\n"), testing::EndsWith("data: 99\n\n")));
}

TEST_F(HttpService, AnOldClientGetsAStreamWithoutChunks) {
  serve([](const HttpRequest&) { return counting(2); });
  HttpPeer client(endpoint_);
  client.send("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("\r\n\r\ndata: 0\n\ndata: 1\n\n"));
}

TEST_F(HttpService, AStreamIsGivenUpWhenItsClientLeaves) {
  std::atomic<int> alive = 0;
  serve([&](const HttpRequest&) { return counting(-1, &alive); });
  {
    HttpPeer client(endpoint_);
    client.send(request("GET", "/events", ""));
    EXPECT_THAT(client.read_to("data: 2"), HasSubstr("data: 1"));
    EXPECT_EQ(alive, 1);
  }
  while (alive != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST_F(HttpService, StreamsAreNoMoreThanAllowed) {
  auto limits = service_limits();
  limits.streams = 2;
  serve([](const HttpRequest&) { return counting(-1); }, limits);
  auto first = std::make_unique<HttpPeer>(endpoint_);
  HttpPeer second(endpoint_), third(endpoint_);
  for (HttpPeer* one : {first.get(), &second}) {
    one->send(request("GET", "/events", ""));
    EXPECT_THAT(one->read_to("data: 0"), StartsWith("HTTP/1.1 200 "));
  }
  third.send(request("GET", "/events", ""));
  EXPECT_THAT(third.read_all(), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: ")));
  first.reset();
  std::string answer;
  while (!answer.starts_with("HTTP/1.1 200 ")) {
    HttpPeer again(endpoint_);
    again.send(request("GET", "/events", ""));
    answer = again.read_to("\r\n");
  }
}

TEST_F(HttpService, ALongStreamWaitsForAClientThatReadsSlowly) {
  std::atomic<int> made = 0;
  serve([&](const HttpRequest&) {
    return HttpResponse{.next = [&made]() -> std::optional<std::string> {
      if (++made > 1'000) return std::nullopt;
      return std::string(100'000, 'x');
    }};
  });
  HttpPeer client(endpoint_);
  client.send(request("GET", "/long", ""));
  int before = -1;
  while (made == 0 || made != before) {  // until it does not get on any more
    before = made;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_LT(made, 1'000);
  EXPECT_GT(client.read_all().size(), 100'000'000U);
}

// ---- the end

TEST_F(HttpService, StopsAtOnceWhereNothingIsAsked) {
  serve(echo);
  HttpPeer idle(endpoint_), half(endpoint_);
  idle.send(request("GET", "/a", ""));
  EXPECT_THAT(idle.read_to("]."), StartsWith("HTTP/1.1 200"));
  half.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc");
  stop();
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(half.read_all(), "");
}

TEST_F(HttpService, WhatIsBeingAnsweredWhenItStopsIsAnswered) {
  std::latch busy{1};
  serve([&](const HttpRequest& asked) {
    busy.count_down();
    gate_.pass();
    return echo(asked);
  });
  HttpPeer client(endpoint_);
  client.send(request("GET", "/a", "") + request("GET", "/b", ""));
  busy.wait();
  thread_.request_stop();
  gate_.open();
  const auto answer = client.read_all();
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("/a"), Not(HasSubstr("/b"))));
  client.finish();
  stop();
}

TEST_F(HttpService, StreamsEndWhenItStops) {
  serve([](const HttpRequest&) { return counting(-1); });
  HttpPeer client(endpoint_);
  client.send(request("GET", "/events", ""));
  EXPECT_THAT(client.read_to("data: 2"), StartsWith("HTTP/1.1 200 "));
  thread_.request_stop();
  EXPECT_TRUE(client.read_all().ends_with("\r\n0\r\n\r\n"));
  client.finish();
  stop();
}

// ---- TLS

TEST_F(HttpService, ACallOverTlsIsACall) {
  serve(echo, service_limits(), true);
  const auto caller = client();
  for (const char* method : {"GET", "PUT", "POST", "PATCH", "DELETE"}) {
    const auto reply = caller->send({.method = method, .target = "/a", .body = "b"}, kPatienceMs);
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->body, std::string(method) + " /a [b].");
  }
  const std::string long_body(90'000, 'x');
  const auto reply = caller->send({.method = "PUT", .target = "/a", .body = long_body}, kPatienceMs);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->body, "PUT /a [" + long_body + "].");
}

TEST_F(HttpService, AStreamOverTlsEndsProperly) {
  serve([](const HttpRequest&) { return counting(50); }, service_limits(), true);
  std::string all;
  const auto reply = client()->stream({.target = "/events"}, kPatienceMs, [&](std::string_view data) {
    all += data;
    return true;
  });
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_THAT(all, testing::EndsWith("data: 49\n\n"));
}

TEST_F(HttpService, AnotherCertificateIsNotTrusted) {
  serve(echo, service_limits(), true);
  const auto other = std::move(self_signed_certificate({"127.0.0.1"}, now_s(), 1)).value();
  EXPECT_FALSE(client(other.certificate)->send({.target = "/a"}, kPatienceMs).ok());
}

// A TLS client that can be told what to speak, and how far.
class TlsPeer {
 public:
  TlsPeer(const Endpoint& server, int version) : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    socket_ = dial(server);
    (void)fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) & ~O_NONBLOCK);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_.reset(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(ssl_.get(), socket_.get());
  }
  bool shake_hands() { return SSL_connect(ssl_.get()) == 1; }
  void send(std::string_view text) { (void)SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); }
  void ask_for_new_keys() { (void)SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED); }
  std::string read_all() {
    std::string all;
    char chunk[4096];
    for (int size = 0; (size = SSL_read(ssl_.get(), chunk, sizeof chunk)) > 0;)
      all.append(chunk, static_cast<std::size_t>(size));
    return all;
  }
  bool ended_with_goodbye() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

 private:
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
  Fd socket_;
};

const std::string kLast = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST_F(HttpService, OnlyTls13IsSpoken) {
  serve(echo, service_limits(), true);
  EXPECT_FALSE(TlsPeer(endpoint_, TLS1_2_VERSION).shake_hands());
  TlsPeer client(endpoint_, TLS1_3_VERSION);
  ASSERT_TRUE(client.shake_hands());
  client.send(kLast);
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(client.ended_with_goodbye());
  EXPECT_THAT(ask(kLast), Not(HasSubstr("HTTP/1.1 200")));  // nothing in the clear
}

TEST_F(HttpService, NewKeysAndManyOfThemChangeNothing) {
  serve(echo, service_limits(), true);
  TlsPeer client(endpoint_, TLS1_3_VERSION);
  ASSERT_TRUE(client.shake_hands());
  for (int i = 0; i < 30; ++i) {
    client.ask_for_new_keys();
    client.send(request("GET", "/" + std::to_string(i), ""));
  }
  client.send(kLast);
  EXPECT_THAT(client.read_all(), AllOf(HasSubstr("/29"), HasSubstr("GET /a [].")));
}

TEST_F(HttpService, WhoNeverFinishesAHandshakeHoldsUpNobodyAndIsCutOff) {
  auto limits = service_limits();
  limits.threads = 0;
  const auto come = [this] {
    std::vector<std::unique_ptr<HttpPeer>> silent;
    for (int i = 0; i < 20; ++i) {
      silent.push_back(std::make_unique<HttpPeer>(endpoint_));
      if (i % 2 == 0) silent.back()->send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));  // a hello's beginning
    }
    return silent;
  };
  serve(echo, limits, true);
  auto silent = come();
  EXPECT_TRUE(client()->send({.target = "/a"}, kPatienceMs).ok());
  limits.head_ms = 50;  // nobody has to shake hands within it
  serve(echo, limits, true);
  silent = come();
  for (const auto& one : silent) EXPECT_EQ(one->read_all(), "");
}

TEST_F(HttpService, NoiseInsteadOfTlsHarmsNobody) {
  serve(echo, service_limits(), true);
  SeededRandom random(1);
  for (int i = 0; i < 100; ++i) {
    std::string noise(static_cast<std::size_t>(i) * 10, ' ');
    random.fill({reinterpret_cast<std::uint8_t*>(noise.data()), noise.size()});
    if (i % 2 == 0) noise = "\x16\x03\x01" + noise;
    EXPECT_THAT(ask(noise), Not(HasSubstr("HTTP/1.1")));
  }
  EXPECT_TRUE(client()->send({.target = "/a"}, kPatienceMs).ok());
}

// Who the server takes a client for that shows this certificate.
class ClientIdentity : public HttpService {
 protected:
  void serve_names(ClientKeys clients) {
    const auto named = [](const HttpRequest& asked) {
      return HttpResponse{200, "text/plain", asked.client_key ? base::to_hex(*asked.client_key) : "nobody"};
    };
    serve(named, service_limits(), true, clients);
  }
  std::string name_with(const CertificateFiles& shown) {
    HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = port();
    options.authorities = certificate().certificate;
    options.certificate = shown.certificate;
    options.key = shown.key;
    auto made = HttpClient::create(std::move(options));
    if (!made.ok()) return made.error().message;
    for (int i = 0; i < 2; ++i) {  // the second request comes over the connection that was kept
      const auto reply = (*made)->send({.target = "/"}, kPatienceMs);
      if (!reply.ok()) return reply.error().message;
      if (i == 1) return reply->body;
    }
    return "";
  }
};

TEST_F(ClientIdentity, ItsKeyArrivesWithEachRequest) {
  SeededRandom random(7);
  const auto one = crypto::Identity::generate(random), other = crypto::Identity::generate(random);
  serve_names(ClientKeys::kAsked);
  EXPECT_EQ(name_with(*identity_certificate(one)), base::to_hex(one.public_key()));
  EXPECT_EQ(name_with(*identity_certificate(other)), base::to_hex(other.public_key()));
}

TEST_F(ClientIdentity, WithoutACertificateOneIsNobody) {
  serve_names(ClientKeys::kAsked);
  EXPECT_EQ(name_with({}), "nobody");
}

TEST_F(ClientIdentity, ACertificateOfAnotherKindOfKeyIsNotShown) {
  serve_names(ClientKeys::kAsked);
  EXPECT_EQ(name_with(certificate()), "nobody");  // P-256
}

TEST_F(ClientIdentity, AServerThatDoesNotAskLearnsNothing) {
  SeededRandom random(7);
  serve_names(ClientKeys::kNone);
  EXPECT_EQ(name_with(*identity_certificate(crypto::Identity::generate(random))), "nobody");
}

TEST_F(ClientIdentity, ACertificateWithoutItsKeyIsNoUse) {
  SeededRandom random(7);
  const auto one = identity_certificate(crypto::Identity::generate(random));
  const auto other = identity_certificate(crypto::Identity::generate(random));
  serve_names(ClientKeys::kAsked);
  EXPECT_THAT(name_with({.certificate = one->certificate, .key = other->key}), HasSubstr("does not fit"));
}

TEST(SelfSignedCertificate, NamesWhatItIsFor) {
  EXPECT_TRUE(self_signed_certificate({"a.example", "::1", "10.0.0.1"}, now_s(), 365).ok());
  for (const auto& names : {std::vector<std::string>{}, {""}, {"a,DNS:b"}, {"a b"}, {std::string(300, 'a')}})
    EXPECT_FALSE(self_signed_certificate(names, now_s(), 1).ok());
}

TEST_F(HttpService, AServerWhoseCertificateHasRunOutIsNotTrusted) {
  const auto old = std::move(self_signed_certificate({"127.0.0.1"}, now_s() - 10 * kDay, 1)).value();
  auto bound = bind_at(loopback_endpoint());
  endpoint_ = *local_endpoint(*bound);
  auto context = ServerTls::create(old.certificate, old.key);
  ASSERT_TRUE(context.ok());
  auto server = HttpServer::open(std::move(*bound), echo, service_limits(), std::move(*context));
  ASSERT_TRUE(server.ok());
  thread_ = std::jthread([own = std::move(*server)](const std::stop_token& stop) mutable { own.run(stop); });
  EXPECT_FALSE(client(old.certificate)->send({.target = "/a"}, kPatienceMs).ok());
}

TEST(ServerCertificates, AKeyThatDoesNotFitIsRefused) {
  const auto other = std::move(self_signed_certificate({"x"}, now_s(), 1)).value();
  EXPECT_FALSE(ServerTls::create(certificate().certificate, other.key).ok());
  EXPECT_FALSE(ServerTls::create("", certificate().key).ok());
  EXPECT_FALSE(ServerTls::create(certificate().certificate, "").ok());
  EXPECT_FALSE(ServerTls::create(certificate().key, certificate().certificate).ok());
}

}  // namespace
}  // namespace net
