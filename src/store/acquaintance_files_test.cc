#include "store/acquaintance_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "crypto/random.h"

namespace store {
namespace {

class FixedClock final : public base::Clock {
 public:
  std::int64_t unix_ms() const override { return now; }
  std::int64_t now = 1'000'000;
};

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "tarn-state-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<AcquaintanceFiles> open() {
    auto files = AcquaintanceFiles::open(folder_ / "state", identity_, random_, clock_);
    EXPECT_TRUE(files.ok()) << files.error().message;
    return std::move(*files);
  }
  mpc::Acquaintance some(std::uint64_t counter) {
    mpc::Acquaintance a;
    a.counter = counter;
    a.prover = {mpc::kAcquaintanceK, random_.blocks(512)};
    a.verifier = {mpc::kAcquaintanceK, random_.block(), random_.blocks(512)};
    return a;
  }
  std::filesystem::path file() const { return folder_ / "state" / (base::to_hex(peer_) + ".acquaintance"); }

  std::filesystem::path folder_;
  crypto::SeededRandom random_{base::view("files")};
  crypto::Identity identity_ = crypto::Identity::generate(random_);
  crypto::PublicKey peer_ = crypto::Identity::generate(random_).public_key();
  FixedClock clock_;
};

TEST_F(Files, KeepWhatWasSavedAcrossRestarts) {
  const mpc::Acquaintance a = some(7);
  ASSERT_TRUE(open()->save({{peer_, &a}}, mpc::Durability::kDurable).ok());
  const auto loaded = open()->load(peer_);
  ASSERT_TRUE(loaded.ok() && loaded->has_value());
  EXPECT_EQ((*loaded)->encode(), a.encode());
  struct stat info{};
  ASSERT_EQ(stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(Files, SealWhatTheyHold) {
  const mpc::Acquaintance a = some(7);
  ASSERT_TRUE(open()->save({{peer_, &a}}, mpc::Durability::kDurable).ok());
  std::ifstream in(file(), std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(in)), {});
  const auto leaf = crypto::bytes_of({&a.prover.leaves[3], 1});
  EXPECT_EQ(content.find(std::string(leaf.begin(), leaf.end())), std::string::npos);
  crypto::SeededRandom other(base::view("other identity"));
  const crypto::Identity stranger = crypto::Identity::generate(other);
  const auto files = AcquaintanceFiles::open(folder_ / "state", stranger, random_, clock_);
  ASSERT_TRUE(files.ok());
  EXPECT_FALSE((*files)->load(peer_)->has_value());
}

TEST_F(Files, DestroyWhatIsFoundMarkedOrDamaged) {
  mpc::Acquaintance a = some(7);
  a.marked = true;
  ASSERT_TRUE(open()->save({{peer_, &a}}, mpc::Durability::kDurable).ok());
  EXPECT_FALSE(open()->load(peer_)->has_value());
  EXPECT_FALSE(std::filesystem::exists(file()));
  a.marked = false;
  ASSERT_TRUE(open()->save({{peer_, &a}}, mpc::Durability::kDurable).ok());
  std::filesystem::resize_file(file(), 100);
  EXPECT_FALSE(open()->load(peer_)->has_value());
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Files, AreLockedAndPrivate) {
  const auto first = open();
  const auto second = AcquaintanceFiles::open(folder_ / "state", identity_, random_, clock_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another tarn process"), std::string::npos);
  ASSERT_EQ(mkdir((folder_ / "wide").c_str(), 0755), 0);
  const auto wide = AcquaintanceFiles::open(folder_ / "wide", identity_, random_, clock_);
  ASSERT_FALSE(wide.ok());
  EXPECT_NE(wide.error().message.find("chmod 700"), std::string::npos);
  EXPECT_FALSE(AcquaintanceFiles::open(folder_ / "no" / "parent", identity_, random_, clock_).ok());
}

TEST_F(Files, MakePeersWaitLongerAfterEachFailedProof) {
  const auto files = open();
  const mpc::Acquaintance a = some(1);
  EXPECT_TRUE(files->may_meet(peer_).ok());
  ASSERT_TRUE(files->save({{peer_, &a}}, mpc::Durability::kDurable).ok());
  ASSERT_TRUE(files->destroy(peer_).ok());
  EXPECT_FALSE(files->load(peer_)->has_value());
  EXPECT_FALSE(files->may_meet(peer_).ok());
  clock_.now += 2'000;
  EXPECT_TRUE(files->may_meet(peer_).ok());
  ASSERT_TRUE(files->destroy(peer_).ok());
  clock_.now += 2'000;
  EXPECT_FALSE(files->may_meet(peer_).ok());
  clock_.now += 2'000;
  EXPECT_TRUE(files->may_meet(peer_).ok());
}

}  // namespace
}  // namespace store
