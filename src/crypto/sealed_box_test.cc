// What is sealed for a key opens with that key and for that purpose alone, whatever is done to it.
#include "crypto/sealed_box.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/random.h"

namespace crypto {
namespace {

class SealedBox : public testing::Test {
 protected:
  base::Bytes sealed(std::string_view plain, std::string_view context = "context") {
    auto out = seal_for(owner_.public_key(), base::view(context), base::view(plain), random_);
    EXPECT_TRUE(out.ok());
    return *out;
  }
  SeededRandom random_{base::view("sealed box")};
  Identity owner_ = Identity::generate(random_), stranger_ = Identity::generate(random_);
};

TEST_F(SealedBox, OpensForItsOwnerAlone) {
  for (const auto& plain : {std::string(), std::string("kubeconfig"), std::string(70'000, 'x')}) {
    const base::Bytes box = sealed(plain);
    EXPECT_EQ(box.size(), plain.size() + kSealedBoxOverhead);
    const auto opened = open_sealed(owner_, base::view("context"), box);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(std::string(opened->begin(), opened->end()), plain);
    EXPECT_FALSE(open_sealed(stranger_, base::view("context"), box).ok());
  }
}

TEST_F(SealedBox, ServesNoOtherPurpose) {
  EXPECT_FALSE(open_sealed(owner_, base::view("another"), sealed("secret")).ok());
  EXPECT_FALSE(open_sealed(owner_, {}, sealed("secret")).ok());
}

TEST_F(SealedBox, DoesNotOpenWhenAnyBitIsDifferentOrAnythingIsMissing) {
  const base::Bytes good = sealed("secret");
  for (std::size_t i = 0; i < good.size(); ++i) {
    base::Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(open_sealed(owner_, base::view("context"), bad).ok()) << i;
    EXPECT_FALSE(open_sealed(owner_, base::view("context"), base::ByteView(good).first(i)).ok()) << i;
  }
}

TEST_F(SealedBox, IsDifferentEachTime) { EXPECT_NE(sealed("secret"), sealed("secret")); }

TEST_F(SealedBox, IsNotMadeForAKeyThatNobodyHas) {
  const PublicKey zero{};
  EXPECT_FALSE(seal_for(zero, {}, base::view("secret"), random_).ok());
}

// The twin: libsodium's own sealed boxes, which draw the one-time key themselves.
TEST_F(SealedBox, HasLibsodiumsFormat) {
  PublicKey theirs{};
  ASSERT_EQ(crypto_sign_ed25519_pk_to_curve25519(theirs.data(), owner_.public_key().data()), 0);
  const base::Bytes ours = sealed("secret");
  std::array<std::uint8_t, 32> about{};
  crypto_hash_sha256(about.data(), base::view("context").data(), 7);
  base::Bytes plain(about.begin(), about.end());
  base::append(plain, base::view("twin"));
  base::Bytes box(plain.size() + crypto_box_SEALBYTES);
  ASSERT_EQ(crypto_box_seal(box.data(), plain.data(), plain.size(), theirs.data()), 0);
  EXPECT_EQ(box.size(), ours.size() - 2);
  const auto opened = open_sealed(owner_, base::view("context"), box);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(std::string(opened->begin(), opened->end()), "twin");
}

}  // namespace
}  // namespace crypto
