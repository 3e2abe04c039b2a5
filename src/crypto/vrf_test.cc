// The VRF against the RFC's vectors and against a slow twin that does the same with school arithmetic on OpenSSL's
// big numbers; and against provers who know more than they should.
#include "crypto/vrf.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/check.h"
#include "crypto/random.h"

namespace crypto {
namespace {

using base::Bytes;
using base::ByteView;

// ---- the twin: RFC 8032 and RFC 9381 as written, affine coordinates, one operation after the other

struct Number {
  std::shared_ptr<BIGNUM> value{BN_new(), BN_free};
  Number(unsigned long small = 0) { BN_set_word(value.get(), small); }
  static Number decimal(const char* digits) {
    Number n;
    BIGNUM* raw = n.value.get();
    BN_dec2bn(&raw, digits);
    return n;
  }
  static Number little(ByteView bytes) {
    Number n;
    BN_lebin2bn(bytes.data(), static_cast<int>(bytes.size()), n.value.get());
    return n;
  }
  Bytes little(int size) const {
    Bytes out(static_cast<std::size_t>(size));
    CHECK(BN_bn2lebinpad(value.get(), out.data(), size) == size);
    return out;
  }
  bool operator==(const Number& o) const { return BN_cmp(value.get(), o.value.get()) == 0; }
  bool operator<(const Number& o) const { return BN_cmp(value.get(), o.value.get()) < 0; }
  bool odd() const { return BN_is_odd(value.get()) == 1; }
};

BN_CTX* scratch() {
  static const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), BN_CTX_free);
  return context.get();
}

struct Modulus {
  Number m;
  Number add(const Number& a, const Number& b) const { return apply(BN_mod_add, a, b); }
  Number sub(const Number& a, const Number& b) const { return apply(BN_mod_sub, a, b); }
  Number mul(const Number& a, const Number& b) const { return apply(BN_mod_mul, a, b); }
  Number div(const Number& a, const Number& b) const {
    Number inverse;
    CHECK(BN_mod_inverse(inverse.value.get(), b.value.get(), m.value.get(), scratch()) != nullptr);
    return mul(a, inverse);
  }

 private:
  template <class Operation>
  Number apply(Operation operation, const Number& a, const Number& b) const {
    Number r;
    CHECK(operation(r.value.get(), a.value.get(), b.value.get(), m.value.get(), scratch()) == 1);
    return r;
  }
};

const Modulus& field() {
  static const Modulus p{
      Number::decimal("57896044618658097711785492504343953926634992332820282019728792003956564819949")};
  return p;
}
const Modulus& scalars() {
  static const Modulus q{
      Number::decimal("7237005577332262213973186563042994240857116359379907606001950938285454250989")};
  return q;
}
const Number& curve_d() {
  static const Number d = field().div(field().sub(0, 121665), 121666);
  return d;
}

struct Affine {
  Number x{0}, y{1};
  bool operator==(const Affine&) const = default;
};

Affine operator+(const Affine& a, const Affine& b) {
  const Modulus& f = field();
  const Number xx = f.mul(a.x, b.x), yy = f.mul(a.y, b.y), dxy = f.mul(curve_d(), f.mul(xx, yy));
  return {f.div(f.add(f.mul(a.x, b.y), f.mul(b.x, a.y)), f.add(1, dxy)), f.div(f.add(yy, xx), f.sub(1, dxy))};
}

Affine operator*(const Number& n, const Affine& p) {
  Affine sum;
  for (int bit = BN_num_bits(n.value.get()) - 1; bit >= 0; --bit) {
    sum = sum + sum;
    if (BN_is_bit_set(n.value.get(), bit)) sum = sum + p;
  }
  return sum;
}

Affine operator-(const Affine& a, const Affine& b) { return a + Affine{field().sub(0, b.x), b.y}; }

Bytes encode(const Affine& p) {
  Bytes out = p.y.little(32);
  if (p.x.odd()) out[31] |= 0x80;
  return out;
}

std::optional<Affine> decode(ByteView bytes) {
  const Modulus& f = field();
  Bytes low(bytes.begin(), bytes.end());
  const bool odd = (low[31] & 0x80) != 0;
  low[31] &= 0x7f;
  const Number y = Number::little(low), yy = f.mul(y, y);
  if (!(y < f.m)) return std::nullopt;
  const Number xx = f.div(f.sub(yy, 1), f.add(f.mul(curve_d(), yy), 1));
  Number x;
  if (BN_mod_sqrt(x.value.get(), xx.value.get(), f.m.value.get(), scratch()) == nullptr) return std::nullopt;
  if (x == Number(0) && odd) return std::nullopt;
  if (x.odd() != odd) x = f.sub(0, x);
  return Affine{x, y};
}

