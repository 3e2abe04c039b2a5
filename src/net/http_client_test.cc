// The client against small TLS servers that answer well, badly, late, in pieces, or with somebody else's certificate.
#include "net/http_client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <sys/time.h>

#include <atomic>
#include <csignal>

#include "net/loopback.h"

namespace net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int kSoonMs = 300;  // for what is meant to take too long

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

// A key and a certificate, of itself or of an authority.
struct Card {
  std::shared_ptr<EVP_PKEY> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  std::shared_ptr<X509> certificate{X509_new(), X509_free};

  Card(const std::string& name, const Card* authority, const std::string& names) {
    X509* const c = certificate.get();
    X509_set_version(c, X509_VERSION_3);
    static std::atomic<long> serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    const Card& signer = authority != nullptr ? *authority : *this;
    X509_set_issuer_name(c, X509_get_subject_name(signer.certificate.get()));
    X509_set_pubkey(c, key.get());
    if (authority == nullptr) extend(NID_basic_constraints, "critical,CA:TRUE");
    if (!names.empty()) extend(NID_subject_alt_name, names);
    X509_sign(c, signer.key.get(), EVP_sha256());
  }
  std::string pem() const {
    BIO* const out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate.get());
    return text_of(out);
  }
  std::string key_pem(const char* password = nullptr) const {
    BIO* const out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, key.get(), password != nullptr ? EVP_aes_128_cbc() : nullptr, nullptr, 0, nullptr,
                             const_cast<char*>(password));
    return text_of(out);
  }

 private:
  void extend(int kind, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    ASSERT_NE(extension, nullptr);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
};

const Card& authority() {
  static const Card card("authority", nullptr, "");
  return card;
}

// One connection of the server's, served on its thread.
class Guest {
 public:
  Guest(SSL_CTX* context, Fd socket) : socket_(std::move(socket)) {
    const int flags = fcntl(socket_.get(), F_GETFL);
    fcntl(socket_.get(), F_SETFL, flags & ~O_NONBLOCK);
    const timeval patience{10, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (context == nullptr) return;
    ssl_.reset(SSL_new(context), SSL_free);
    SSL_set_fd(ssl_.get(), socket_.get());
    good_ = SSL_accept(ssl_.get()) == 1;
  }
  bool good() const { return good_; }
  // Head and body of the next request; empty if there is none.
  std::string request() {
    while (good_) {
      const std::size_t head = received_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const std::size_t at = received_.find("Content-Length: ");
        const std::size_t body = at < head ? std::stoul(received_.substr(at + 16)) : 0;
        if (received_.size() >= head + 4 + body) return std::exchange(received_, received_.substr(head + 4 + body));
      }
      char chunk[4096];
      const auto n = ssl_ ? SSL_read(ssl_.get(), chunk, sizeof chunk)
                          : static_cast<int>(::recv(socket_.get(), chunk, sizeof chunk, 0));
      good_ = n > 0;
      if (good_) received_.append(chunk, static_cast<std::size_t>(n));
    }
    return "";
  }
  void say(std::string_view text) {
    if (ssl_)
      (void)SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    else
      (void)::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  void goodbye() { (void)SSL_shutdown(ssl_.get()); }
  // Ends the connection, and returns once the client's kernel has the end.
  void hang_up() {
    ::shutdown(socket_.get(), SHUT_WR);
    tcp_info info{};
    for (socklen_t size = sizeof info;
         getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_FIN_WAIT1;)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::string client() const {  // the name in its certificate
    char name[100] = "";
    if (X509* const c = SSL_get0_peer_certificate(ssl_.get()))
      X509_NAME_get_text_by_NID(X509_get_subject_name(c), NID_commonName, name, sizeof name);
    return name;
  }

 private:
  Fd socket_;
  std::shared_ptr<SSL> ssl_;
  std::string received_;
  bool good_ = true;
};

std::string sized(const std::string& body, const std::string& more = "") {
  return "HTTP/1.1 200 OK\r\n" + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class HttpAsking : public testing::Test {
 protected:
  // Serves every connection with `serve`, told which one it is.
  using Serve = std::function<void(Guest& guest, int number)>;

  void TearDown() override {
    stopping_ = true;
    for (auto& thread : threads_) thread.join();
  }
  HttpClientOptions start(Serve serve, const Card& card = Card("server", &authority(), "IP:127.0.0.1,DNS:localhost"),
                          const std::function<void(SSL_CTX*)>& change = nullptr) {
    ::signal(SIGPIPE, SIG_IGN);  // the server's own; the client does without
    context_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context_.get(), card.certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), card.key.get());
    if (change) change(context_.get());
    return listen(std::move(serve), context_.get());
  }
  HttpClientOptions listen(Serve serve, SSL_CTX* context) {
    listener_ = std::move(bind_at(loopback_endpoint())).value();
    EXPECT_TRUE(start_listening(listener_).ok());
    threads_.emplace_back([this, serve = std::move(serve), context] {
      for (int number = 0; !stopping_;) {
        pollfd watched{listener_.get(), POLLIN, 0};
        if (poll(&watched, 1, 20) <= 0) continue;
        connections_ = number + 1;  // before anybody can have an answer
        guests_.emplace_back([serve, context, number, socket = accept_from(listener_)]() mutable {
          Guest guest(context, std::move(socket));
          if (guest.good()) serve(guest, number);
        });
        ++number;
      }
      guests_.clear();
    });
    HttpClientOptions options;
    options.host = "127.0.0.1";
    const auto at = local_endpoint(listener_)->text();
    options.port = static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)));
    if (context != nullptr) options.authorities = authority().pem();
    options.tls = context != nullptr;
    return options;
  }
  static base::Result<base::HttpReply> get(HttpClientOptions options, int timeout_ms = kPatienceMs) {
    auto client = HttpClient::create(std::move(options));
    if (!client.ok()) return client.error();
    return (*client)->send({}, timeout_ms);
  }
  static void expect(const base::Result<base::HttpReply>& reply, base::Code code, std::string_view why) {
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().code, code) << reply.error().message;
    EXPECT_THAT(reply.error().message, AllOf(StartsWith("127.0.0.1:"), HasSubstr(std::string(why))));
  }

  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;

 private:
  std::shared_ptr<SSL_CTX> context_;
  Fd listener_;
  std::vector<std::jthread> guests_;  // of the accepting thread alone
  std::vector<std::thread> threads_;
};

