// What every implementation of pool::Lines does, asked of the real one and of the twin in memory.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "net/loopback.h"
#include "support/memory_lines.h"

namespace net {
namespace {

using base::Code;
using pool::Lines;
using pool::Peer;
using OnCall = std::function<void(std::unique_ptr<pool::Line>, base::Bytes)>;

base::Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

// n parties, each with a door: "p0", "p1" ….
class MemoryWorld {
 public:
  explicit MemoryWorld(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      peers.push_back({identity(i + 1).public_key(), "p" + std::to_string(i)});
      town_.open_door(peers[i], [](auto, auto) {});
    }
  }
  void open(std::size_t party, OnCall on_call) { town_.open_door(peers[party], std::move(on_call)); }
  std::unique_ptr<Lines> lines(std::size_t party, std::function<bool()> cancelled = nullptr) {
    return town_.lines(peers[party], std::move(cancelled));
  }
  Peer nobody() { return {identity(77).public_key(), "nowhere"}; }
  std::vector<Peer> peers;

 private:
  support::MemoryTown town_;
};

template <class World>
class AnyLines : public testing::Test {};
using Worlds = testing::Types<MemoryWorld, DoorTown>;
TYPED_TEST_SUITE(AnyLines, Worlds);

// Calls everybody of `peers` with the same message and keeps the replies by peer.
std::vector<Lines::Reply> call_all(Lines& lines, const std::vector<Peer>& peers, const base::Bytes& message,
                                   int timeout_ms = kPatienceMs, std::size_t max_reply = 1000) {
  std::vector<Lines::Reply> replies;
  const std::vector<base::Bytes> messages(peers.size(), message);
  lines.call(peers, messages, max_reply, timeout_ms, [&](Lines::Reply reply) {
    replies.push_back(std::move(reply));
    return true;
  });
  std::sort(replies.begin(), replies.end(), [](const auto& a, const auto& b) { return a.peer < b.peer; });
  return replies;
}

TYPED_TEST(AnyLines, ACallIsAnsweredAndGoesOn) {
  std::promise<std::unique_ptr<pool::Line>> called;
  TypeParam world(2);
  world.open(1, [&](std::unique_ptr<pool::Line> line, base::Bytes rest) {
    EXPECT_EQ(rest, bytes("invite"));
    EXPECT_EQ(line->peer(), world.peers[0].key);
    EXPECT_FALSE(line->from().empty());
    EXPECT_TRUE(line->send(bytes("accept")).ok());
    called.set_value(std::move(line));
  });
  const auto lines = world.lines(0);
  auto replies = call_all(*lines, {world.peers[1]}, bytes("invite"));
  ASSERT_EQ(replies.size(), 1U);
  ASSERT_TRUE(replies[0].message.ok()) << replies[0].message.error().message;
  EXPECT_EQ(*replies[0].message, bytes("accept"));
  ASSERT_TRUE(replies[0].line);
  EXPECT_EQ(replies[0].line->peer(), world.peers[1].key);
  auto other = called.get_future().get();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(replies[0].line->send(bytes("draw")).ok());
    const auto drawn = other->receive(10, kPatienceMs);
    ASSERT_TRUE(drawn.ok()) << drawn.error().message;
    EXPECT_EQ(*drawn, bytes("draw"));
    ASSERT_TRUE(other->send({}).ok());
    const auto answer = replies[0].line->receive(0, kPatienceMs);
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_TRUE(answer->empty());
  }
  EXPECT_EQ(other->receive(10, 20).error().code, Code::kDeadline);
  EXPECT_TRUE(other->send(bytes("bye")).ok());
  other.reset();
  EXPECT_EQ(*replies[0].line->receive(10, kPatienceMs), bytes("bye"));
  EXPECT_EQ(replies[0].line->receive(10, kPatienceMs).error().code, Code::kUnreachable);
}

