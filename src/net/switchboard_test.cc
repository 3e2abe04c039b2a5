// A switchboard whose peers keep to no rules, far away or not there; and what its own caller may not do.
// What it does among honest peers is in lines_test.cc, the door's side in door_test.cc.
#include "net/switchboard.h"

#include <atomic>
#include <future>

#include "net/arrival.h"
#include "net/loopback.h"

namespace net {
namespace {

using base::Bytes;
using base::Code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxReply = 1000;

// Somebody who listens with the key of a peer and does what the test wants with who comes first.
class Callee {
 public:
  template <class Act>
  Callee(std::uint64_t seed, Act act) : id_(identity(seed)) {
    CHECK(start_listening(socket_).ok());
    thread_ = std::jthread([this, act] {
      Fd accepted = accept_from(socket_);
      act(*this, std::move(accepted));
    });
  }
  pool::Peer peer() const { return {id_.public_key(), local_endpoint(socket_)->text()}; }
  std::unique_ptr<RawPeer> shaken(Fd socket) const {
    auto raw =
        std::make_unique<RawPeer>(id_, std::move(socket), Role::kListens, std::vector{identity(100).public_key()});
    EXPECT_EQ(raw->handshake(), Io::kDone);
    EXPECT_FALSE(raw->read().empty());
    return raw;
  }

