// Impostors, strangers and misbehaving parties against one honest mesh.
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <future>

#include "net/loopback.h"

namespace net {
namespace {

using base::Code;

// The honest party 0 of two in a thread; the test plays party 1.
class AgainstPartyZero : public testing::Test {
 protected:
  AgainstPartyZero() : town_(2) {}

  // What receive(1) gives party 0, after the test's party 1 did `act` on a proper connection.
  std::vector<base::Result<base::Bytes>> receive(std::size_t times, int deadline_ms, const base::Bytes& raw, bool close,
                                                 std::size_t max_message = 1000) {
    std::vector<base::Result<base::Bytes>> results;
    std::promise<void> done;
    auto finished = done.get_future();
    std::jthread honest([&] {
      MeshOptions options = town_.options(0);
      options.max_message = max_message;
      const auto mesh = town_.connect(0, std::move(options));
      mesh->set_deadline_ms(deadline_ms);
      for (std::size_t i = 0; i < times; ++i) results.push_back(mesh->receive(1, 1000));
      done.set_value();
    });
    RawPeer peer(town_.ids[1], dial(town_.endpoints[0]), Role::kDials, {town_.ids[0].public_key()});
    EXPECT_EQ(peer.handshake(), Io::kDone);
    EXPECT_EQ(peer.read(), kWelcomeFrame);
    peer.send(raw);
    if (close) peer.close();
    finished.wait();
    honest.join();
    return results;
  }
  void expect_refused(const base::Result<base::Bytes>& result, Code code) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_EQ(result.error().party, 1U);
  }
  Town town_;
};

TEST(SmallRecords, AreSentToAPeerThatAsksForThem) {
  Town town(2);
  const base::Bytes message(5000, 9);
  std::jthread honest([&] {
    MeshOptions options = town.options(0);
    const auto mesh = town.connect(0, std::move(options));
    ASSERT_TRUE(mesh->send(1, message).ok());
    ASSERT_TRUE(mesh->flush().ok());
  });
  RawPeer peer(town.ids[1], dial(town.endpoints[0]), Role::kDials, {town.ids[0].public_key()}, [](SSL_CTX* context) {
    SSL_CTX_set_tlsext_max_fragment_length(context, TLSEXT_max_fragment_length_512);
  });
  ASSERT_EQ(peer.handshake(), Io::kDone);
  EXPECT_EQ(peer.read(), kWelcomeFrame);
  base::Bytes got;
  while (got.size() < message.size() + 4) {
    const base::Bytes more = peer.read();
    ASSERT_FALSE(more.empty());
    EXPECT_LE(more.size(), 512U);
    got.insert(got.end(), more.begin(), more.end());
  }
  EXPECT_EQ(base::Bytes(got.begin() + 4, got.end()), message);
}

TEST_F(AgainstPartyZero, AMessageLongerThanAllowed) {
  base::Bytes raw = frame(3, 3);
  const base::Bytes rest = frame(1001, 1001);
  raw.insert(raw.end(), rest.begin(), rest.end());
  const auto got = receive(3, kPatienceMs, raw, false);
  ASSERT_TRUE(got[0].ok());  // what came before it still counts
  EXPECT_EQ(*got[0], base::Bytes(3, 7));
  expect_refused(got[1], Code::kPeerMisbehaved);
  expect_refused(got[2], Code::kPeerMisbehaved);
}

TEST_F(AgainstPartyZero, AMessageLongerThanTheStepAllows) {
  const auto got = receive(2, kPatienceMs, frame(1001, 1001), false, 2000);
  expect_refused(got[0], Code::kPeerMisbehaved);
  expect_refused(got[1], Code::kPeerMisbehaved);
}

TEST_F(AgainstPartyZero, HalfAMessageThenTheEnd) {
  expect_refused(receive(1, kPatienceMs, frame(500, 100), true)[0], Code::kUnreachable);
}

TEST_F(AgainstPartyZero, HalfAMessageThenSilence) {
  const auto start = std::chrono::steady_clock::now();
  expect_refused(receive(1, 150, frame(500, 100), false)[0], Code::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST_F(AgainstPartyZero, AnAnnouncedGigabyteTakesNoMemory) {
  const long before = peak_kilobytes();
  expect_refused(receive(1, kPatienceMs, frame(1'000'000'000, 100), false)[0], Code::kPeerMisbehaved);
  // Nor where a gigabyte is allowed: only what arrives is stored.
  town_ = Town(2);
  expect_refused(receive(1, kPatienceMs, frame(1'000'000'000, 100), true, std::size_t{1} << 30)[0], Code::kUnreachable);
  EXPECT_LT(peak_kilobytes() - before, 200'000);
}

// Strangers at the door of party 0, which waits for party 1.
class Strangers : public testing::Test {
 protected:
  Strangers() : town_(2) {
    honest_ = std::jthread([this] {
      const auto mesh = town_.connect(0, town_.options(0));
      const auto got = mesh->receive(1, 10);
      EXPECT_TRUE(got.ok()) << got.error().message;
    });
  }
  // After all that the strangers did, party 1 gets through.
  ~Strangers() override {
    const auto mesh = town_.connect(1, town_.options(1));
    EXPECT_TRUE(mesh->send(0, {1, 2, 3}).ok());
    honest_.join();
  }
  // Reads until the other side ends the connection.
  static bool dropped(const Fd& socket) {
    char buffer[4096];
    while (wait_fd(socket.get(), POLLIN)) {
      if (recv(socket.get(), buffer, sizeof buffer, 0) <= 0) return true;
    }
    return false;
  }
  Town town_;
  std::jthread honest_;
};

TEST_F(Strangers, Garbage) {
  const Fd socket = dial(town_.endpoints[0]);
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  EXPECT_TRUE(dropped(socket));
  const Fd other = dial(town_.endpoints[0]);
  const std::vector<char> noise(300'000, '\x16');
  (void)send(other.get(), noise.data(), noise.size(), MSG_NOSIGNAL);
  EXPECT_TRUE(dropped(other));
}

TEST_F(Strangers, SilenceAndAtMostThirtyTwo) {
  std::vector<Fd> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(dial(town_.endpoints[0]));
  EXPECT_TRUE(dropped(silent[0]));  // the oldest made place
  const Fd resets = dial(town_.endpoints[0]);
  const linger hard{1, 0};
  setsockopt(resets.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

TEST_F(Strangers, AnotherKey) {
  const crypto::Identity other = identity(99);
  RawPeer peer(other, dial(town_.endpoints[0]), Role::kDials, {town_.ids[0].public_key()});
  (void)peer.handshake();  // our half may end before the judgement
  EXPECT_TRUE(peer.read().empty());
}

TEST_F(Strangers, TheListenersOwnKey) {
  RawPeer peer(town_.ids[0], dial(town_.endpoints[0]), Role::kDials, {town_.ids[0].public_key()});
  (void)peer.handshake();
  EXPECT_TRUE(peer.read().empty());
}

// Plain OpenSSL clients, as TlsContext makes no bad ones.
bool plain_client_gets_in(Fd socket, int version) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_socket(socket.get(), BIO_NOCLOSE), BIO_free);
  BIO_up_ref(bio.get());
  SSL_set_bio(ssl.get(), bio.get(), bio.get());
  for (;;) {
    char byte = 0;
    int result = SSL_connect(ssl.get());
    if (result > 0) result = SSL_read(ssl.get(), &byte, 1);
    if (result > 0) return true;
    if (SSL_get_error(ssl.get(), result) != SSL_ERROR_WANT_READ || !wait_fd(socket.get(), POLLIN)) return false;
  }
}

TEST_F(Strangers, Tls12) { EXPECT_FALSE(plain_client_gets_in(dial(town_.endpoints[0]), TLS1_2_VERSION)); }
TEST_F(Strangers, NoCertificate) { EXPECT_FALSE(plain_client_gets_in(dial(town_.endpoints[0]), TLS1_3_VERSION)); }

TEST(Hostile, NobodyListensOnceEverybodyIsThere) {
  Town town(2);
  const Endpoint door = town.endpoints[0];
  town.run([&](Mesh& mesh) {
    const std::size_t peer = 1 - mesh.self();
    ASSERT_TRUE(mesh.send(peer, {}).ok());
    ASSERT_TRUE(mesh.receive(peer, 0).ok());
    if (mesh.self() == 1) {
      const auto socket = begin_dial(door);
      if (socket.ok()) {
        wait_fd(socket->get(), POLLOUT);
        EXPECT_EQ(dial_outcome(*socket), ECONNREFUSED);
      }
    }
    ASSERT_TRUE(mesh.send(peer, {5}).ok());
    ASSERT_TRUE(mesh.receive(peer, 1).ok());
  });
}

TEST(Hostile, AnImpostorIsNamedAndTheRightOneAwaited) {
  Town town(2);
  std::string reason;
  std::atomic<bool> unmasked{false};
  std::jthread listener([&] {
    ASSERT_TRUE(start_listening(town.sockets[0]).ok());
    const crypto::Identity impostor = identity(99);
    while (!unmasked) {
      pollfd watched{town.sockets[0].get(), POLLIN, 0};
      if (poll(&watched, 1, 20) != 1) continue;
      RawPeer peer(impostor, accept_from(town.sockets[0]), Role::kListens, {town.ids[1].public_key()});
      EXPECT_EQ(peer.handshake(), Io::kBroken);
    }
    town.connect(0, town.options(0));  // now the right one, on the same port
  });
  const auto mesh = Mesh::connect(town.ids[1], town.options(1), kPatienceMs, [&](const auto& missing) {
    if (missing[0].reason.find("presents another key") == std::string::npos) return;
    reason = missing[0].reason;
    unmasked = true;
  });
  ASSERT_TRUE(mesh.ok()) << mesh.error().message;
  EXPECT_NE(reason.find("is not org_" + base::to_hex(town.ids[0].public_key())), std::string::npos) << reason;
}

TEST(Hostile, ASecondConnectionIsTurnedAwayWhileTheFirstLives) {
  Town town(3);
  std::atomic<bool> enough{false};
  std::jthread honest([&] {  // never complete: party 2 does not come
    MeshOptions options = town.options(0);
    options.cancelled = [&] { return enough.load(); };
    const auto mesh = Mesh::connect(town.ids[0], std::move(options), kPatienceMs, nullptr);
    ASSERT_FALSE(mesh.ok());
    EXPECT_EQ(mesh.error().code, Code::kCancelled);
  });
  const auto enter = [&] {
    auto peer = std::make_unique<RawPeer>(town.ids[1], dial(town.endpoints[0]), Role::kDials,
                                          std::vector{town.ids[0].public_key()});
    EXPECT_EQ(peer->handshake(), Io::kDone);
    return peer;
  };
  auto first = enter();
  EXPECT_EQ(first->read(), kWelcomeFrame);
  auto second = enter();
  EXPECT_EQ(second->read(), kAlreadyHereFrame);
  EXPECT_TRUE(second->read().empty());
  first.reset();  // broken, without a goodbye
  auto third = enter();
  EXPECT_EQ(third->read(), kWelcomeFrame);
  third->close();
  EXPECT_EQ(enter()->read(), kWelcomeFrame);
  enough = true;
}

TEST(Hostile, ALinkThatBreaksDuringConnectIsDialledAgain) {
  Town town(3);
  std::atomic<bool> enough{false};
  ASSERT_TRUE(start_listening(town.sockets[0]).ok());
  std::jthread honest([&] {
    MeshOptions options = town.options(1);
    options.cancelled = [&] { return enough.load(); };
    EXPECT_FALSE(Mesh::connect(town.ids[1], std::move(options), kPatienceMs, nullptr).ok());
  });
  for (int i = 0; i < 3; ++i) {
    RawPeer peer(town.ids[0], accept_from(town.sockets[0]), Role::kListens, {town.ids[1].public_key()});
    EXPECT_EQ(peer.handshake(), Io::kDone);
    if (i > 0) peer.send(kWelcomeFrame);  // and breaks off, without a goodbye
  }
  EXPECT_TRUE(accept_from(town.sockets[0]).valid());
  enough = true;
}

}  // namespace
}  // namespace net
