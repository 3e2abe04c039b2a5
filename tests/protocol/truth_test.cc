// Secure sessions against truths from outside: OpenSSL for AES-128 and SHA-256 in Bristol Fashion, and what the
// mechanisms mean for placements.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "auction/placement/mechanism.h"
#include "crypto/sha256.h"
#include "mpc/bristol.h"
#include "mpc/reference_circuits.h"
#include "pool/placement_circuit.h"
#include "support/placement_twins.h"
#include "support/session_lab.h"

namespace {

using mpc::Bits;
using support::SessionLab;

Bits to_bits(base::ByteView bytes) {  // most significant first
  Bits bits;
  for (const std::uint8_t byte : bytes)
    for (unsigned i = 8; i-- > 0;) bits.push_back(byte >> i & 1);
  return bits;
}

// Through the format, as a user's file would come.
mpc::Circuit through_bristol(const mpc::Circuit& circuit, std::size_t parties) {
  const auto text = mpc::write_bristol(circuit);
  EXPECT_TRUE(text.ok());
  auto read = mpc::read_bristol(*text, mpc::BristolOwners{parties});
  EXPECT_TRUE(read.ok());
  return std::move(*read);
}

class AmongParties : public testing::TestWithParam<std::size_t> {
 protected:
  // Party 0's output; the first two parties have the inputs, the others none.
  Bits run(const mpc::Circuit& circuit, const Bits& first, const Bits& second) {
    SessionLab lab(GetParam());
    std::vector<Bits> inputs(GetParam());
    inputs[0] = first;
    inputs[1] = second;
    const auto ends = lab.run(circuit, inputs);
    for (const auto& end : ends) EXPECT_TRUE(end.result.ok()) << end.result.error().message;
    return ends[0].result.ok() ? *ends[0].result : Bits{};
  }
};
INSTANTIATE_TEST_SUITE_P(Parties, AmongParties, testing::Values(2U, 3U, 5U));

TEST_P(AmongParties, Aes128EncryptsAsOpenSslDoes) {
  crypto::SeededRandom random(base::view("aes truth"));
  base::Bytes key(16), plain(16), cipher(32);
  random.fill(key);
  random.fill(plain);
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  int size = 0;
  ASSERT_EQ(EVP_EncryptInit_ex2(context, EVP_aes_128_ecb(), key.data(), nullptr, nullptr), 1);
  ASSERT_EQ(EVP_EncryptUpdate(context, cipher.data(), &size, plain.data(), 16), 1);
  EVP_CIPHER_CTX_free(context);
  cipher.resize(16);
  EXPECT_EQ(run(through_bristol(mpc::aes128_circuit(), GetParam()), to_bits(key), to_bits(plain)), to_bits(cipher));
}

TEST_P(AmongParties, Sha256HashesAsOpenSslDoes) {
  const std::string message = "a small dark pool, " + std::to_string(GetParam()) + " around it";
  base::Bytes block(message.begin(), message.end());
  block.push_back(0x80);
  block.resize(62);
  const std::size_t length = message.size() * 8;
  block.push_back(static_cast<std::uint8_t>(length >> 8));
  block.push_back(static_cast<std::uint8_t>(length));
  const base::ByteView bytes(block);
  EXPECT_EQ(run(through_bristol(mpc::sha256_circuit(), GetParam()), to_bits(bytes.first(32)), to_bits(bytes.last(32))),
            to_bits(crypto::sha256(base::view(message))));
}

TEST_P(AmongParties, PlacementsAreWhatTheMechanismsMean) {
  constexpr std::size_t kWidth = 8;  // so that ties and refusals happen
  const std::size_t providers = GetParam() - 1;
  crypto::SeededRandom random(base::view("placement truth"));
  const auto draw = [&](std::uint64_t below) { return random.block().lo % below; };
  SessionLab lab(GetParam());
  for (int round = 0; round < 14; ++round) {
    const auto mechanism = auction::Mechanism{round % 7};
    const auction::RequesterInput request{1 + draw(6), draw(6)};
    std::vector<auction::ProviderInput> offers;
    std::vector<Bits> inputs{*pool::encode(mechanism, kWidth, request)};
    for (std::size_t i = 0; i < providers; ++i) {
      offers.push_back({draw(8), draw(6)});
      inputs.push_back(*pool::encode(mechanism, kWidth, offers.back()));
    }
    const auction::Outcome plain = twins::outcome(mechanism, request, offers);
    const auto ends = lab.run(pool::placement_circuit(mechanism, providers, kWidth), inputs);
    ASSERT_TRUE(ends[0].result.ok());
    EXPECT_EQ(decode_requester(mechanism, kWidth, providers, request, *ends[0].result), plain.requester);
    for (std::size_t i = 0; i < providers; ++i) {
      ASSERT_TRUE(ends[i + 1].result.ok());
      EXPECT_EQ(decode_provider(mechanism, kWidth, offers[i], *ends[i + 1].result), plain.providers[i]);
    }
  }
}

}  // namespace