 private:
  crypto::Identity id_;
  Fd socket_ = std::move(bind_at(loopback_endpoint())).value();
  std::jthread thread_;
};

std::unique_ptr<Switchboard> caller(LineOptions options = {}) {
  return std::move(Switchboard::create(identity(100), nullptr, std::move(options))).value();
}

pool::Lines::Reply call(pool::Lines& lines, const pool::Peer& peer, int timeout_ms = kPatienceMs) {
  std::optional<pool::Lines::Reply> got;
  const std::vector<Bytes> messages{{7}};
  lines.call(std::span(&peer, 1), messages, kMaxReply, timeout_ms, [&](pool::Lines::Reply reply) {
    got = std::move(reply);
    return true;
  });
  return std::move(*got);
}

LineOptions far_away(int one_way_delay_ms) {
  LineOptions options;
  options.one_way_delay_ms = one_way_delay_ms;
  return options;
}

Code refusal(const pool::Peer& peer, int timeout_ms = kPatienceMs) {
  const auto reply = call(*caller(), peer, timeout_ms);
  return reply.message.ok() ? Code::kStorage : reply.message.error().code;
}

TEST(Switchboard, HostileCallees) {
  std::promise<void> done;
  const auto until_done = done.get_future().share();
  const Callee silent(1, [&](const Callee&, Fd) { until_done.wait(); });
  EXPECT_EQ(refusal(silent.peer(), 50), Code::kDeadline);
  bool heard = false;
  for (int timeout_ms = 300; !heard && timeout_ms <= kPatienceMs; timeout_ms *= 2) {  // until it is time to shake hands
    const Callee shakes_and_is_silent(2, [&](const Callee&, Fd socket) {
      RawPeer raw(identity(2), std::move(socket), Role::kListens, {identity(100).public_key()});
      heard = raw.handshake() == Io::kDone && !raw.read().empty();
      EXPECT_TRUE(raw.read().empty());  // until the caller hangs up
    });
    EXPECT_EQ(refusal(shakes_and_is_silent.peer(), timeout_ms), Code::kDeadline);
  }
  EXPECT_TRUE(heard);
  const Callee garbage(3, [&](const Callee&, Fd socket) {
    (void)!send(socket.get(), "SSH-2.0-OpenSSH_9.2\r\n", 21, MSG_NOSIGNAL);
    until_done.wait();
  });
  EXPECT_EQ(refusal(garbage.peer()), Code::kUnreachable);
  const Callee gigabyte(4, [&](const Callee& self, Fd socket) {
    const auto raw = self.shaken(std::move(socket));
    raw->send(frame(1'000'000'000, 10));
    until_done.wait();
  });
  EXPECT_EQ(refusal(gigabyte.peer()), Code::kPeerMisbehaved);
  const Callee too_long(5, [&](const Callee& self, Fd socket) {
    const auto raw = self.shaken(std::move(socket));
    raw->send(frame(kMaxReply + 1, kMaxReply + 1));
    until_done.wait();
  });
  EXPECT_EQ(refusal(too_long.peer()), Code::kPeerMisbehaved);
  const Callee half(6, [](const Callee& self, Fd socket) { self.shaken(std::move(socket))->send(frame(10, 5)); });
  EXPECT_EQ(refusal(half.peer()), Code::kUnreachable);
  done.set_value();
}

// Where somebody else listens nobody is named as a cheater.
TEST(Switchboard, SomebodyElseAnswersThere) {
  const Callee other(1, [](const Callee&, Fd socket) {
    RawPeer raw(identity(1), std::move(socket), Role::kListens, {identity(100).public_key()});
    EXPECT_EQ(raw.handshake(), Io::kBroken);
  });
  const pool::Peer meant{identity(2).public_key(), other.peer().address};
  const auto reply = call(*caller(), meant);
  ASSERT_FALSE(reply.message.ok());
  EXPECT_EQ(reply.message.error().code, Code::kUnreachable);
  EXPECT_NE(reply.message.error().message.find("somebody else answers there"), std::string::npos)
      << reply.message.error().message;
}

TEST(Switchboard, WhatIsNoAddressAndNamesThatAreNone) {
  EXPECT_EQ(refusal({{1}, "nonsense"}), Code::kUnreachable);
  EXPECT_EQ(refusal({{1}, "0.0.0.0:0"}), Code::kUnreachable);
  const auto start = steady_clock::now();
  const Code code = refusal({{1}, "no-such-host.invalid:7"}, 100);  // the resolver may say so, or take its time
  EXPECT_TRUE(code == Code::kUnreachable || code == Code::kDeadline);
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(30));
}

// A name with several endpoints, of which not all answer.
TEST(Switchboard, FindsTheEndpointThatAnswers) {
  const Callee callee(1, [](const Callee& self, Fd socket) { self.shaken(std::move(socket))->send(frame(1, 1)); });
  const std::string port = callee.peer().address.substr(callee.peer().address.rfind(':'));
  const auto reply = call(*caller(), {callee.peer().key, "localhost" + port});
  ASSERT_TRUE(reply.message.ok()) << reply.message.error().message;
  EXPECT_EQ(reply.line->from(), callee.peer().address);
}

TEST(Switchboard, APeerThatDribblesDoesNotHoldUpAReceive) {
  std::atomic<bool> enough{false};
  const Callee callee(1, [&](const Callee& self, Fd socket) {
    const auto raw = self.shaken(std::move(socket));
    raw->send(frame(1, 1));
    raw->send(frame(100'000, 0));
    for (std::size_t i = 0; i < 99'000 && !enough; ++i) {
      raw->send(Bytes{1});
      std::this_thread::sleep_for(milliseconds(1));
    }
    EXPECT_TRUE(enough);
  });
  auto reply = call(*caller(), callee.peer());
  ASSERT_TRUE(reply.line);
  EXPECT_EQ(reply.line->receive(100'000, 100).error().code, Code::kDeadline);
  EXPECT_EQ(reply.line->receive(100'000, 0).error().code, Code::kDeadline);
  enough = true;
}

TEST(Switchboard, NothingIsLostOfAMessageThatIsTakenInTwoSteps) {
  std::promise<void> first_over;
  const Callee callee(1, [&](const Callee& self, Fd socket) {
    const auto raw = self.shaken(std::move(socket));
    raw->send(frame(1, 1));
    raw->send(frame(50, 20));
    first_over.get_future().wait();
    raw->send(Bytes(30, 7));
    EXPECT_TRUE(raw->read().empty());  // until the caller hangs up
  });
  auto reply = call(*caller(), callee.peer());
  ASSERT_TRUE(reply.line);
  EXPECT_EQ(reply.line->receive(50, 50).error().code, Code::kDeadline);
  first_over.set_value();
  const auto got = reply.line->receive(50, kPatienceMs);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(*got, Bytes(50, 7));
}

// TCP and TLS take two round trips, the question and the answer one.
TEST(Switchboard, DelayIsThatOfADistance) {
  static constexpr int kDelayMs = 40;
  DoorTown town(2, [](FrontDoorOptions& options) { options.lines.one_way_delay_ms = kDelayMs; });
  town.open(0, [](std::unique_ptr<pool::Line> line, Bytes rest) {
    // On a thread, because the line's destructor waits for its last words to leave.
    std::thread([line = std::move(line), rest = std::move(rest)]() mutable {
      EXPECT_TRUE(line->send(std::move(rest)).ok());
    }).join();
  });
  const auto lines = town.board(1, far_away(kDelayMs));
  const auto start = steady_clock::now();
  const auto reply = call(*lines, town.peers[0]);
  EXPECT_GE(steady_clock::now() - start, milliseconds(6 * kDelayMs));
  ASSERT_TRUE(reply.message.ok()) << reply.message.error().message;
}

TEST(Switchboard, DelayedWordsOnALineBecomeWordsOfTheMesh) {
  static constexpr int kDelayMs = 40;
  std::promise<std::unique_ptr<pool::Line>> called;
  DoorTown town(2, [](FrontDoorOptions& options) { options.lines.one_way_delay_ms = kDelayMs; });
  town.open(0, [&](std::unique_ptr<pool::Line> line, Bytes) { called.set_value(std::move(line)); });
  std::jthread provider([&] {
    std::vector<std::unique_ptr<pool::Line>> given(2);
    given[1] = called.get_future().get();
    EXPECT_TRUE(given[1]->send({1}).ok());
    const auto lines = town.board(0, far_away(kDelayMs));
    const auto mesh = mesh_of(*lines, {{1}, 0, town.peers}, std::move(given), kPatienceMs);
    ASSERT_TRUE(mesh.ok()) << mesh.error().message;
    EXPECT_EQ(*(*mesh)->receive(1, 10), Bytes{2});
  });
  const auto lines = town.board(1, far_away(kDelayMs));
  auto reply = call(*lines, town.peers[0]);
  ASSERT_TRUE(reply.line);
  EXPECT_TRUE(reply.line->send({2}).ok());
  std::vector<std::unique_ptr<pool::Line>> given;
  given.push_back(std::move(reply.line));
  const auto mesh = mesh_of(*lines, {{1}, 1, town.peers}, std::move(given), kPatienceMs);
  ASSERT_TRUE(mesh.ok()) << mesh.error().message;
  EXPECT_TRUE((*mesh)->flush().ok());
}

TEST(Switchboard, AMeshFailsAsSoonAsALineBreaks) {
  std::promise<void> break_off;
  const Callee callee(5, [&](const Callee& self, Fd socket) {
    const auto raw = self.shaken(std::move(socket));
    raw->send(frame(1, 1));
    break_off.get_future().wait();
  });
  DoorTown town(1);
  const auto lines = town.board(0, {});
  auto reply = call(*caller(), callee.peer());
  ASSERT_TRUE(reply.line);
  std::vector<std::unique_ptr<pool::Line>> given(3);
  given[1] = std::move(reply.line);
  break_off.set_value();
  // Party 2 is awaited, and never comes.
  const auto mesh =
      mesh_of(*lines, {{1}, 0, {town.peers[0], callee.peer(), town.nobody()}}, std::move(given), kPatienceMs);
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, Code::kUnreachable);
  EXPECT_EQ(mesh.error().party, 1U);
}

TEST(Switchboard, RefusesPlansThatCannotBe) {
  DoorTown town(3);
  const auto code = [&](const std::function<void(pool::MeshPlan&, std::vector<std::unique_ptr<pool::Line>>&)>& spoil) {
    pool::MeshPlan plan{{1}, 0, town.peers};
    std::vector<std::unique_ptr<pool::Line>> given(3);
    spoil(plan, given);
    const auto mesh = mesh_of(*town.lines(0), plan, std::move(given), 10);
    return mesh.ok() ? Code::kStorage : mesh.error().code;
  };
  town.open(1, [](std::unique_ptr<pool::Line> line, Bytes) { EXPECT_TRUE(line->send({}).ok()); });
  EXPECT_EQ(code([](auto&, auto&) {}), Code::kUnreachable);  // this one could
  EXPECT_EQ(code([](auto& plan, auto&) { plan.self = 1; }), Code::kInvalidInput);
  EXPECT_EQ(code([](auto& plan, auto&) { plan.self = 3; }), Code::kInvalidInput);
  EXPECT_EQ(code([](auto& plan, auto&) { plan.parties.resize(1); }), Code::kInvalidInput);
  EXPECT_EQ(code([](auto& plan, auto&) { plan.parties.resize(17); }), Code::kInvalidInput);
  EXPECT_EQ(code([](auto& plan, auto&) { plan.parties[2] = plan.parties[1]; }), Code::kInvalidInput);
  EXPECT_EQ(code([](auto&, auto& lines) { lines.resize(4); }), Code::kInvalidInput);
  const auto line_to_1 = [&] { return call(*town.lines(0), town.peers[1]).line; };
  EXPECT_EQ(code([&](auto&, auto& lines) { lines[2] = line_to_1(); }), Code::kInvalidInput);
  EXPECT_EQ(code([&](auto&, auto& lines) { lines[0] = line_to_1(); }), Code::kInvalidInput);
  const pool::MeshPlan first{{1}, 0, {{identity(100).public_key(), ""}, town.peers[1]}};
  EXPECT_EQ(mesh_of(*caller(), first, {}, 10).error().code, Code::kInvalidInput);  // nobody can join one without a door
}

}  // namespace
}  // namespace net