void answer_all(Guest& guest, int) {
  while (!guest.request().empty()) guest.say(sized("hello"));
}

TEST_F(HttpAsking, AsksAndIsAnsweredOverOneConnection) {
  std::mutex mutex;
  std::vector<std::string> requests;
  const auto client = HttpClient::create(start([&](Guest& guest, int) {
    for (std::string request; !(request = guest.request()).empty(); guest.say(sized("hello"))) {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
    }
  }));
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE((*client)->send({"POST", "/api?x=1", {{"Content-Type", "application/json"}}, "{}"}, kPatienceMs).ok());
  const auto reply = (*client)->send({}, kPatienceMs);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 200U);
  EXPECT_EQ(reply->body, "hello");
  EXPECT_EQ(connections_, 1);
  const std::lock_guard lock(mutex);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0], AllOf(StartsWith("POST /api?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"),
                                 HasSubstr("\r\nContent-Type: application/json\r\n"),
                                 HasSubstr("\r\nContent-Length: 2\r\n\r\n"), Not(HasSubstr("Authorization"))));
}

TEST_F(HttpAsking, TrustsNobodyElsesServer) {
  HttpClientOptions options = start(answer_all);
  options.authorities = Card("another", nullptr, "").pem();
  expect(get(options), base::Code::kInvalidInput, "certificate is not right");
  options.authorities = "";  // the system's do not know it
  expect(get(options), base::Code::kInvalidInput, "name its authority, or pin it");
}

TEST_F(HttpAsking, ACertificateForAnotherNameWillNotDo) {
  HttpClientOptions options = start(answer_all, Card("127.0.0.1", &authority(), "DNS:api.example.org,IP:10.0.0.1"));
  expect(get(options), base::Code::kInvalidInput, "certificate is not right");
  for (const char* const name : {"example.org", "10.0.0.2", "127.0.0.1", "xapi.example.org"}) {
    options.server_name = name;
    expect(get(options), base::Code::kInvalidInput, "certificate is not right");
  }
  for (const char* const name : {"api.example.org", "10.0.0.1"}) {
    options.server_name = name;
    EXPECT_TRUE(get(options).ok()) << name;
  }
}

TEST_F(HttpAsking, TheNamedCertificateItselfIsTrusted) {
  const Card own("server", nullptr, "IP:127.0.0.1");
  HttpClientOptions options = start(answer_all, own);
  options.authorities = own.pem();
  EXPECT_TRUE(get(options).ok());
}