const Affine& base_point() {
  static const Affine b = [] {
    Bytes text = field().div(4, 5).little(32);
    return *decode(text);
  }();
  return b;
}

Bytes sha512(const std::vector<Bytes>& parts) {
  Bytes text, out(64);
  for (const Bytes& part : parts) base::append(text, part);
  CHECK(EVP_Digest(text.data(), text.size(), out.data(), nullptr, EVP_sha512(), nullptr) == 1);
  return out;
}

Bytes first(const Bytes& bytes, std::size_t size) { return {bytes.begin(), bytes.begin() + std::ptrdiff_t(size)}; }
Bytes last(const Bytes& bytes, std::size_t size) { return {bytes.end() - std::ptrdiff_t(size), bytes.end()}; }

Affine hash_to_curve(const Bytes& key, const Bytes& input) {
  for (std::uint8_t counter = 0;; ++counter) {
    const auto candidate = decode(first(sha512({{3, 1}, key, input, {counter, 0}}), 32));
    if (!candidate) continue;
    const Affine h = Number(8) * *candidate;
    if (!(h == Affine{})) return h;
  }
}

Bytes challenge(const Bytes& key, const Affine& h, const Affine& gamma, const Affine& u, const Affine& v) {
  return first(sha512({{3, 2}, key, encode(h), encode(gamma), encode(u), encode(v), {0}}), 16);
}

struct Twin {
  Bytes key;
  Number x;
  Bytes prefix;  // the second half of the hashed seed

  explicit Twin(const Bytes& seed) {
    const Bytes expanded = sha512({seed});
    Bytes clamped = first(expanded, 32);
    clamped[0] &= 248;
    clamped[31] = static_cast<std::uint8_t>((clamped[31] & 127) | 64);
    x = Number::little(clamped);
    prefix = last(expanded, 32);
    key = encode(x * base_point());
  }

  struct Trace {
    Affine h, gamma, u, v;
    Number k;
    Bytes c, proof, output;
  };
  // A cheater adds `offset` to Gamma, and has a nonce of its own.
  Trace prove(const Bytes& input, const Affine& offset = {}, const Bytes& nonce_salt = {}) const {
    Trace t;
    t.h = hash_to_curve(key, input);
    t.gamma = x * t.h + offset;
    t.k = scalars().add(Number::little(sha512({prefix, encode(t.h), nonce_salt})), 0);
    t.u = t.k * base_point();
    t.v = t.k * t.h;
    t.c = challenge(key, t.h, t.gamma, t.u, t.v);
    const Number s = scalars().add(t.k, scalars().mul(Number::little(t.c), x));
    for (const Bytes& part : {encode(t.gamma), t.c, s.little(32)}) base::append(t.proof, part);
    t.output = sha512({{3, 3}, encode(Number(8) * t.gamma), {0}});
    return t;
  }
};

// What RFC 9381, 5.3 asks of a proof, without any check of the key.
bool satisfies_the_equations(const Bytes& key, const Bytes& input, const Bytes& proof) {
  const Affine gamma = *decode(first(proof, 32)), h = hash_to_curve(key, input);
  const Bytes c = first(last(proof, 48), 16);
  const Number s = Number::little(last(proof, 32)), cn = Number::little(c);
  return challenge(key, h, gamma, s * base_point() - cn * *decode(key), s * h - cn * gamma) == c;
}

// ---- helpers

Bytes hex(const char* text) { return *base::from_hex(text); }

struct FixedRandom : base::Random {
  explicit FixedRandom(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::uint8_t> out) override { std::copy_n(bytes_.begin(), out.size(), out.begin()); }
  Bytes bytes_;
};

Identity identity_of(const Bytes& seed) {
  FixedRandom random(seed);
  return Identity::generate(random);
}

VrfProof as_proof(const Bytes& bytes) {
  VrfProof proof;
  CHECK(bytes.size() == proof.bytes.size());
  std::copy(bytes.begin(), bytes.end(), proof.bytes.begin());
  return proof;
}

