// Help for the tests of this room: identities, bound loopback sockets, parties as threads, and a peer that speaks TLS
// but keeps to no other rule. Only tests include this.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>

#include <mutex>
#include <random>
#include <thread>

#include "net/switchboard.h"

namespace net {

class SeededRandom final : public base::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

inline crypto::Identity identity(std::uint64_t seed) {
  SeededRandom random(seed);
  return crypto::Identity::generate(random);
}

inline Endpoint loopback_endpoint(std::uint16_t port = 0) {
  Endpoint endpoint;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&endpoint.storage);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(port);
  v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  endpoint.size = sizeof(sockaddr_in);
  return endpoint;
}

inline constexpr int kPatienceMs = 60'000;  // longer than any busy machine needs

// n parties, each with a front door on a thread of its own; their switchboards are made as they are wanted.
class DoorTown {
 public:
  using OnCall = std::function<void(std::unique_ptr<pool::Line>, base::Bytes)>;
  explicit DoorTown(std::size_t n, const std::function<void(FrontDoorOptions&)>& adjust = nullptr) : on_call_(n) {
    for (std::size_t i = 0; i < n; ++i) {
      ids.push_back(identity(i + 1));
      FrontDoorOptions options;
      options.listener = std::move(bind_at(loopback_endpoint())).value();
      options.max_from_one_place = 64;
      options.on_call = [this, i](std::unique_ptr<pool::Line> line, base::Bytes rest) {
        const std::lock_guard lock(mutex_);
        if (on_call_[i]) on_call_[i](std::move(line), std::move(rest));
      };
      if (adjust) adjust(options);
      doors.push_back(std::move(FrontDoor::open(ids[i], std::move(options))).value());
      peers.push_back({ids[i].public_key(), doors[i]->at().text()});
    }
    for (const auto& door : doors) threads.emplace_back([&door](std::stop_token stop) { door->run(stop); });
  }
  void open(std::size_t party, OnCall on_call) {
    const std::lock_guard lock(mutex_);
    on_call_[party] = std::move(on_call);
  }
  std::unique_ptr<pool::Lines> lines(std::size_t party, std::function<bool()> cancelled = nullptr) {
    LineOptions options;
    options.cancelled = std::move(cancelled);
    return board(party, std::move(options));
  }
  std::unique_ptr<Switchboard> board(std::size_t party, LineOptions options) {
    return std::move(Switchboard::create(ids[party], doors[party].get(), std::move(options))).value();
  }
  // An address where nobody listens, for certain.
  pool::Peer nobody() { return {identity(77).public_key(), local_endpoint(unused_)->text()}; }

  std::vector<crypto::Identity> ids;
  std::vector<pool::Peer> peers;
  std::vector<std::unique_ptr<FrontDoor>> doors;

 private:
  std::mutex mutex_;
  std::vector<OnCall> on_call_;
  Fd unused_ = std::move(bind_at(loopback_endpoint())).value();

 public:
  std::vector<std::jthread> threads;  // of the doors; last, so that they end first
};

// n parties with a bound socket each: nobody else gets the port, and dialling it is refused until connect() listens.
struct Town {
  explicit Town(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      ids.push_back(identity(i + 1));
      auto bound = bind_at(loopback_endpoint());
      CHECK(bound.ok());
      endpoints.push_back(*local_endpoint(*bound));
      sockets.push_back(std::move(*bound));
      parties.push_back({ids[i].public_key(), endpoints[i].text()});
    }
  }
  MeshOptions options(std::size_t self) {
    MeshOptions made;
    made.self = self;
    made.parties = parties;
    made.listener = std::move(sockets[self]);
    return made;
  }
  std::unique_ptr<Mesh> connect(std::size_t self, MeshOptions made) {
    auto mesh = Mesh::connect(ids[self], std::move(made), kPatienceMs, nullptr);
    CHECK(mesh.ok());
    (*mesh)->set_deadline_ms(kPatienceMs);
    return std::move(*mesh);
  }
  // Every party in a thread of its own: connects, acts, closes.
  template <class Act>
  void run(Act act, const std::function<void(MeshOptions&)>& adjust = nullptr) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      threads.emplace_back([&, i] {
        MeshOptions made = options(i);
        if (adjust) adjust(made);
        const auto mesh = connect(i, std::move(made));
        act(*mesh);
        EXPECT_TRUE(mesh->flush().ok());
      });
    }
  }

  std::vector<crypto::Identity> ids;
  std::vector<Fd> sockets;
  std::vector<Endpoint> endpoints;
  std::vector<MeshParty> parties;
};

