// A front door and the strangers who come to it, and a caller whom hostile peers answer.
#include <sys/socket.h>

#include <atomic>
#include <future>

#include "net/arrival.h"
#include "net/loopback.h"

namespace net {
namespace {

using base::Bytes;
using base::Code;

// A frame as Link writes it.
Bytes framed(base::ByteView message) {
  Bytes bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(message.size() >> (8 * i)));
  base::append(bytes, message);
  return bytes;
}
Bytes call_frame(base::ByteView rest) { return framed(encode_call(rest)); }
Bytes join_frame(const crypto::Digest& session) { return framed(encode_join(session)); }

// Until the other side ends the connection.
bool dropped(const Fd& socket) {
  char buffer[4096];
  while (wait_fd(socket.get(), POLLIN)) {
    if (recv(socket.get(), buffer, sizeof buffer, 0) <= 0) return true;
  }
  return false;
}
bool alive(const Fd& socket) {
  char byte;
  return recv(socket.get(), &byte, 1, 0) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

// Party 0 has the door that is tried.
class Door : public testing::Test {
 protected:
  void SetUp() override { build(nullptr); }
  void build(const std::function<void(FrontDoorOptions&)>& adjust) {
    town_.reset();
    town_ = std::make_unique<DoorTown>(3, adjust);
    town_->open(0, [this](std::unique_ptr<pool::Line> line, Bytes rest) {
      const std::lock_guard lock(mutex_);
      last_ = std::move(rest);
      ++calls_;
      lines_.push_back(std::move(line));
      EXPECT_TRUE(lines_.back()->send({1}).ok());
    });
  }
  Endpoint door() const { return town_->doors[0]->at(); }
  // Somebody who shook hands as `id`.
  std::unique_ptr<RawPeer> enter(const crypto::Identity& id) {
    auto peer = std::make_unique<RawPeer>(id, dial(door()), Role::kDials, std::vector{town_->peers[0].key});
    EXPECT_EQ(peer->handshake(), Io::kDone);
    return peer;
  }
  // Whoever comes now is let in.
  void expect_open() {
    const auto before = calls_.load();
    auto peer = enter(identity(50));
    peer->send(call_frame(base::view("hello")));
    EXPECT_EQ(peer->read(), framed(Bytes{1}));
    EXPECT_EQ(calls_, before + 1);
  }
  std::size_t waiting() { return town_->doors[0]->rendezvous().waiting(); }
  void await_waiting(std::size_t count) {
    while (waiting() != count) std::this_thread::yield();
  }

  // Once a caller has his answer; the door's thread is then done with them.
  pool::Line& last_line() {
    const std::lock_guard lock(mutex_);
    return *lines_.back();
  }
  Bytes last_message() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<pool::Line>> lines_;
  Bytes last_;
  std::atomic<int> calls_{0};
  std::unique_ptr<DoorTown> town_;
};

TEST_F(Door, Garbage) {
  const Fd socket = dial(door());
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  EXPECT_TRUE(dropped(socket));
  expect_open();
}

TEST_F(Door, SilenceBeforeAndAfterTheHandshakeAndHalfAMessage) {
  const auto visitor = [&](std::uint64_t seed) {
    return RawPeer(identity(seed), dial(door()), Role::kDials, {town_->peers[0].key});
  };
  bool in_time = false;
  for (int limit_ms = 1'000; !in_time && limit_ms <= kPatienceMs; limit_ms *= 2) {  // until it is time to shake hands
    build([&](FrontDoorOptions& options) { options.stranger_ms = limit_ms; });
    const Fd silent = dial(door());
    RawPeer shaken = visitor(60), half = visitor(61), gone = visitor(62);
    in_time = shaken.handshake() == Io::kDone && half.handshake() == Io::kDone && gone.handshake() == Io::kDone;
    if (in_time) {
      half.send(frame(500, 100));
      gone.send(frame(500, 100));
      gone.close();
    }
    EXPECT_TRUE(dropped(silent));
    for (RawPeer* const peer : {&shaken, &half, &gone}) EXPECT_TRUE(peer->read().empty());
    EXPECT_EQ(calls_, 0);
  }
  EXPECT_TRUE(in_time);
  build(nullptr);
  expect_open();
}

TEST_F(Door, AMessageLongerThanAllowed) {
  for (const std::uint32_t length : {1'000'000'000U, 0xFFFFFFFFU, static_cast<std::uint32_t>(kMaxArrival) + 1}) {
    const auto peer = enter(identity(60));
    peer->send(frame(length, 100));
    EXPECT_TRUE(peer->read().empty());
  }
  EXPECT_EQ(calls_, 0);
  const auto peer = enter(identity(60));
  const Bytes longest = call_frame(Bytes(kMaxArrival - 1, 5));
  for (std::size_t at = 0; at < longest.size(); at += 10'000)
    peer->send(base::ByteView(longest).subspan(at, std::min<std::size_t>(10'000, longest.size() - at)));
  EXPECT_EQ(peer->read(), framed(Bytes{1}));
  EXPECT_EQ(last_message(), Bytes(kMaxArrival - 1, 5));
}

TEST_F(Door, WhatIsNoArrival) {
  const Bytes join = encode_join({});
  for (const Bytes& message : {Bytes{}, Bytes{2}, Bytes{255, 1, 2}, Bytes{1}, Bytes(join.begin(), join.end() - 1),
                               Bytes(join.size() + 1, 1)}) {
    const auto peer = enter(identity(60));
    peer->send(framed(message));
    EXPECT_TRUE(peer->read().empty());
  }
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(waiting(), 0U);
  expect_open();
}

TEST_F(Door, ACallByteByByteAndWhatFollowsAtOnce) {
  const auto peer = enter(identity(60));
  const Bytes call = call_frame(base::view("hello"));
  for (const std::uint8_t& byte : call) peer->send({&byte, 1});
  EXPECT_EQ(peer->read(), framed(Bytes{1}));
  EXPECT_EQ(last_message(), Bytes({'h', 'e', 'l', 'l', 'o'}));
  // A message behind the first, longer than a first may be.
  const auto other = enter(identity(61));
  Bytes both = call_frame({});
  base::append(both, framed(Bytes(kMaxArrival + 1000, 8)));
  for (std::size_t at = 0; at < both.size(); at += kRecord)
    other->send(base::ByteView(both).subspan(at, std::min(kRecord, both.size() - at)));
  EXPECT_EQ(other->read(), framed(Bytes{1}));
  const auto next = last_line().receive(kMaxArrival + 1000, kPatienceMs);
  ASSERT_TRUE(next.ok()) << next.error().message;
  EXPECT_EQ(*next, Bytes(kMaxArrival + 1000, 8));
}

TEST_F(Door, NewStrangersDisplaceTheOldest) {
  build([](FrontDoorOptions& options) { options.max_strangers = 4; });
  std::vector<Fd> silent;
  for (int i = 0; i < 5; ++i) silent.push_back(dial(door()));
  EXPECT_TRUE(dropped(silent[0]));
  expect_open();
  EXPECT_TRUE(dropped(silent[1]));
  EXPECT_TRUE(alive(silent[4]));
}

TEST_F(Door, OnePlaceCannotTakeAll) {
  build([](FrontDoorOptions& options) { options.max_from_one_place = 2; });
  const auto dial_from = [&](std::uint32_t host) {
    Endpoint from = loopback_endpoint();
    reinterpret_cast<sockaddr_in*>(&from.storage)->sin_addr.s_addr = htonl(host);
    Fd socket = std::move(bind_at(from)).value();
    const Endpoint to = door();
    EXPECT_TRUE(connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0 ||
                errno == EINPROGRESS);
    EXPECT_TRUE(wait_fd(socket.get(), POLLOUT));
    return socket;
  };
  const Fd neighbour = dial_from(0x7F000002);
  std::vector<Fd> crowd;
  for (int i = 0; i < 20; ++i) crowd.push_back(dial_from(0x7F000003));
  for (std::size_t i = 0; i < 18; ++i) EXPECT_TRUE(dropped(crowd[i]));
  EXPECT_TRUE(alive(crowd[19]));
  EXPECT_TRUE(alive(neighbour));
  expect_open();
}

TEST_F(Door, WhoJoinsASessionThatNobodyExpectsIsDropped) {
  build([](FrontDoorOptions& options) { options.join_ms = 100; });
  const auto peer = enter(identity(60));
  peer->send(join_frame({7}));
  EXPECT_TRUE(peer->read().empty());
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(Door, WhoJoinsTwiceLosesTheFirstLink) {
  const auto first = enter(town_->ids[1]);
  first->send(join_frame({7}));
  await_waiting(1);
  const auto second = enter(town_->ids[1]);
  Bytes bytes = join_frame({7});
  base::append(bytes, framed(Bytes{4, 2}));  // said before anybody took the link
  second->send(bytes);
  EXPECT_TRUE(first->read().empty());
  const auto mesh = mesh_of(*town_->lines(0), {{7}, 0, {town_->peers[0], town_->peers[1]}}, {}, kPatienceMs);
  ASSERT_TRUE(mesh.ok()) << mesh.error().message;
  EXPECT_EQ(*(*mesh)->receive(1, 10), Bytes({4, 2}));
  // Once more, when nobody expects it any more: the session does not notice.
  const auto third = enter(town_->ids[1]);
  third->send(bytes);
  await_waiting(1);
  second->send(framed(Bytes{5}));
  EXPECT_EQ(*(*mesh)->receive(1, 10), Bytes{5});
}

TEST_F(Door, AnotherKeyDoesNotGetIntoASession) {
  const auto other = enter(identity(60));
  other->send(join_frame({7}));
  const auto wrong_session = enter(town_->ids[1]);
  wrong_session->send(join_frame({8}));
  await_waiting(2);
  const auto mesh = mesh_of(*town_->lines(0), {{7}, 0, {town_->peers[0], town_->peers[1]}}, {}, 100);
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, Code::kUnreachable);
  EXPECT_EQ(mesh.error().party, 1U);
}

TEST_F(Door, ClosesForAll) {
  const Fd stranger = dial(door());
  const auto joined = enter(identity(60));
  joined->send(join_frame({7}));
  await_waiting(1);
  expect_open();
  const Endpoint at = door();
  town_->threads[0].request_stop();
  town_->threads[0].join();
  EXPECT_TRUE(dropped(stranger));
  EXPECT_TRUE(joined->read().empty());
  const auto late = begin_dial(at);
  ASSERT_TRUE(late.ok());
  EXPECT_TRUE(wait_fd(late->get(), POLLOUT));
  EXPECT_EQ(dial_outcome(*late), ECONNREFUSED);
  EXPECT_TRUE(last_line().send({2}).ok());  // what it gave lives on
}

TEST_F(Door, AThousandCallersDoNotDisturbASession) {
  constexpr std::size_t kParties = 3;
  std::atomic<std::size_t> connected{0};
  std::atomic<bool> all_came{false};
  const auto take_part = [&](std::size_t self) {
    const auto mesh = mesh_of(*town_->lines(self), {{9, 9}, self, town_->peers}, {}, kPatienceMs);
    ASSERT_TRUE(mesh.ok()) << mesh.error().message;
    (*mesh)->set_deadline_ms(kPatienceMs);
    ++connected;
    for (bool last = false; !last;) {  // party 0 says which round it is
      const bool mine = self == 0 && all_came;
      for (std::size_t i = 0; i < kParties; ++i) {
        if (i == self) continue;
        ASSERT_TRUE((*mesh)->send(i, Bytes(1000, mine ? 1 : 0)).ok());
      }
      last = mine;
      for (std::size_t i = 0; i < kParties; ++i) {
        if (i == self) continue;
        const auto got = (*mesh)->receive(i, 1000);
        ASSERT_TRUE(got.ok()) << got.error().message;
        last = last || (*got)[0] == 1;
      }
    }
    EXPECT_TRUE((*mesh)->flush().ok());
  };
  std::vector<std::jthread> parties;
  for (std::size_t self = 0; self < kParties; ++self) parties.emplace_back([&, self] { take_part(self); });
  while (connected < kParties) std::this_thread::yield();
  std::vector<Fd> silent;
  for (int i = 0; i < 1000; ++i) {
    Fd socket = dial(door());
    if (i % 3 == 0) (void)!send(socket.get(), "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
    if (i % 3 == 1) {
      RawPeer peer(identity(60), std::move(socket), Role::kDials, {town_->peers[0].key});
      if (peer.handshake() == Io::kDone) peer.send(join_frame({static_cast<std::uint8_t>(i)}));
    }
    if (i % 3 == 2) silent.push_back(std::move(socket));
  }
  all_came = true;
  parties.clear();
  EXPECT_LE(waiting(), Rendezvous::kMaxWaiting);
  expect_open();
}

}  // namespace
}  // namespace net