TYPED_TEST(AnyLines, ManyAreCalledAndEachFailsForItself) {
  std::vector<std::unique_ptr<pool::Line>> kept(5);
  TypeParam world(5);
  const auto answer = [&](std::size_t party, std::size_t size) {
    world.open(party, [&, party, size](std::unique_ptr<pool::Line> line, base::Bytes) {
      EXPECT_TRUE(line->send(base::Bytes(size, 7)).ok());
      kept[party] = std::move(line);
    });
  };
  answer(1, 100);
  answer(2, 101);                                                                      // too long
  world.open(3, [](std::unique_ptr<pool::Line> line, base::Bytes) { line.reset(); });  // hangs up
  answer(4, 0);
  std::vector<Peer> peers(world.peers.begin() + 1, world.peers.end());
  peers.push_back(world.nobody());
  peers.push_back({identity(88).public_key(), world.peers[1].address});  // somebody else lives there
  const auto lines = world.lines(0);
  const auto replies = call_all(*lines, peers, bytes("hello"), kPatienceMs, 100);
  ASSERT_EQ(replies.size(), peers.size());
  EXPECT_EQ(*replies[0].message, base::Bytes(100, 7));
  EXPECT_EQ(replies[1].message.error().code, Code::kPeerMisbehaved);
  EXPECT_EQ(replies[2].message.error().code, Code::kUnreachable);
  EXPECT_TRUE(replies[3].message.ok());
  EXPECT_EQ(replies[4].message.error().code, Code::kUnreachable);
  EXPECT_EQ(replies[5].message.error().code, Code::kUnreachable);
  for (const auto& reply : replies) EXPECT_EQ(reply.message.ok(), reply.line != nullptr) << reply.peer;
}

TYPED_TEST(AnyLines, ACallToTheSilentEndsWhenTimeIsUp) {
  std::vector<std::unique_ptr<pool::Line>> kept;
  TypeParam world(2);
  world.open(1, [&](std::unique_ptr<pool::Line> line, base::Bytes) { kept.push_back(std::move(line)); });
  const auto lines = world.lines(0);
  const auto replies = call_all(*lines, {world.peers[1], world.peers[1]}, bytes("hello"), 100);
  ASSERT_EQ(replies.size(), 2U);
  for (const auto& reply : replies) EXPECT_EQ(reply.message.error().code, Code::kDeadline);
}

TYPED_TEST(AnyLines, ACallEndsWhenTheCallerHasEnough) {
  std::vector<std::unique_ptr<pool::Line>> kept(3);
  TypeParam world(3);
  world.open(1, [&](std::unique_ptr<pool::Line> line, base::Bytes) {
    EXPECT_TRUE(line->send(bytes("yes")).ok());
    kept[1] = std::move(line);
  });
  world.open(2, [&](std::unique_ptr<pool::Line> line, base::Bytes) { kept[2] = std::move(line); });
  const auto lines = world.lines(0);
  const std::vector<base::Bytes> messages(2, bytes("hello"));
  int replies = 0;
  lines->call(std::span(world.peers).subspan(1), messages, 10, kPatienceMs, [&](Lines::Reply reply) {
    ++replies;
    EXPECT_EQ(reply.peer, 0U);
    return false;
  });
  EXPECT_EQ(replies, 1);
}

TYPED_TEST(AnyLines, ACallAndAReceiveCanBeCancelled) {
  std::unique_ptr<pool::Line> kept;
  std::promise<std::unique_ptr<pool::Line>> called;
  TypeParam world(2);
  world.open(1, [&](std::unique_ptr<pool::Line> line, base::Bytes) {
    EXPECT_TRUE(line->send(bytes("wait")).ok());
    called.set_value(std::move(line));
  });
  std::atomic<bool> cancel{false};
  const auto lines = world.lines(0, [&] { return cancel.load(); });
  auto replies = call_all(*lines, {world.peers[1]}, {});
  ASSERT_TRUE(replies.at(0).line);
  std::jthread later([&] { cancel = true; });
  EXPECT_EQ(replies[0].line->receive(10, kPatienceMs).error().code, Code::kCancelled);
  world.open(1, [&](std::unique_ptr<pool::Line> line, base::Bytes) { kept = std::move(line); });
  replies = call_all(*lines, {world.peers[1]}, {});
  EXPECT_EQ(replies.at(0).message.error().code, Code::kCancelled);
}

