#include "tarn/isolation_turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace tarn {
namespace {

using isolation::Turn;

constexpr int kPatienceMs = 20'000;

TEST(IsolationTurns, ATurnThatIsTakenIsNotHadInTime) {
  IsolationTurns turns;
  const auto mine = Turn::take(turns, 1, 0);
  ASSERT_TRUE(mine);
  EXPECT_FALSE(Turn::take(turns, 1, 0));
  EXPECT_FALSE(Turn::take(turns, 1, 20));
  EXPECT_TRUE(Turn::take(turns, 2, 0)) << "another node's is another turn";
}

TEST(IsolationTurns, WhoWaitsGetsItWhenItIsGivenBack) {
  IsolationTurns turns;
  std::optional<Turn> mine;
  mine.emplace(*Turn::take(turns, 1, 0));
  std::atomic<bool> waits{false};
  std::thread other([&] {
    waits = true;
    EXPECT_TRUE(Turn::take(turns, 1, kPatienceMs));
  });
  while (!waits) std::this_thread::yield();
  mine.reset();
  other.join();
  EXPECT_TRUE(Turn::take(turns, 1, 0)) << "and gave it back";
}

TEST(IsolationTurns, OneAtATimeHasIt) {
  IsolationTurns turns;
  std::atomic<int> inside{0}, done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        const auto turn = Turn::take(turns, 1, kPatienceMs);
        ASSERT_TRUE(turn);
        EXPECT_EQ(++inside, 1);
        --inside;
        ++done;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 1600);
}

}  // namespace
}  // namespace tarn
