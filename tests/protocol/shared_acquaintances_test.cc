// Sessions side by side between the same parties: each party lends its acquaintances to one of them at a time.
#include "store/shared_acquaintances.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/cheating_lab.h"

namespace {

using mpc::Bits;
using support::PartyEnd;
using support::SessionLab;

constexpr std::uint32_t kAcquaintedDepth = 11, kFirstMeetingDepth = 13;

class SharedAcquaintances : public testing::Test {
 protected:
  void lend(SessionLab& lab) {
    lab.lent.clear();
    for (auto& shared : parties_) lab.lent.push_back(shared->lend());
  }
  // As if party p's view in this lab had come first to its peer q.
  static void take(const SessionLab& lab, std::size_t p, std::size_t q) {
    ASSERT_TRUE(lab.lent[p]->load(lab.keys[q]).ok());
  }
  std::uint32_t run(SessionLab& lab) {
    const auto ends = lab.run(circuit_, inputs_);
    std::uint32_t depth = 0;
    for (std::size_t p = 0; p < kParties; ++p) {
      EXPECT_TRUE(ends[p].result.ok()) << p << ": " << support::told(ends[p]);
      EXPECT_TRUE(!ends[p].result.ok() || *ends[p].result == right_[p]);
      depth = std::max(depth, ends[p].depth);
    }
    return depth;
  }
  std::uint32_t run_alone(SessionLab& lab) {
    lend(lab);
    const std::uint32_t depth = run(lab);
    lab.lent.clear();
    return depth;
  }
  // What is lent comes back after both: a party that begins late must not get what the first session gave back already.
  void run_both(SessionLab& one, SessionLab& other) {
    std::thread beside([&] { run(other); });
    run(one);
    beside.join();
    one.lent.clear();
    other.lent.clear();
  }
  void expect_nothing_refuted_or_marked() {
    for (support::MemoryStore& store : stores_) {
      EXPECT_EQ(store.destroyed, 0);
      for (const auto& [peer, bytes] : store.kept) EXPECT_FALSE(mpc::Acquaintance::decode(bytes)->marked);
    }
  }

  static constexpr std::size_t kParties = 3;
  const mpc::Circuit circuit_ = support::mixing_circuit(kParties, 1);
  const std::vector<Bits> inputs_ = support::some_inputs(circuit_);
  const std::vector<Bits> right_ = evaluate_plain(circuit_, inputs_);
  std::vector<support::MemoryStore> stores_{kParties};
  std::vector<std::unique_ptr<store::SharedAcquaintances>> parties_ = [this] {
    std::vector<std::unique_ptr<store::SharedAcquaintances>> out;
    for (support::MemoryStore& store : stores_) out.push_back(std::make_unique<store::SharedAcquaintances>(store));
    return out;
  }();
  SessionLab one_{kParties, "one"}, other_{kParties, "other"};
};

TEST_F(SharedAcquaintances, AreOfOneSessionWhileAnotherMeetsAnew) {
  EXPECT_EQ(run_alone(one_), kFirstMeetingDepth);
  EXPECT_EQ(run_alone(one_), kAcquaintedDepth);
  lend(one_);
  lend(other_);
  for (std::size_t p = 0; p < kParties; ++p)
    for (std::size_t q = 0; q < kParties; ++q)
      if (p != q) take(one_, p, q);
  run_both(one_, other_);
  expect_nothing_refuted_or_marked();
  EXPECT_EQ(run_alone(other_), kAcquaintedDepth);  // the acquaintance lives on
}

// Two parties lend theirs to different sessions: in each, one of the two is unknown to the other, so both meet anew.
TEST_F(SharedAcquaintances, LentCrosswiseAreMetAnewAndNobodyIsBlamed) {
  run_alone(one_);
  lend(one_);
  lend(other_);
  for (std::size_t p = 0; p < kParties; ++p)
    for (std::size_t q = 0; q < kParties; ++q)
      if (p != q) take(p < q ? one_ : other_, p, q);
  run_both(one_, other_);
  expect_nothing_refuted_or_marked();
  EXPECT_EQ(run_alone(one_), kFirstMeetingDepth);  // each remembers another meeting
  EXPECT_EQ(run_alone(other_), kAcquaintedDepth);
}

TEST_F(SharedAcquaintances, SurviveManySessionsSideBySide) {
  for (int round = 0; round < 8; ++round) {
    lend(one_);
    lend(other_);
    run_both(one_, other_);
    expect_nothing_refuted_or_marked();
  }
  run_alone(one_);
  EXPECT_EQ(run_alone(other_), kAcquaintedDepth);
}

}  // namespace