PublicKey as_key(const Bytes& bytes) {
  PublicKey key;
  CHECK(bytes.size() == key.size());
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

// A point of order 8: a multiple by the prime order of some point that has a part of that order.
Affine of_order_eight() {
  for (unsigned long y = 2;; ++y) {
    const auto p = decode(Number(y).little(32));
    if (!p) continue;
    const Affine torsion = scalars().m * *p;
    if (!(Number(4) * torsion == Affine{})) return torsion;
  }
}

// ---- the tests

struct Vector {
  const char *seed, *key, *input, *h, *k, *u, *v, *proof, *output;
};

// RFC 9381, appendix B.3, examples 16 to 18.
const Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "91bbed02a99461df1ad4c6564a5f5d829d0b90cfc7903e7a5797bd658abf3318",
     "8a49edbd1492a8ee09766befe50a7d563051bf3406cbffc20a88def030730f0f",
     "aef27c725be964c6a9bf4c45ca8e35df258c1878b838f37d9975523f09034071",
     "5016572f71466c646c119443455d6cb9b952f07d060ec8286d678615d55f954f",
     "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d97"
     "27d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
     "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af02679"
     "8e8f81cd2e333de5cdf4f3e140fdd8ae"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "5b659fc3d4e9263fd9a4ed1d022d75eaacc20df5e09f9ea937502396598dc551",
     "d8c3a66921444cb3427d5d989f9b315aa8ca3375e9ec4d52207711a1fdb44107",
     "1dcb0a4821a2c48bf53548228b7f170962988f6d12f5439f31987ef41f034ab3",
     "fd03c0bf498c752161bae4719105a074630a2aa5f200ff7b3995f7bfb1513423",
     "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465"
     "301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
     "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb5e33821bc613efb94db5e5b54c70a848"
     "a0bef4553a41befc57663b56373a5031"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "bf4339376f5542811de615e3313d2b36f6f53c0acfebb482159711201192576a",
     "5ffdbc72135d936014e8ab708585fda379405542b07e3bd2c0bd48437fbac60a",
     "2bae73e15a64042fcebf062abe7e432b2eca6744f3e8265bc38e009cd577ecd5",
     "88cba1cb0d4f9b649d9a86026b69de076724a93a65c349c988954f0961c5d506",
     "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0"
     "e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
     "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c452118fec1219202a0edcf038bb6373241"
     "578be7217ba85a2687f7a0310b2df19f"},
};

TEST(Vrf, MatchesRfc9381) {
  for (const Vector& v : kVectors) {
    const Identity identity = identity_of(hex(v.seed));
    EXPECT_EQ(base::to_hex(identity.public_key()), v.key);
    const VrfProof proof = vrf_prove(identity, hex(v.input));
    EXPECT_EQ(base::to_hex(proof.bytes), v.proof);
    const auto output = vrf_verify(identity.public_key(), hex(v.input), proof);
    ASSERT_TRUE(output.has_value());
    EXPECT_EQ(base::to_hex(*output), v.output);
  }
}

TEST(Vrf, TwinMatchesRfc9381StepByStep) {
  for (const Vector& v : kVectors) {
    const Twin twin(hex(v.seed));
    EXPECT_EQ(base::to_hex(twin.key), v.key);
    const Twin::Trace t = twin.prove(hex(v.input));
    EXPECT_EQ(base::to_hex(encode(t.h)), v.h);
    EXPECT_EQ(base::to_hex(t.k.little(32)), v.k);
    EXPECT_EQ(base::to_hex(encode(t.u)), v.u);
    EXPECT_EQ(base::to_hex(encode(t.v)), v.v);
    EXPECT_EQ(base::to_hex(t.proof), v.proof);
    EXPECT_EQ(base::to_hex(t.output), v.output);
  }
}

TEST(Vrf, AgreesWithTheTwinOnRandomKeysAndInputs) {
  SeededRandom random(base::view("vrf twin"));
  for (std::size_t size = 0; size < 8; ++size) {
    Bytes seed(32), input(size * 37);
    random.fill(seed);
    random.fill(input);
    const Twin::Trace t = Twin(seed).prove(input);
    const Identity identity = identity_of(seed);
    const VrfProof proof = vrf_prove(identity, input);
    EXPECT_EQ(base::to_hex(proof.bytes), base::to_hex(t.proof));
    const auto output = vrf_verify(identity.public_key(), input, proof);
    ASSERT_TRUE(output.has_value());
    EXPECT_EQ(base::to_hex(*output), base::to_hex(t.output));
  }
}

