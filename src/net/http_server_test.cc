// The HTTP server as a client sees it, byte by byte, and what those get who are slow, long-winded or many.
#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "net/http_peer.h"

namespace net {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServing : public testing::Test {
 protected:
  void serve(HttpLimits limits = {}) {
    auto bound = bind_at(loopback_endpoint());
    ASSERT_TRUE(bound.ok());
    endpoint_ = *local_endpoint(*bound);
    auto server = HttpServer::open(std::move(*bound), page, limits);
    ASSERT_TRUE(server.ok());
    thread_ = std::jthread([own = std::move(*server)](const std::stop_token& stop) mutable { own.run(stop); });
  }
  static HttpResponse page(const HttpRequest& request) {
    if (request.path == "/missing") return {404, "text/plain", "no such page\n"};
    if (request.path == "/long") return {200, "text/plain", std::string(1'000'000, 'x')};
    return {200, "text/html", "page " + request.path + "."};
  }
  // The answer to one request, after which the connection is closed.
  std::string ask(const std::string& request) {
    HttpPeer client(endpoint_);
    client.send(request);
    client.finish();
    return client.read_all();
  }
  Endpoint endpoint_;
  std::jthread thread_;
};

TEST_F(HttpServing, AGetGetsThePage) {
  serve();
  const std::string answer = ask("GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/html\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\npage /a."));
  EXPECT_THAT(ask("GET /missing HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(HttpServing, AHeadGetsTheSameWithoutTheBody) {
  serve();
  const std::string answer = ask("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServing, AConnectionIsKeptForFurtherRequests) {
  serve();
  HttpPeer client(endpoint_);
  client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_to("page /1."), StartsWith("HTTP/1.1 200"));
  client.send(
      "GET /2 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /3 HTTP/1.1\r\nHost: x\r\n\r\nGET /4 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_to("page /2."), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(client.read_to("page /4."), HasSubstr("\r\n\r\nHTTP/1.1 200"));
  client.send("GET /5 HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.read_all(), HasSubstr("page /5."));
}

TEST_F(HttpServing, ALongPageArrivesWhole) {
  serve();
  const std::string answer = ask("GET /long HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + std::string(1'000'000, 'x')));
}

TEST_F(HttpServing, OtherMethodsAreRefused) {
  serve();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
    const std::string answer = ask(std::string(method) + " /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  }
}

TEST_F(HttpServing, WhatIsNoRequestIsRefused) {
  serve();
  for (const char* request :
       {"GET /a HTTP/1.1\r\n\r\n", "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "GET a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a HTTP/2.0\r\nHost: x\r\n\r\n", "GET /a\r\n\r\n",
        "\x16\x03\x01\r\n\r\n", "GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "GET /a HTTP/1.1\r\nHo st: x\r\n\r\n"}) {
    EXPECT_THAT(ask(request), StartsWith("HTTP/1.1 400 ")) << request;
  }
  EXPECT_EQ(ask(""), "");
}

TEST_F(HttpServing, NoiseHarmsNobody) {
  serve();
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    std::string noise(random() % 300, ' ');
    for (char& c : noise) c = static_cast<char>(random());
    EXPECT_THAT(ask((i % 2 == 0 ? "GET /a HTTP/1.1\r\n" : "") + noise + "\r\n\r\n"), Not(StartsWith("HTTP/1.1 200")));
  }
  EXPECT_THAT(ask("GET /a HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServing, AHeadThatIsTooLongIsRefusedAndTheAnswerArrives) {
  serve();
  const std::string fits(7000, 'x'), too_long(100'000, 'x');
  EXPECT_THAT(ask("GET /a HTTP/1.1\r\nHost: x\r\nX: " + fits + "\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("GET /a HTTP/1.1\r\nHost: x\r\nX: " + too_long + "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(ask("GET /" + too_long + " HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServing, WhoIsTooSlowIsCutOff) {
  serve({.head_ms = 50});
  HttpPeer never_asks(endpoint_), half_asks(endpoint_);
  half_asks.send("GET /a HTTP/1.1\r\nHo");
  EXPECT_EQ(never_asks.read_all(), "");
  EXPECT_EQ(half_asks.read_all(), "");
  serve({.head_ms = kPatienceMs, .idle_ms = 50});
  HttpPeer idles(endpoint_);
  idles.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(idles.read_all(), HasSubstr("page /a."));
}

TEST_F(HttpServing, TooManyConnectionsAreClosedUntilOneEnds) {
  serve({.connections = 2, .head_ms = kPatienceMs, .idle_ms = kPatienceMs});
  const std::string request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  auto first = std::make_unique<HttpPeer>(endpoint_);
  HttpPeer second(endpoint_);
  for (HttpPeer* client : {first.get(), &second}) {
    client->send(request);
    EXPECT_THAT(client->read_to("page /a."), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_EQ(HttpPeer(endpoint_).read_all(), "");
  second.send(request);
  EXPECT_THAT(second.read_to("page /a."), StartsWith("HTTP/1.1 200"));
  first.reset();
  std::string answer;
  while (answer.empty()) answer = ask(request);  // until the server has noticed that one is gone
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServing, StopsWithConnectionsOpen) {
  serve({.head_ms = kPatienceMs, .idle_ms = kPatienceMs});
  HttpPeer open(endpoint_);
  open.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(open.read_to("page /1."), StartsWith("HTTP/1.1 200"));
  open.send("GET /2 HTT");
  thread_.request_stop();
  thread_.join();
  thread_ = {};
  EXPECT_EQ(open.read_all(), "");
}

}  // namespace
}  // namespace net