// Party n − 1 calls all others, who then are its links in the session; among themselves these dial.
TYPED_TEST(AnyLines, AMeshOfLinesAndOfJoins) {
  static constexpr std::size_t kParties = 4;
  std::vector<std::promise<std::unique_ptr<pool::Line>>> called(kParties);
  TypeParam world(kParties);
  const pool::MeshPlan plan{{9, 9}, 0, world.peers};
  for (std::size_t i = 0; i + 1 < kParties; ++i) {
    world.open(i, [&, i](std::unique_ptr<pool::Line> line, base::Bytes) {
      EXPECT_TRUE(line->send({}).ok());
      called[i].set_value(std::move(line));
    });
  }
  const auto take_part = [&](std::size_t self, std::vector<std::unique_ptr<pool::Line>> given) {
    const auto lines = world.lines(self);
    pool::MeshPlan mine = plan;
    mine.self = self;
    auto mesh = mesh_of(*lines, mine, std::move(given), kPatienceMs);
    ASSERT_TRUE(mesh.ok()) << mesh.error().message;
    ASSERT_EQ((*mesh)->parties(), kParties);
    ASSERT_EQ((*mesh)->self(), self);
    (*mesh)->set_deadline_ms(kPatienceMs);
    for (std::size_t i = 0; i < kParties; ++i) {
      if (i == self) continue;
      ASSERT_TRUE((*mesh)->send(i, base::Bytes(100 * self + i)).ok());
    }
    EXPECT_EQ((*mesh)->sent_bytes(), (kParties - 1) * (100 * self + 4) + kParties * (kParties - 1) / 2 - self);
    for (std::size_t i = 0; i < kParties; ++i) {
      if (i == self) continue;
      if (self + 1 == kParties || i + 1 < kParties) {
        const auto got = (*mesh)->receive(i, 1000);
        ASSERT_TRUE(got.ok()) << got.error().message;
        EXPECT_EQ(got->size(), 100 * i + self);
        continue;
      }
      // What the caller sent over the line before it became a link comes first.
      EXPECT_EQ(*(*mesh)->receive(i, 1000), bytes("draw"));
      EXPECT_EQ((*mesh)->receive(i, 1000)->size(), 100 * i + self);
    }
    EXPECT_TRUE((*mesh)->flush().ok());
  };
  std::vector<std::jthread> providers;
  for (std::size_t i = 0; i + 1 < kParties; ++i) {
    providers.emplace_back([&, i] {
      std::vector<std::unique_ptr<pool::Line>> given(kParties);
      given[kParties - 1] = called[i].get_future().get();
      take_part(i, std::move(given));
    });
  }
  const auto lines = world.lines(kParties - 1);
  auto replies = call_all(*lines, {world.peers.begin(), world.peers.end() - 1}, bytes("hello"));
  std::vector<std::unique_ptr<pool::Line>> given(kParties);
  for (auto& reply : replies) {
    ASSERT_TRUE(reply.line) << reply.message.error().message;
    ASSERT_TRUE(reply.line->send(bytes("draw")).ok());
    given[reply.peer] = std::move(reply.line);
  }
  take_part(kParties - 1, std::move(given));
}

TYPED_TEST(AnyLines, AMeshNamesWhoIsMissing) {
  TypeParam world(3);
  const pool::MeshPlan plan{{1}, 1, world.peers};
  const auto lines = world.lines(1);
  std::optional<std::size_t> missing;
  for (int timeout_ms = 50; missing != 2U && timeout_ms <= kPatienceMs; timeout_ms *= 2) {  // until it reaches party 0
    const auto mesh = mesh_of(*lines, plan, {}, timeout_ms);                                // party 2 never dials
    ASSERT_FALSE(mesh.ok());
    EXPECT_EQ(mesh.error().code, Code::kUnreachable);
    missing = mesh.error().party;
  }
  EXPECT_EQ(missing, 2U);
  pool::MeshPlan refused{{1}, 1, {world.nobody(), world.peers[1]}};
  const auto mesh = mesh_of(*lines, refused, {}, kPatienceMs);
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, Code::kUnreachable);
  EXPECT_EQ(mesh.error().party, 0U);
}