TEST(Vrf, NoBitOfProofInputOrKeyMayChange) {
  SeededRandom random(base::view("vrf bits"));
  const Identity identity = Identity::generate(random);
  const Bytes input{1, 2, 3};
  const VrfProof proof = vrf_prove(identity, input);
  ASSERT_TRUE(vrf_verify(identity.public_key(), input, proof).has_value());
  for (std::size_t bit = 0; bit < proof.bytes.size() * 8; ++bit) {
    VrfProof flipped = proof;
    flipped.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(vrf_verify(identity.public_key(), input, flipped).has_value()) << "bit " << bit;
  }
  for (std::size_t bit = 0; bit < 256; ++bit) {
    PublicKey flipped = identity.public_key();
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(vrf_verify(flipped, input, proof).has_value()) << "bit " << bit;
  }
  EXPECT_FALSE(vrf_verify(identity.public_key(), Bytes{1, 2}, proof).has_value());
  EXPECT_FALSE(vrf_verify(identity.public_key(), Bytes{1, 2, 3, 0}, proof).has_value());
  EXPECT_FALSE(vrf_verify(Identity::generate(random).public_key(), input, proof).has_value());
}

// s + q would be a second proof of the same output.
TEST(Vrf, ScalarsAboveTheOrderAreRefused) {
  const Twin twin(Bytes(32, 7));
  const Bytes input{9};
  Bytes proof = twin.prove(input).proof;
  Number s = Number::little(last(proof, 32));
  BN_add(s.value.get(), s.value.get(), scalars().m.value.get());
  proof = first(proof, 48);
  base::append(proof, s.little(32));
  ASSERT_TRUE(satisfies_the_equations(twin.key, input, proof));
  EXPECT_FALSE(vrf_verify(as_key(twin.key), input, as_proof(proof)).has_value());
}

// Under such a key, which anybody can "know", there would be a proof for every input.
TEST(Vrf, KeysOfSmallOrderAreRefused) {
  Twin nobody(Bytes(32, 1));
  nobody.x = Number(0);
  nobody.key = encode(Affine{});
  const Bytes input{1};
  const Bytes proof = nobody.prove(input).proof;
  ASSERT_TRUE(satisfies_the_equations(nobody.key, input, proof));
  EXPECT_FALSE(vrf_verify(as_key(nobody.key), input, as_proof(proof)).has_value());

  const VrfProof honest = as_proof(Twin(Bytes(32, 2)).prove(input).proof);
  for (unsigned long n = 1; n <= 8; ++n) {
    const PublicKey small = as_key(encode(Number(n) * of_order_eight()));
    EXPECT_FALSE(vrf_verify(small, input, honest).has_value()) << n;
  }
}

// Where 8 divides c, a part of order 8 in Gamma disappears: the RFC's equations hold for a second Gamma.
TEST(Vrf, AGammaOutsideThePrimeOrderSubgroupIsRefused) {
  const Twin twin(Bytes(32, 3));
  const Bytes input{4, 2};
  const Affine torsion = of_order_eight();
  for (std::uint8_t attempt = 0;; ++attempt) {
    const Twin::Trace t = twin.prove(input, torsion, {attempt});
    if (t.c[0] % 8 != 0) continue;
    ASSERT_TRUE(satisfies_the_equations(twin.key, input, t.proof));
    EXPECT_FALSE(vrf_verify(as_key(twin.key), input, as_proof(t.proof)).has_value());
    break;
  }
}

// A key with a part of small order: the same trick would give one secret several keys.
TEST(Vrf, AKeyOutsideThePrimeOrderSubgroupIsRefused) {
  const Twin honest(Bytes(32, 5));
  Twin twin = honest;
  twin.key = encode(*decode(honest.key) + of_order_eight());
  const Bytes input{8};
  for (std::uint8_t attempt = 0;; ++attempt) {
    const Twin::Trace t = twin.prove(input, {}, {attempt});
    if (t.c[0] % 8 != 0) continue;
    ASSERT_TRUE(satisfies_the_equations(twin.key, input, t.proof));
    EXPECT_FALSE(vrf_verify(as_key(twin.key), input, as_proof(t.proof)).has_value());
    break;
  }
}

// y and y + p would be two encodings of one point.
TEST(Vrf, EncodingsThatAreNotCanonicalAreRefused) {
  const Twin twin(Bytes(32, 6));
  const Bytes input{};
  const Bytes honest = twin.prove(input).proof;
  for (unsigned long y = 0; y < 19; ++y) {
    Number above(y);
    BN_add(above.value.get(), above.value.get(), field().m.value.get());
    const Bytes encoding = above.little(32);
    EXPECT_FALSE(vrf_verify(as_key(encoding), input, as_proof(honest)).has_value());
    Bytes proof = encoding;
    base::append(proof, last(honest, 48));
    EXPECT_FALSE(vrf_verify(as_key(twin.key), input, as_proof(proof)).has_value());
  }
}

}  // namespace
}  // namespace crypto