TEST_F(HttpAsking, APinnedCertificateIsTrustedWhateverItSaysAndNoOther) {
  const Card own("server", nullptr, "DNS:elsewhere.example.org");
  HttpClientOptions options = start(answer_all, own);
  options.authorities = "";
  std::array<std::uint8_t, 32> hash{};
  ASSERT_EQ(X509_digest(own.certificate.get(), EVP_sha256(), hash.data(), nullptr), 1);
  options.pin = hash;
  EXPECT_TRUE(get(options).ok());
  hash[31] ^= 1;
  options.pin = hash;
  expect(get(options), base::Code::kInvalidInput, "not the one that was pinned");
}

TEST_F(HttpAsking, DoesNotGoBelowTls12) {
  const auto old = [](SSL_CTX* context) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  };
  expect(get(start(answer_all, Card("server", &authority(), "IP:127.0.0.1"), old)), base::Code::kInvalidInput,
         "TLS 1.2");
}

TEST_F(HttpAsking, SpeaksTls12) {
  const auto older = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); };
  EXPECT_TRUE(get(start(answer_all, Card("server", &authority(), "IP:127.0.0.1"), older)).ok());
}

TEST_F(HttpAsking, ShowsItsCertificate) {
  std::mutex mutex;
  std::string seen;
  const auto strict = [](SSL_CTX* context) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority().certificate.get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  };
  HttpClientOptions options = start(
      [&](Guest& guest, int number) {
        {
          const std::lock_guard lock(mutex);
          seen = guest.client();
        }
        answer_all(guest, number);
      },
      Card("server", &authority(), "IP:127.0.0.1"), strict);
  expect(get(options), base::Code::kInvalidInput, "certificate");
  const Card stranger("stranger", nullptr, "");
  options.certificate = stranger.pem();
  options.key = stranger.key_pem();
  expect(get(options), base::Code::kInvalidInput, "certificate");
  const Card admin("admin", &authority(), "");
  options.certificate = admin.pem();
  options.key = admin.key_pem();
  EXPECT_TRUE(get(options).ok());
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, "admin");
}

TEST_F(HttpAsking, AsksForItsTokenEachTime) {
  std::mutex mutex;
  std::vector<std::string> requests;
  HttpClientOptions options = start([&](Guest& guest, int) {
    for (std::string request; !(request = guest.request()).empty(); guest.say(sized(""))) {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
    }
  });
  int count = 0;
  options.bearer = [&]() -> base::Result<std::string> {
    if (++count == 3) return std::string("two\r\nlines");
    return "token-" + std::to_string(count);
  };
  const auto client = HttpClient::create(options);
  ASSERT_TRUE(client.ok());
  EXPECT_TRUE((*client)->send({}, kPatienceMs).ok());
  EXPECT_TRUE((*client)->send({}, kPatienceMs).ok());
  const auto third = (*client)->send({}, kPatienceMs);
  expect(third, base::Code::kInvalidInput, "token");
  EXPECT_THAT(third.error().message, Not(HasSubstr("lines\n")));
  const std::lock_guard lock(mutex);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0], HasSubstr("\r\nAuthorization: Bearer token-1\r\n"));
  EXPECT_THAT(requests[1], HasSubstr("\r\nAuthorization: Bearer token-2\r\n"));
}

TEST_F(HttpAsking, WhatCannotBeSentIsNotSent) {
  const auto client = HttpClient::create(start(answer_all));
  ASSERT_TRUE(client.ok());
  const std::vector<base::HttpRequest> bad{{"GET", "/a b", {}, ""},
                                           {"GET", "", {}, ""},
                                           {"G T", "/", {}, ""},
                                           {"GET", "/\r\nX: y", {}, ""},
                                           {"GET", "/", {{"X", "a\r\nY: b"}}, ""},
                                           {"GET", "/", {{"X Y", "z"}}, ""}};
  for (const auto& request : bad) expect((*client)->send(request, kPatienceMs), base::Code::kInvalidInput, "sent");
  EXPECT_EQ(connections_, 0);
}

TEST_F(HttpAsking, ALateAnswerIsNone) {
  const HttpClientOptions options = start([&](Guest& guest, int) {
    (void)guest.request();
    guest.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    (void)guest.request();  // until the client goes
  });
  expect(get(options, kSoonMs), base::Code::kDeadline, "in time");
}