TYPED_TEST(AnyLines, WaitingForAMeshCanBeCancelled) {
  TypeParam world(2);
  std::atomic<bool> cancel{false};
  const auto lines = world.lines(0, [&] { return cancel.load(); });
  std::jthread later([&] { cancel = true; });
  const auto mesh = mesh_of(*lines, {{1}, 0, world.peers}, {}, kPatienceMs);
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, Code::kCancelled);
}

TYPED_TEST(AnyLines, AMeshPartyThatIsSilentOrLeavesIsNamed) {
  TypeParam world(2);
  std::promise<void> deadline_seen;
  std::jthread other([&] {
    const auto lines = world.lines(1);
    const auto mesh = mesh_of(*lines, {{1}, 1, world.peers}, {}, kPatienceMs);
    ASSERT_TRUE(mesh.ok()) << mesh.error().message;
    deadline_seen.get_future().wait();
    ASSERT_TRUE((*mesh)->send(0, base::Bytes(11)).ok());
  });
  const auto lines = world.lines(0);
  const auto mesh = mesh_of(*lines, {{1}, 0, world.peers}, {}, kPatienceMs);
  ASSERT_TRUE(mesh.ok()) << mesh.error().message;
  (*mesh)->set_deadline_ms(20);
  auto got = (*mesh)->receive(1, 10);
  EXPECT_EQ(got.error().code, Code::kDeadline);
  EXPECT_EQ(got.error().party, 1U);
  deadline_seen.set_value();
  (*mesh)->set_deadline_ms(kPatienceMs);
  got = (*mesh)->receive(1, 10);
  EXPECT_EQ(got.error().code, Code::kPeerMisbehaved);
  EXPECT_EQ(got.error().party, 1U);
  EXPECT_FALSE((*mesh)->receive(1, 10).ok());
}

}  // namespace
}  // namespace net

// What only the twin can do.
namespace support {
namespace {

TEST(MemoryTown, TheDeadTheSilentTheSlowAndTheManInTheMiddle) {
  MemoryTown town;
  const pool::Peer here{{1}, "here"}, there{{2}, "there"};
  std::vector<std::unique_ptr<pool::Line>> kept;
  town.wire = [](const MemoryTown::Passing& passing, base::Bytes message) {
    if (passing.from.address == "here" && !message.empty()) message[0] ^= 1;
    return std::vector<base::Bytes>{std::move(message)};
  };
  town.open_door(there, [&](std::unique_ptr<pool::Line> line, base::Bytes rest) {
    EXPECT_TRUE(line->send(std::move(rest)).ok());
    kept.push_back(std::move(line));
  });
  const auto lines = town.lines(here);
  const std::vector<base::Bytes> messages{{4}};
  const auto call = [&](int timeout_ms) {
    std::optional<pool::Lines::Reply> got;
    lines->call(std::span(&there, 1), messages, 10, timeout_ms, [&](pool::Lines::Reply reply) {
      got = std::move(reply);
      return true;
    });
    return std::move(*got);
  };
  auto reply = call(60'000);
  EXPECT_EQ(*reply.message, base::Bytes{5});
  town.slow_down("there", 50);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(call(60'000).message.ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
  town.silence("there");
  EXPECT_EQ(call(20).message.error().code, base::Code::kDeadline);
  EXPECT_EQ(reply.line->receive(10, 20).error().code, base::Code::kDeadline);
  town.kill("there");
  EXPECT_EQ(call(60'000).message.error().code, base::Code::kUnreachable);
  EXPECT_EQ(reply.line->receive(10, 60'000).error().code, base::Code::kUnreachable);
  town.revive("there");
  EXPECT_TRUE(call(60'000).message.ok());
}

}  // namespace
}  // namespace support
