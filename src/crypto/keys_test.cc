// Identities, sealing, the group and the hash: what a caller may rely on.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "crypto/group.h"
#include "crypto/identity.h"
#include "crypto/random.h"
#include "crypto/seal.h"
#include "crypto/sha256.h"

namespace crypto {
namespace {

class KeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "tarn-key-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ / "k.pem"; }
  std::filesystem::path folder_;
  SeededRandom random_{base::view("key file")};
};

TEST_F(KeyFile, RoundTripKeepsTheKeyAndItsMode) {
  const Identity made = Identity::generate(random_);
  ASSERT_TRUE(made.save(path()).ok());
  struct stat info{};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto loaded = Identity::load(path());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->public_key(), made.public_key());
  EXPECT_TRUE(verify(made.public_key(), base::view("m"), loaded->sign(base::view("m"))));
  EXPECT_FALSE(verify(made.public_key(), base::view("n"), loaded->sign(base::view("m"))));
}

TEST_F(KeyFile, IsNeverOverwritten) {
  ASSERT_TRUE(Identity::generate(random_).save(path()).ok());
  EXPECT_FALSE(Identity::generate(random_).save(path()).ok());
}

TEST_F(KeyFile, ReadableByOthersIsRefused) {
  ASSERT_TRUE(Identity::generate(random_).save(path()).ok());
  ASSERT_EQ(chmod(path().c_str(), 0640), 0);
  const auto loaded = Identity::load(path());
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().message.find("chmod 600"), std::string::npos);
}

// RFC 8410, section 10.3, the first example.
TEST_F(KeyFile, OfAnotherProgramIsRead) {
  std::ofstream(path()) << "-----BEGIN PRIVATE KEY-----\n"
                           "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                           "-----END PRIVATE KEY-----\n";
  ASSERT_EQ(chmod(path().c_str(), 0600), 0);
  const auto loaded = Identity::load(path());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(base::to_hex(loaded->public_key()), "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
}

TEST_F(KeyFile, EncryptedOrOfAnotherAlgorithmIsRefused) {
  for (const char* const text : {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                 "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhQ/b4T25dVXAICCAAw\n"
                                 "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEII79NudBEvtqNpEOP1FfecEQAQV\n"
                                 "CG7ZikRtPDAFxzcig+wHlshK+XErtZwcjODJFyJRv6eIZ8N/UinBS7r4iUfPjlIR\n"
                                 "HaGjKnJFrFhIFs1cEW8=\n"
                                 "-----END ENCRYPTED PRIVATE KEY-----\n",
                                 "-----BEGIN PRIVATE KEY-----\n"
                                 "MC4CAQAwBQYDK2VuBCIEIDhsV+vsVyd/0VRfr4QFm1LGOSD21GNdVqemUl/3VfJG\n"
                                 "-----END PRIVATE KEY-----\n"}) {
    std::ofstream(path()) << text;
    ASSERT_EQ(chmod(path().c_str(), 0600), 0);
    const auto loaded = Identity::load(path());
    ASSERT_FALSE(loaded.ok());
    EXPECT_NE(loaded.error().message.find("unencrypted Ed25519"), std::string::npos);
  }
}

TEST_F(KeyFile, GarbageAndAbsenceAreRefused) {
  EXPECT_FALSE(Identity::load(path()).ok());
  std::ofstream(path()) << "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  ASSERT_EQ(chmod(path().c_str(), 0600), 0);
  EXPECT_FALSE(Identity::load(path()).ok());
  EXPECT_FALSE(Identity::load(folder_).ok());
}

TEST(Identity, DerivedSecretsDifferByPurpose) {
  SeededRandom random(base::view("derive"));
  const Identity id = Identity::generate(random);
  EXPECT_FALSE(equal(id.derive("a").expose(), id.derive("b").expose()));
  EXPECT_TRUE(equal(id.derive("a").expose(), id.derive("a").expose()));
}

TEST(Seal, OpensOnlyWithKeyAndContextAndUntouched) {
  SeededRandom random(base::view("seal"));
  base::Secret<32> key, other;
  random.fill(key.expose());
  random.fill(other.expose());
  const base::Bytes sealed = seal(key, base::view("ctx"), base::view("plain"), random);
  const auto opened = open(key, base::view("ctx"), sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(std::string(opened->begin(), opened->end()), "plain");
  EXPECT_FALSE(open(other, base::view("ctx"), sealed).ok());
  EXPECT_FALSE(open(key, base::view("other"), sealed).ok());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    base::Bytes flipped = sealed;
    flipped[i] ^= 1;
    EXPECT_FALSE(open(key, base::view("ctx"), flipped).ok());
  }
  EXPECT_FALSE(open(key, base::view("ctx"), base::ByteView(sealed).first(10)).ok());
}

TEST(Group, DiffieHellmanAgreesAndInvalidPointsAreRefused) {
  SeededRandom random(base::view("group"));
  const Scalar a = random_scalar(random), b = random_scalar(random);
  const Point pa = base_multiply(a), pb = base_multiply(b);
  EXPECT_EQ(multiply(a, pb), multiply(b, pa));
  EXPECT_EQ(*subtract(*add(pa, pb), pb), pa);
  EXPECT_FALSE(multiply(a, Point{}).has_value());  // the identity
  Point bad;
  bad.fill(0xff);
  EXPECT_FALSE(multiply(a, bad).has_value());
  EXPECT_FALSE(add(pa, bad).has_value());
  EXPECT_FALSE(subtract(bad, pa).has_value());
}

TEST(Sha256, MatchesFips180) {
  EXPECT_EQ(base::to_hex(sha256(base::view("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hash;
  hash.update(base::view("a")).update(base::view("bc"));
  EXPECT_EQ(hash.finish(), sha256(base::view("abc")));
  EXPECT_EQ(hash.finish(), sha256(base::ByteView{}));
}

}  // namespace
}  // namespace crypto
