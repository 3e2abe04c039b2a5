#include "store/lease_book.h"

#include <gtest/gtest.h>

#include "store/reputation_file.h"
#include "support/scratch.h"

namespace store {
namespace {

LeaseRecord lease(std::uint8_t first, std::uint8_t second, std::int64_t end) {
  LeaseRecord out;
  out.id = {first, second};
  out.provider = {9, first};
  out.provider_address = "[::1]:4000";
  out.end_unix_ms = end;
  out.document = {1, 2, first};
  return out;
}
bool same(const LeaseRecord& a, const LeaseRecord& b) {
  return a.id == b.id && a.provider == b.provider && a.provider_address == b.provider_address &&
         a.end_unix_ms == b.end_unix_ms && a.revision == b.revision && a.state == b.state && a.document == b.document;
}

class LeaseBooks : public testing::Test {
 protected:
  std::unique_ptr<LeaseBook> open() const {
    auto opened = LeaseBook::open(scratch_.file("leases.db"));
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return std::move(*opened);
  }
  support::Scratch scratch_;
};

TEST_F(LeaseBooks, KeepTheLatestStateOfALease) {
  LeaseRecord a = lease(0xab, 1, 100);
  ASSERT_TRUE(open()->put(a).ok());
  a.state = LeaseRecord::State::kActive;
  a.revision = 3;
  a.end_unix_ms = INT64_MAX;
  a.document.clear();
  ASSERT_TRUE(open()->put(a).ok());
  const auto found = open()->find(a.id);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(same(*found, a));
  EXPECT_EQ(open()->list()->size(), 1U);
}

TEST_F(LeaseBooks, FindByAnUnmistakablePrefix) {
  const auto book = open();
  const LeaseRecord a = lease(0xab, 0x10, 100), b = lease(0xab, 0x20, 300), c = lease(0xcd, 0, 200);
  for (const LeaseRecord& each : {a, b, c}) ASSERT_TRUE(book->put(each).ok());
  for (const std::string prefix : {"ab1", "AB1",
                                   "ab10000000000000000000000000000"
                                   "0"}) {
    const auto found = book->find(prefix);
    ASSERT_TRUE(found.ok()) << prefix;
    EXPECT_TRUE(same(*found, a));
  }
  EXPECT_TRUE(same(*book->find("c"), c));
  EXPECT_NE(book->find("ab").error().message.find("several"), std::string::npos);
  for (const std::string prefix : {"", "ab3", "x", "%", "a_",
                                   "ab100000000000000000000000000000"
                                   "00"})
    EXPECT_NE(book->find(prefix).error().message.find("no such lease"), std::string::npos) << prefix;
  const auto list = book->list();
  ASSERT_EQ(list->size(), 3U);
  EXPECT_TRUE(same((*list)[0], b) && same((*list)[1], c) && same((*list)[2], a));
}

TEST_F(LeaseBooks, AreUsedBySeveralCommandsAtOnce) {
  const auto first = open(), second = open();
  ASSERT_TRUE(first->put(lease(1, 0, 5)).ok());
  ASSERT_TRUE(second->put(lease(2, 0, 6)).ok());
  EXPECT_EQ(first->list()->size(), 2U);
}

TEST_F(LeaseBooks, AreNoOtherDatabase) {
  ASSERT_TRUE(ReputationFile::open(scratch_.file("leases.db")).ok());
  const auto opened = LeaseBook::open(scratch_.file("leases.db"));
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("is another database, not lease book"), std::string::npos);
}

}  // namespace
}  // namespace store