inline bool wait_fd(int fd, short events) {
  pollfd watched{fd, events, 0};
  return poll(&watched, 1, kPatienceMs) == 1;
}

// Connects, waiting for the listener to be there.
inline Fd dial(const Endpoint& endpoint) {
  for (int i = 0; i < kPatienceMs / 5; ++i) {
    auto socket = begin_dial(endpoint);
    if (socket.ok() && wait_fd(socket->get(), POLLOUT) && dial_outcome(*socket) == 0) return std::move(*socket);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return {};
}

inline Fd accept_from(const Fd& listener) {
  Endpoint from;
  int failure = 0;
  return wait_fd(listener.get(), POLLIN) ? accept_one(listener, from, failure) : Fd();
}

// A peer that shakes hands and then sends what the test wants. Waits where TlsStream does not.
class RawPeer {
 public:
  RawPeer(
      const crypto::Identity& id, Fd socket, Role role, std::vector<crypto::PublicKey> allowed,
      const std::function<void(SSL_CTX*)>& change = [](SSL_CTX*) {})
      : context_(changed(id, change)), stream_(context_, std::move(socket), role, allowed) {}

  Io handshake() {
    return repeat([&] { return stream_.handshake(); });
  }
  void send(base::ByteView bytes) {
    std::size_t written = 0;
    ASSERT_EQ(stream_.write(bytes, written), Io::kDone);
    ASSERT_EQ(written, bytes.size());
    ASSERT_EQ(stream_.push(), Io::kDone);
  }
  // The next bytes, however many; empty at the end.
  base::Bytes read() {
    base::Bytes bytes(kRecord);
    std::size_t size = 0;
    repeat([&] { return stream_.read(bytes, size); });
    bytes.resize(size);
    return bytes;
  }
  void close() { stream_.shut_down(); }

 private:
  static TlsContext changed(const crypto::Identity& id, const std::function<void(SSL_CTX*)>& change) {
    TlsContext context = std::move(TlsContext::create(id)).value();
    change(context.get());
    return context;
  }
  template <class Step>
  Io repeat(Step step) {
    for (;;) {
      const Io result = step();
      (void)stream_.push();
      if (result != Io::kAgain) return result;
      if (!wait_fd(stream_.fd(), POLLIN)) return Io::kBroken;
      stream_.socket_readable();
    }
  }
  TlsContext context_;
  TlsStream stream_;
};

inline const base::Bytes kWelcomeFrame{2, 0, 0, 0, 1, 0};
inline const base::Bytes kAlreadyHereFrame{2, 0, 0, 0, 1, 1};

inline base::Bytes frame(std::uint32_t announced, std::size_t present) {
  base::Bytes bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(announced >> (8 * i)));
  bytes.resize(4 + present, 7);
  return bytes;
}

// A mesh of lines that the caller is done with, whatever becomes of it.
inline base::Result<std::unique_ptr<pool::SessionMesh>> mesh_of(pool::Lines& all, const pool::MeshPlan& plan,
                                                                std::vector<std::unique_ptr<pool::Line>> lines,
                                                                int timeout_ms) {
  return all.mesh(plan, lines, timeout_ms);
}

}  // namespace net
