// The reference circuits against OpenSSL, evaluated in the open.
#include "mpc/reference_circuits.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <rapidcheck/gtest.h>

#include <memory>

#include "base/bytes.h"

namespace mpc {
namespace {

Bits to_bits(const base::Bytes& bytes) {
  Bits bits;
  for (const std::uint8_t byte : bytes) {
    for (int j = 7; j >= 0; --j) bits.push_back(byte >> j & 1);
  }
  return bits;
}

base::Bytes to_bytes(const Bits& bits) {
  base::Bytes bytes(bits.size() / 8);
  for (std::size_t i = 0; i < bits.size(); ++i) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] << 1 | bits[i]);
  return bytes;
}

base::Bytes openssl_aes128(const base::Bytes& key, const base::Bytes& plaintext) {
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  base::Bytes ciphertext(32);
  int length = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context.get(), ciphertext.data(), &length, plaintext.data(), 16), 1);
  ciphertext.resize(static_cast<std::size_t>(length));
  return ciphertext;
}

base::Bytes openssl_sha256(const base::Bytes& message) {
  base::Bytes digest(32);
  EXPECT_EQ(EVP_Digest(message.data(), message.size(), digest.data(), nullptr, EVP_sha256(), nullptr), 1);
  return digest;
}

// The one block of a message of at most 55 bytes: the message, 80, zeros, its length in bits as 64 bits.
base::Bytes padded(base::Bytes message) {
  const std::size_t bits = message.size() * 8;
  message.push_back(0x80);
  message.resize(64);
  message[62] = static_cast<std::uint8_t>(bits >> 8);
  message[63] = static_cast<std::uint8_t>(bits);
  return message;
}

base::Bytes random_bytes(std::size_t size) {
  return *rc::gen::container<base::Bytes>(size, rc::gen::resize(100, rc::gen::arbitrary<std::uint8_t>()));
}

// Multiplication in AES's GF(2^8), for the S-box by its definition: inverse, then the affine map.
std::uint8_t times(std::uint8_t x, std::uint8_t y) {
  unsigned a = x, product = 0;
  for (unsigned b = y; b != 0; b >>= 1, a = a << 1 ^ (a & 0x80 ? 0x11bu : 0u)) product ^= b & 1 ? a : 0;
  return static_cast<std::uint8_t>(product);
}
std::uint8_t sbox(std::uint8_t x) {
  unsigned inverse = 0;
  for (unsigned y = 0; y < 256; ++y) inverse = times(x, static_cast<std::uint8_t>(y)) == 1 ? y : inverse;
  const unsigned twice = inverse * 0x101u;
  return static_cast<std::uint8_t>((twice >> 8 ^ twice >> 7 ^ twice >> 6 ^ twice >> 5 ^ twice >> 4 ^ 0x63) & 0xff);
}

TEST(AesCircuit, SboxIsTheSboxEverywhere) {
  CircuitBuilder builder(2);
  BitByte x;
  for (Bit& bit : x) bit = builder.input(0);
  for (const Bit bit : aes_sbox(x)) builder.output(1, bit);
  const Circuit circuit = std::move(builder).build();
  EXPECT_EQ(circuit.and_gates(), 32u);
  for (unsigned value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    EXPECT_EQ(to_bytes(evaluate_plain(circuit, {to_bits({byte}), {}})[1]), base::Bytes{sbox(byte)}) << value;
  }
}

TEST(AesCircuit, KnownAnswerAndSize) {  // FIPS 197, appendix C.1
  const Circuit circuit = aes128_circuit();
  EXPECT_EQ(circuit.and_gates(), 6400u);
  const auto key = base::from_hex("000102030405060708090a0b0c0d0e0f");
  const auto plain = base::from_hex("00112233445566778899aabbccddeeff");
  const auto out = evaluate_plain(circuit, {to_bits(*key), to_bits(*plain)});
  EXPECT_EQ(base::to_hex(to_bytes(out[0])), "69c4e0d86a7b0430d8cdb78070b4c55a");
  EXPECT_TRUE(out[1].empty());
}

RC_GTEST_PROP(AesCircuit, AgreesWithOpenSsl, ()) {
  static const Circuit circuit = aes128_circuit(3, owned_by(2));
  const base::Bytes key = random_bytes(16), plaintext = random_bytes(16);
  const auto out = evaluate_plain(circuit, {to_bits(key), to_bits(plaintext), {}});
  RC_ASSERT(to_bytes(out[2]) == openssl_aes128(key, plaintext));
}

TEST(Sha256Circuit, Size) { EXPECT_EQ(sha256_circuit().and_gates(), 21890u); }

RC_GTEST_PROP(Sha256Circuit, AgreesWithOpenSsl, ()) {
  static const Circuit circuit = sha256_circuit();
  const base::Bytes message = random_bytes(*rc::gen::inRange<std::size_t>(0, 56));
  const Bits block = to_bits(padded(message));
  const auto middle = block.begin() + 256;
  const auto out = evaluate_plain(circuit, {Bits(block.begin(), middle), Bits(middle, block.end())});
  RC_ASSERT(to_bytes(out[0]) == openssl_sha256(message));
}

TEST(Sha256Circuit, OwnersAreTheCallers) {
  const auto in_turn = [](std::size_t bit) { return bit % 3; };
  const auto from_the_last = [](std::size_t bit) { return 2 - bit % 2; };
  const Circuit circuit = sha256_circuit(3, in_turn, from_the_last);
  const Bits block = to_bits(padded({'a', 'b', 'c'}));
  std::vector<Bits> inputs(3);
  for (std::size_t i = 0; i < block.size(); ++i) inputs[i % 3].push_back(block[i]);
  const auto out = evaluate_plain(circuit, inputs);
  ASSERT_EQ(out[2].size(), 128u);
  Bits digest;
  for (std::size_t i = 0; i < 256; ++i) digest.push_back(out[2 - i % 2][i / 2]);
  EXPECT_EQ(base::to_hex(to_bytes(digest)), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace mpc
