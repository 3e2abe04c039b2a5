#include "store/reputation_file.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/scratch.h"

namespace store {
namespace {

using pool::Offence;

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kNow = 1'750'000'000'000;

class ReputationFiles : public testing::Test {
 protected:
  std::unique_ptr<ReputationFile> open() const {
    auto opened = ReputationFile::open(scratch_.file("reputation.db"));
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return std::move(*opened);
  }
  support::Scratch scratch_;
  const crypto::PublicKey a{1}, b{2};
};

TEST_F(ReputationFiles, RememberAndForgetSlowly) {
  const auto file = open();
  EXPECT_EQ(file->score(a, kNow), 0);
  ASSERT_TRUE(file->record(a, Offence::kSilent, kNow, {}).ok());
  EXPECT_FALSE(pool::excluded(file->score(a, kNow)));
  ASSERT_TRUE(file->record(a, Offence::kSilent, kNow + kDay / 4, {}).ok());
  EXPECT_TRUE(pool::excluded(file->score(a, kNow + kDay / 4)));
  EXPECT_FALSE(pool::excluded(file->score(a, kNow + kDay)));
  EXPECT_EQ(file->score(b, kNow), 0);
}

TEST_F(ReputationFiles, KeepEvidenceAcrossRestarts) {
  ASSERT_TRUE(open()->record(a, Offence::kNamed, kNow, {1, 2, 3}).ok());
  ASSERT_TRUE(open()->record(a, Offence::kLate, kNow + 1, {}).ok());
  ASSERT_TRUE(open()->record(b, Offence::kSuspect, kNow + 2, {4}).ok());
  const auto file = open();
  EXPECT_NEAR(file->score(a, kNow + 1), 8.5, 1e-6);
  const auto records = file->records(a);
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ((*records)[0].offence, Offence::kLate);
  EXPECT_EQ((*records)[1].evidence, (base::Bytes{1, 2, 3}));
  const auto list = file->list(kNow + kDay);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].key, a);
  EXPECT_EQ(list[0].last, Offence::kLate);
  EXPECT_NEAR(list[0].score, 4.25, 1e-6);
  EXPECT_NEAR(list[1].score, 1, 1e-6);
}

TEST_F(ReputationFiles, KeepNoMoreEvidenceThanTheyMay) {
  const auto file = open();
  const base::Bytes large(ReputationFile::kMaxEvidenceBytes / 3, 7);
  for (std::int64_t i = 0; i < 5; ++i) ASSERT_TRUE(file->record(a, Offence::kNamed, kNow + i, large).ok());
  auto records = file->records(a);
  ASSERT_EQ(records->size(), 3U);
  EXPECT_EQ(records->front().unix_ms, kNow + 4);
  EXPECT_EQ(records->back().unix_ms, kNow + 2);
  ASSERT_TRUE(file->record(b, Offence::kNamed, kNow, base::Bytes(ReputationFile::kMaxEvidenceBytes + 1, 7)).ok());
  EXPECT_TRUE(file->records(b)->front().evidence.empty());
  EXPECT_TRUE(pool::excluded(file->score(b, kNow)));
}

TEST_F(ReputationFiles, KeepTheNewestOffences) {
  {
    const auto file = open();
    ASSERT_TRUE(file->record(a, Offence::kNamed, kNow, {1}).ok());
    ASSERT_TRUE(file->record(b, Offence::kNamed, kNow, {2}).ok());
  }
  {  // as if there had been many since
    constexpr std::string_view kNone[] = {""};
    const auto database = Database::open(scratch_.file("reputation.db"),
                                         {.name = "x", .application_id = 0x54524e52, .migrations = kNone, .loss = ""});
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)
                    ->run("WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n LIMIT 998) INSERT "
                          "INTO offences SELECT i, zeroblob(32), 4, 0, 0, x'' FROM n")
                    .ok());
  }
  const auto file = open();
  EXPECT_EQ(file->records(a)->size(), 1U);
  ASSERT_TRUE(file->record(b, Offence::kLate, kNow, {}).ok());
  EXPECT_EQ(file->records(a)->size(), 0U);
  EXPECT_EQ(file->records(b)->size(), 2U);
  EXPECT_NEAR(file->score(a, kNow), 8, 1e-6);  // the score stays
}

TEST_F(ReputationFiles, CountWhatThreadsRecordAtOnce) {
  const auto file = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) ASSERT_TRUE(file->record(a, Offence::kSilent, kNow, {}).ok());
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_NEAR(file->score(a, kNow), 20, 1e-9);
  EXPECT_NEAR(open()->score(a, kNow), 20, 1e-9);
}

}  // namespace
}  // namespace store