TEST_F(HttpAsking, AServerThatDoesNotShakeHandsIsGivenUp) {
  HttpClientOptions options = listen([](Guest& guest, int) { (void)guest.request(); }, nullptr);
  options.tls = true;
  options.authorities = authority().pem();
  expect(get(options, kSoonMs), base::Code::kDeadline, "in time");
}

TEST_F(HttpAsking, CanBeCancelledWhileItWaits) {
  std::atomic<bool> asked = false;
  HttpClientOptions options = start([&](Guest& guest, int) {
    (void)guest.request();
    asked = true;
    (void)guest.request();
  });
  options.cancelled = [&] { return asked.load(); };
  expect(get(options), base::Code::kCancelled, "cancelled");
}

TEST_F(HttpAsking, HasLimitsOfHeaderAndBody) {
  std::string answer;
  HttpClientOptions options = start([&](Guest& guest, int) {
    (void)guest.request();
    guest.say(answer);
  });
  options.limits = {.header_bytes = 1000, .body_bytes = 1000};
  answer = sized("", "X: " + std::string(2000, 'x') + "\r\n");
  expect(get(options), base::Code::kInvalidInput, "longer than allowed");
  answer = sized(std::string(1001, 'x'));
  expect(get(options), base::Code::kInvalidInput, "longer than allowed");
  answer = sized(std::string(1000, 'x'));
  EXPECT_TRUE(get(options).ok());
}

TEST_F(HttpAsking, WhatIsNoHttpIsSaidToBeNone) {
  expect(get(start([](Guest& guest, int) {
           (void)guest.request();
           guest.say("220 mail ready\r\n");
         })),
         base::Code::kInvalidInput, "no HTTP");
}

TEST_F(HttpAsking, HalfAnAnswerIsABrokenConnection) {
  expect(get(start([](Guest& guest, int) {
           (void)guest.request();
           guest.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
           guest.goodbye();
         })),
         base::Code::kUnreachable, "amid its answer");
}

// Somebody in between could cut the line; only TLS's own goodbye shows that the server meant it.
TEST_F(HttpAsking, AnAnswerWithoutALengthEndsWithAGoodbyeOnly) {
  std::atomic<bool> polite = false;
  const HttpClientOptions options = start([&](Guest& guest, int) {
    (void)guest.request();
    guest.say("HTTP/1.1 200 OK\r\n\r\nhello");
    if (polite) guest.goodbye();
  });
  expect(get(options), base::Code::kUnreachable, "broke off");
  polite = true;
  const auto reply = get(options);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->body, "hello");
}

TEST_F(HttpAsking, PassesOnWhenToComeBack) {
  const auto reply = get(start([](Guest& guest, int) {
    (void)guest.request();
    guest.say("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nslow");
  }));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 429U);
  EXPECT_EQ(reply->retry_after_s, 3);
  EXPECT_EQ(reply->body, "slow");
}

TEST_F(HttpAsking, RepeatsWhatItMayWhenAnIdleConnectionWasClosed) {
  // The first connection answers once and reads the next request without a word; the rest answer everything.
  const auto client = HttpClient::create(start([](Guest& guest, int number) {
    if (number > 0) return answer_all(guest, number);
    (void)guest.request();
    guest.say(sized("first"));
    (void)guest.request();
  }));
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE((*client)->send({}, kPatienceMs).ok());
  const auto second = (*client)->send({}, kPatienceMs);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second->body, "hello");
  EXPECT_EQ(connections_, 2);
}

TEST_F(HttpAsking, NeverRepeatsAPost) {
  const auto client = HttpClient::create(start([](Guest& guest, int number) {
    if (number > 0) return answer_all(guest, number);
    (void)guest.request();
    guest.say(sized("first"));
    (void)guest.request();
  }));
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE((*client)->send({}, kPatienceMs).ok());
  expect((*client)->send({"POST", "/", {}, "{}"}, kPatienceMs), base::Code::kUnreachable, "");
  EXPECT_EQ(connections_, 1);
}

