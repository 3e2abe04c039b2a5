// What users prove themselves with: passwords, as Argon2id hashes, and API tokens; HMAC, by which proofs are remembered.
#include "crypto/password.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <set>

#include "crypto/api_token.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/start.h"

namespace crypto {
namespace {

class Passwords : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(start()); }
  std::string hash(std::string_view password, const PasswordCost& cost = kLeastPasswordCost) {
    auto made = hash_password(password, random_, cost);
    EXPECT_TRUE(made.ok());
    return made.ok() ? *made : "";
  }
  SeededRandom random_{base::view("passwords")};
};

TEST_F(Passwords, TheRightOneIsAcceptedAndNoOther) {
  const std::string kept = hash("correct horse");
  EXPECT_TRUE(verify_password(kept, "correct horse"));
  for (const char* wrong : {"", "correct hors", "correct horse ", "Correct horse"})
    EXPECT_FALSE(verify_password(kept, wrong)) << wrong;
  const std::string_view with_zero("a\0b", 3);
  EXPECT_FALSE(verify_password(hash(with_zero), "a"));
  EXPECT_TRUE(verify_password(hash(with_zero), with_zero));
}

TEST_F(Passwords, TwoHashesOfOnePasswordDiffer) { EXPECT_NE(hash("same"), hash("same")); }

TEST_F(Passwords, TheTextIsTheUsualOne) {
  char theirs[crypto_pwhash_STRBYTES];
  ASSERT_EQ(crypto_pwhash_str_alg(theirs, "pw", 2, 2, 65536, crypto_pwhash_ALG_ARGON2ID13), 0);
  EXPECT_TRUE(verify_password(theirs, "pw"));
  const std::string ours = hash("pw", {2, 65536});
  EXPECT_EQ(ours.size(), std::string_view(theirs).size());
  EXPECT_EQ(ours.substr(0, 28), std::string_view(theirs).substr(0, 28));  // all but salt and hash
}

TEST_F(Passwords, WhatIsNoHashAcceptsNothing) {
  const std::string kept = hash("x");
  for (const std::string& damaged : {std::string(), std::string("x"), std::string("$argon2id$"), kept.substr(0, 60),
                                     kept + "A", std::string(10'000, '$'), "$argon2i$" + kept.substr(10)})
    EXPECT_FALSE(verify_password(damaged, "x")) << damaged;
}

TEST_F(Passwords, AHashOfAnotherCostIsToBeMadeAnew) {
  EXPECT_FALSE(needs_rehash(hash("x"), kLeastPasswordCost));
  EXPECT_TRUE(needs_rehash(hash("x"), kPasswordCost));
  EXPECT_TRUE(needs_rehash("no hash", kPasswordCost));
}

TEST_F(Passwords, OneThatIsTooLongIsRefused) {
  const std::string longest(kMaxPassword, 'x');
  EXPECT_TRUE(verify_password(hash(longest), longest));
  const auto refused = hash_password(longest + "x", random_, kLeastPasswordCost);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::Code::kInvalidInput);
}

TEST_F(Passwords, ACostThatNoMachineHasIsAnError) {
  const auto refused = hash_password("x", random_, {1, std::size_t{1} << 50});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::Code::kStorage);
}

TEST(ApiTokens, EachIsAnotherAndIsFoundByItsHash) {
  SeededRandom random(base::view("tokens"));
  std::set<std::string> texts;
  std::set<Digest> hashes;
  for (int i = 0; i < 100; ++i) {
    ApiTokenText token;
    make_api_token(random, token);
    EXPECT_EQ(token.text.size(), 69U);
    EXPECT_TRUE(token.text.starts_with("tarn_"));
    texts.insert(token.text);
    const auto hash = api_token_hash(token.text);
    ASSERT_TRUE(hash.has_value());
    EXPECT_EQ(*hash, sha256(base::view(token.text)));
    hashes.insert(*hash);
  }
  EXPECT_EQ(texts.size(), 100U);
  EXPECT_EQ(hashes.size(), 100U);
}

TEST(ApiTokens, WhatCannotBeOneHasNoHash) {
  const std::string digits(64, 'a');
  EXPECT_TRUE(api_token_hash("tarn_" + digits).has_value());
  for (const std::string& text : {std::string(), std::string("tarn_"), digits, "tarn_" + digits + "a",
                                  "tarn_" + digits.substr(1) + "A", "TARN_" + digits, "tarn_" + digits.substr(1) + "g"})
    EXPECT_FALSE(api_token_hash(text).has_value()) << text;
}

TEST(Hmac, IsThatOfRfc4231) {
  EXPECT_EQ(base::to_hex(hmac_sha256(base::Bytes(20, 0x0b), base::view("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(base::to_hex(hmac_sha256(base::view("Jefe"), base::view("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(base::to_hex(hmac_sha256(base::Bytes(131, 0xaa),
                                     base::view("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace crypto
