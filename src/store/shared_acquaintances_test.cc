// What concurrent sessions of one party see of its acquaintances.
#include "store/shared_acquaintances.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "support/memory_store.h"

namespace store {
namespace {

using mpc::Acquaintance;
using mpc::Durability;

Acquaintance some(std::uint8_t id, std::uint64_t counter) {
  Acquaintance a;
  a.id = {id};
  a.counter = counter;
  a.prover = {mpc::kAcquaintanceK, crypto::Blocks(512)};
  a.verifier = {mpc::kAcquaintanceK, {}, crypto::Blocks(512)};
  return a;
}

class Shared : public testing::Test {
 protected:
  static std::optional<Acquaintance> load(mpc::AcquaintanceStore& view, const crypto::PublicKey& peer) {
    auto loaded = view.load(peer);
    EXPECT_TRUE(loaded.ok());
    return std::move(*loaded);
  }
  static void save(mpc::AcquaintanceStore& view, const crypto::PublicKey& peer, const Acquaintance& acquaintance) {
    EXPECT_TRUE(view.save({{peer, &acquaintance}}, Durability::kDurable).ok());
  }
  std::uint64_t kept(const crypto::PublicKey& peer) { return Acquaintance::decode(files.kept.at(peer))->counter; }

  const crypto::PublicKey a{1}, b{2};
  support::MemoryStore files;
  SharedAcquaintances shared{files};
};

TEST_F(Shared, AreLentToOneSessionAtATime) {
  files.kept[a] = some(1, 7).encode();
  auto first = shared.lend(), second = shared.lend();
  ASSERT_TRUE(load(*first, a).has_value());
  EXPECT_FALSE(load(*second, a).has_value());
  EXPECT_TRUE(load(*first, a).has_value());
  save(*second, a, some(9, 1));  // met anew: for that session alone
  EXPECT_EQ(kept(a), 7U);
  save(*first, a, some(1, 8));
  EXPECT_EQ(kept(a), 8U);
  second.reset();
  EXPECT_FALSE(load(*shared.lend(), a).has_value());
  first.reset();
  EXPECT_EQ(load(*shared.lend(), a)->counter, 8U);
}

TEST_F(Shared, AreLentPeerByPeer) {
  files.kept[b] = some(2, 5).encode();
  const auto first = shared.lend(), second = shared.lend();
  EXPECT_FALSE(load(*first, a).has_value());  // unknown to all, and this session's to introduce
  EXPECT_TRUE(load(*second, b).has_value());
  const Acquaintance on_a = some(3, 1), on_b = some(4, 1);
  ASSERT_TRUE(first->save({{a, &on_a}, {b, &on_b}}, Durability::kLazy).ok());
  EXPECT_EQ(kept(a), 1U);
  EXPECT_EQ(kept(b), 5U);
  const auto third = shared.lend();
  save(*third, a, some(5, 1));  // without load() nothing is its own
  EXPECT_EQ(files.kept.at(a), on_a.encode());
}

TEST_F(Shared, CountAFailedProofWhoeverSawIt) {
  files.kept[a] = some(1, 7).encode();
  const auto first = shared.lend(), second = shared.lend();
  ASSERT_TRUE(load(*first, a).has_value());
  EXPECT_FALSE(load(*second, a).has_value());
  ASSERT_TRUE(second->destroy(a).ok());
  EXPECT_EQ(files.destroyed, 1);
  save(*first, a, some(1, 8));  // of another meeting, which was not refuted
  EXPECT_EQ(kept(a), 8U);
}

TEST_F(Shared, HandOnWhatTheStoreRefuses) {
  files.broken = files.no_meetings = true;
  const auto view = shared.lend();
  EXPECT_FALSE(load(*view, a).has_value());
  const Acquaintance on_a = some(1, 1);
  EXPECT_EQ(view->save({{a, &on_a}}, Durability::kLazy).error().code, base::Code::kStorage);
  EXPECT_FALSE(view->may_meet(a).ok());
}

// Many sessions of one party with the same two peers: each uses a counter of an acquaintance, and none is used twice.
TEST_F(Shared, NeverLetTwoSessionsUseOneCounter) {
  files.kept[a] = some(1, 0).encode();
  std::mutex mutex;
  std::set<std::pair<mpc::AcquaintanceId, std::uint64_t>> used;
  std::size_t acquainted = 0;
  bool twice = false;
  std::vector<std::thread> sessions;
  for (std::uint8_t t = 0; t < 6; ++t)
    sessions.emplace_back([&, t] {
      for (std::uint8_t i = 0; i < 60; ++i) {
        const auto view = shared.lend();
        for (const crypto::PublicKey& peer : {a, b}) {
          auto known = load(*view, peer);
          Acquaintance now = known ? std::move(*known) : some(static_cast<std::uint8_t>(2 + t), i);
          if (!known) now.id[1] = peer[0];
          const bool met = known.has_value();
          {
            const std::lock_guard lock(mutex);
            acquainted += met;
            if (met && !used.emplace(now.id, now.counter).second) twice = true;
          }
          ++now.counter;
          now.marked = true;
          save(*view, peer, now);
          std::this_thread::yield();
          now.marked = false;
          save(*view, peer, now);
        }
      }
    });
  for (std::thread& session : sessions) session.join();
  EXPECT_FALSE(twice);
  EXPECT_GT(acquainted, 0U);
  EXPECT_EQ(files.destroyed, 0);
  EXPECT_TRUE(load(*shared.lend(), a).has_value());  // no mark was left behind
}

}  // namespace
}  // namespace store