TEST_F(HttpAsking, AConnectionThatWasSeenClosedIsNotUsed) {
  std::atomic<int> closed = 0;
  const auto client = HttpClient::create(start([&](Guest& guest, int) {
    (void)guest.request();
    guest.say(sized("hello"));
    guest.hang_up();
    ++closed;
  }));
  ASSERT_TRUE(client.ok());
  for (int i = 0; i < 3; ++i) {
    const auto reply = (*client)->send({"POST", "/", {}, "{}"}, kPatienceMs);
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    while (closed <= i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(connections_, 3);
}

TEST_F(HttpAsking, StreamsChunksAsTheyCome) {
  std::atomic<int> received = 0;
  const auto client = HttpClient::create(start([&](Guest& guest, int) {
    (void)guest.request();
    guest.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; ++i) {
      guest.say("4\r\none\n\r\n");
      for (int waited = 0; received <= i && waited < kPatienceMs; ++waited)  // the next only once this has arrived
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    guest.say("0\r\n\r\n");
    answer_all(guest, 0);
  }));
  ASSERT_TRUE(client.ok());
  std::string got;
  const auto reply = (*client)->stream({}, kPatienceMs, [&](std::string_view bytes) {
    got += bytes;
    received = static_cast<int>(got.size() / 4);
    return true;
  });
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(got, "one\none\none\n");
  EXPECT_TRUE((*client)->send({}, kPatienceMs).ok());
  EXPECT_EQ(connections_, 1);
}

TEST_F(HttpAsking, AStreamMayBeLeftAndMayNotFallSilent) {
  const auto client = HttpClient::create(start([&](Guest& guest, int) {
    (void)guest.request();
    guest.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n");
    (void)guest.request();
  }));
  ASSERT_TRUE(client.ok());
  EXPECT_TRUE((*client)->stream({}, kPatienceMs, [](std::string_view) { return false; }).ok());
  expect((*client)->stream({}, kSoonMs, [](std::string_view) { return true; }), base::Code::kDeadline, "in time");
}

TEST_F(HttpAsking, ServesManyThreads) {
  const auto client = HttpClient::create(start(answer_all));
  ASSERT_TRUE(client.ok());
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 20; ++n) good += (*client)->send({}, kPatienceMs).ok() ? 1 : 0;
      });
  }
  EXPECT_EQ(good, 160);
  EXPECT_LE(connections_, 8);
}

TEST_F(HttpAsking, NobodyThereIsUnreachable) {
  HttpClientOptions options;
  options.host = "127.0.0.1";
  const Fd closed = std::move(bind_at(loopback_endpoint())).value();
  const auto at = local_endpoint(closed)->text();
  options.port = static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)));
  options.authorities = authority().pem();
  expect(get(options), base::Code::kUnreachable, "cannot connect");
}

TEST_F(HttpAsking, WithoutTlsOnlyLoopbackWillDo) {
  HttpClientOptions options = listen(answer_all, nullptr);
  EXPECT_TRUE(get(options).ok());
  options.host = "localhost";
  EXPECT_TRUE(get(options).ok());
  for (const char* const host : {"192.0.2.1", "example.org", "0.0.0.0", "2001:db8::1"}) {
    options.host = host;
    const auto refused = get(options);
    ASSERT_FALSE(refused.ok()) << host;
    EXPECT_EQ(refused.error().code, base::Code::kInvalidInput) << host;
    EXPECT_THAT(refused.error().message, HasSubstr("use https"));
  }
}

TEST_F(HttpAsking, RefusesCredentialsThatAreNone) {
  HttpClientOptions good;
  good.host = "127.0.0.1";
  const Card own("own", &authority(), "");
  good.authorities = authority().pem();
  good.certificate = own.pem();
  good.key = own.key_pem();
  ASSERT_TRUE(HttpClient::create(good).ok());
  const auto refusal = [&](const std::function<void(HttpClientOptions&)>& change) {
    HttpClientOptions bad = good;
    change(bad);
    const auto made = HttpClient::create(bad);
    return made.ok() ? std::string() : made.error().message;
  };
  EXPECT_THAT(refusal([](auto& o) { o.authorities = "no PEM"; }), HasSubstr("authority"));
  EXPECT_THAT(refusal([](auto& o) { o.authorities.resize(o.authorities.size() / 2); }), HasSubstr("authority"));
  EXPECT_THAT(refusal([](auto& o) { o.certificate = ""; }), HasSubstr("client certificate"));
  EXPECT_THAT(refusal([](auto& o) { o.key = ""; }), HasSubstr("client key"));
  EXPECT_THAT(refusal([](auto& o) { o.key = authority().key_pem(); }), HasSubstr("does not fit"));
  EXPECT_THAT(refusal([&](auto& o) { o.key = own.key_pem("secret"); }), HasSubstr("password"));
  EXPECT_NE(refusal([](auto& o) { o.host = ""; }), "");
  EXPECT_NE(refusal([](auto& o) { o.host = "a b"; }), "");
}

}  // namespace
}  // namespace net
