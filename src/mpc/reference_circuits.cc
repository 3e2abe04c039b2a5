#include "mpc/reference_circuits.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"

namespace mpc {

BitOwner owned_by(std::size_t party) {
  return [party](std::size_t) { return party; };
}
BitOwner shared_halves(std::size_t bits) {
  return [bits](std::size_t bit) { return bit < bits / 2 ? std::size_t{0} : std::size_t{1}; };
}

// Boyar–Peralta 2010, figures 5 to 7, in their names and order: top linear layer, inversion in GF(2^8) as a tower
// field, bottom linear layer with the affine map. x0 and s0 are the most significant bits.
BitByte aes_sbox(const BitByte& x) {
  const Bit y14 = x[3] ^ x[5], y13 = x[0] ^ x[6], y9 = x[0] ^ x[3], y8 = x[0] ^ x[5], t0 = x[1] ^ x[2];
  const Bit y1 = t0 ^ x[7], y4 = y1 ^ x[3], y12 = y13 ^ y14, y2 = y1 ^ x[0], y5 = y1 ^ x[6], y3 = y5 ^ y8;
  const Bit t1 = x[4] ^ y12, y15 = t1 ^ x[5], y20 = t1 ^ x[1], y6 = y15 ^ x[7], y10 = y15 ^ t0, y11 = y20 ^ y9;
  const Bit y7 = x[7] ^ y11, y17 = y10 ^ y11, y19 = y10 ^ y8, y16 = t0 ^ y11, y21 = y13 ^ y16, y18 = x[0] ^ y16;

  const Bit t2 = y12 & y15, t3 = y3 & y6, t4 = t3 ^ t2, t5 = y4 & x[7], t6 = t5 ^ t2, t7 = y13 & y16;
  const Bit t8 = y5 & y1, t9 = t8 ^ t7, t10 = y2 & y7, t11 = t10 ^ t7, t12 = y9 & y11, t13 = y14 & y17;
  const Bit t14 = t13 ^ t12, t15 = y8 & y10, t16 = t15 ^ t12, t17 = t4 ^ t14, t18 = t6 ^ t16, t19 = t9 ^ t14;
  const Bit t20 = t11 ^ t16, t21 = t17 ^ y20, t22 = t18 ^ y19, t23 = t19 ^ y21, t24 = t20 ^ y18, t25 = t21 ^ t22;
  const Bit t26 = t21 & t23, t27 = t24 ^ t26, t28 = t25 & t27, t29 = t28 ^ t22, t30 = t23 ^ t24, t31 = t22 ^ t26;
  const Bit t32 = t31 & t30, t33 = t32 ^ t24, t34 = t23 ^ t33, t35 = t27 ^ t33, t36 = t24 & t35, t37 = t36 ^ t34;
  const Bit t38 = t27 ^ t36, t39 = t29 & t38, t40 = t25 ^ t39, t41 = t40 ^ t37, t42 = t29 ^ t33, t43 = t29 ^ t40;
  const Bit t44 = t33 ^ t37, t45 = t42 ^ t41;
  const Bit z0 = t44 & y15, z1 = t37 & y6, z2 = t33 & x[7], z3 = t43 & y16, z4 = t40 & y1, z5 = t29 & y7;
  const Bit z6 = t42 & y11, z7 = t45 & y17, z8 = t41 & y10, z9 = t44 & y12, z10 = t37 & y3, z11 = t33 & y4;
  const Bit z12 = t43 & y13, z13 = t40 & y5, z14 = t29 & y2, z15 = t42 & y9, z16 = t45 & y14, z17 = t41 & y8;

  const Bit t46 = z15 ^ z16, t47 = z10 ^ z11, t48 = z5 ^ z13, t49 = z9 ^ z10, t50 = z2 ^ z12, t51 = z2 ^ z5;
  const Bit t52 = z7 ^ z8, t53 = z0 ^ z3, t54 = z6 ^ z7, t55 = z16 ^ z17, t56 = z12 ^ t48, t57 = t50 ^ t53;
  const Bit t58 = z4 ^ t46, t59 = z3 ^ t54, t60 = t46 ^ t57, t61 = z14 ^ t57, t62 = t52 ^ t58, t63 = t49 ^ t58;
  const Bit t64 = z4 ^ t59, t65 = t61 ^ t62, t66 = z1 ^ t63, t67 = t64 ^ t65, s3 = t53 ^ t66;
  return {t59 ^ t63, t64 ^ ~s3, t55 ^ ~t67, s3, t51 ^ t66, t47 ^ t65, t56 ^ ~t62, t48 ^ ~t60};
}

namespace {

// ---- AES-128 (FIPS 197) ----

using Block = std::array<BitByte, 16>;  // in input order: column by column

BitByte operator^(const BitByte& x, const BitByte& y) {
  BitByte sum;
  for (std::size_t i = 0; i < 8; ++i) sum[i] = x[i] ^ y[i];
  return sum;
}

// x·2 in GF(2^8): a shift, less the polynomial 1b where a bit falls out.
BitByte doubled(const BitByte& x) { return {x[1], x[2], x[3], x[4] ^ x[0], x[5] ^ x[0], x[6], x[7] ^ x[0], x[0]}; }

void add(Block& state, const Block& key) {
  for (std::size_t i = 0; i < 16; ++i) state[i] = state[i] ^ key[i];
}

Block substitute_and_shift_rows(const Block& state) {
  Block out;
  for (std::size_t i = 0; i < 16; ++i) out[i] = aes_sbox(state[(i + 4 * (i % 4)) % 16]);
  return out;
}

Block mix_columns(const Block& state) {
  Block out;
  for (std::size_t column = 0; column < 16; column += 4) {
    const BitByte* a = &state[column];
    const BitByte all = a[0] ^ a[1] ^ a[2] ^ a[3];
    for (std::size_t r = 0; r < 4; ++r) {
      const BitByte twice = doubled(a[r] ^ a[(r + 1) % 4]);
      out[column + r] = a[r] ^ all ^ twice;
    }
  }
  return out;
}

Block next_round_key(const Block& key, std::uint8_t round_constant) {
  Block next;
  for (std::size_t i = 0; i < 4; ++i) next[i] = key[i] ^ aes_sbox(key[12 + (i + 1) % 4]);
  for (std::size_t j = 0; j < 8; ++j) next[0][j] = next[0][j] ^ Bit::constant(round_constant >> (7 - j) & 1);
  for (std::size_t i = 4; i < 16; ++i) next[i] = key[i] ^ next[i - 4];
  return next;
}

Block input_block(CircuitBuilder& builder, std::size_t owner) {
  Block block;
  for (BitByte& byte : block) {
    for (Bit& bit : byte) bit = builder.input(owner);
  }
  return block;
}

// ---- SHA-256 (FIPS 180-4) ----

using Word = std::array<Bit, 32>;  // least significant first

constexpr std::array<std::uint32_t, 8> kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

Word constant_word(std::uint32_t value) {
  Word word;
  for (std::size_t i = 0; i < 32; ++i) word[i] = Bit::constant(value >> i & 1);
  return word;
}

Bit majority(Bit x, Bit y, Bit z) {
  const Bit xy = x ^ y, xz = x ^ z;
  return x ^ (xy & xz);
}

template <class F>
Word bitwise(F f, const Word& x, const Word& y, const Word& z) {
  Word out;
  for (std::size_t i = 0; i < 32; ++i) out[i] = f(x[i], y[i], z[i]);
  return out;
}

enum class Last { kRotate, kShift };  // Σ rotates three times, σ shifts the third
Word sigma(const Word& x, std::size_t a, std::size_t b, std::size_t c, Last last) {
  Word out;
  for (std::size_t i = 0; i < 32; ++i) {
    out[i] = x[(i + a) % 32] ^ x[(i + b) % 32];
    if (last == Last::kRotate || i + c < 32) out[i] = out[i] ^ x[(i + c) % 32];
  }
  return out;
}

// The sum modulo 2^32, column by column: a full adder turns three bits into one and a carry for one AND gate, a half
// adder only two, so it comes last. Ones are counted apart, and the one that may remain comes last: to a lone bit it is
// free.
Word sum(const std::vector<Word>& terms) {
  Word total;
  std::vector<Bit> carries;
  std::size_t ones = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    std::vector<Bit> column = std::exchange(carries, {});
    for (const Word& term : terms) column.push_back(term[i]);
    for (const Bit bit : column) ones += bit.known() == true ? 1u : 0u;
    std::erase_if(column, [](Bit b) { return b.known().has_value(); });
    if (ones % 2 == 1) column.push_back(Bit::constant(true));
    ones /= 2;
    if (i == 31) {  // no carry leaves the last column
      for (const Bit bit : column) total[i] = total[i] ^ bit;
      break;
    }
    if (column.empty()) continue;
    total[i] = column[0];
    for (std::size_t next = 1; next < column.size(); next += 2) {
      const Bit x = total[i], y = column[next], z = next + 1 < column.size() ? column[next + 1] : Bit();
      total[i] = x ^ y ^ z;
      carries.push_back(majority(x, y, z));
    }
  }
  return total;
}

std::vector<Word> message_schedule(std::vector<Word> w) {
  for (std::size_t t = 16; t < 64; ++t) {
    w.push_back(sum(
        {sigma(w[t - 2], 17, 19, 10, Last::kShift), w[t - 7], sigma(w[t - 15], 7, 18, 3, Last::kShift), w[t - 16]}));
  }
  return w;
}

std::array<Word, 8> compress(const std::vector<Word>& w) {
  std::array<Word, 8> s;
  for (std::size_t i = 0; i < 8; ++i) s[i] = constant_word(kInitial[i]);
  const auto choose = [](Bit x, Bit y, Bit z) { return z ^ (x & (y ^ z)); };
  for (std::size_t t = 0; t < 64; ++t) {
    auto& [a, b, c, d, e, f, g, h] = s;
    const Word t1 =
        sum({h, sigma(e, 6, 11, 25, Last::kRotate), bitwise(choose, e, f, g), constant_word(kRound[t]), w[t]});
    const Word new_a = sum({t1, sigma(a, 2, 13, 22, Last::kRotate), bitwise(majority, a, b, c)});
    s = {new_a, a, b, c, sum({d, t1}), e, f, g};
  }
  for (std::size_t i = 0; i < 8; ++i) s[i] = sum({s[i], constant_word(kInitial[i])});
  return s;
}

}  // namespace

Circuit aes128_circuit(std::size_t parties, const BitOwner& ciphertext) {
  CircuitBuilder builder(parties);
  Block key = input_block(builder, 0), state = input_block(builder, 1);
  add(state, key);
  static constexpr std::array<std::uint8_t, 10> kRoundConstants = {1, 2, 4, 8, 16, 32, 64, 128, 0x1b, 0x36};
  for (std::size_t round = 0; round < 10; ++round) {
    state = substitute_and_shift_rows(state);
    if (round != 9) state = mix_columns(state);
    key = next_round_key(key, kRoundConstants[round]);
    add(state, key);
  }
  for (std::size_t i = 0; i < 128; ++i) builder.output(ciphertext(i), state[i / 8][i % 8]);
  return std::move(builder).build();
}

// Words are big-endian, so that bytes in order, most significant bit first, are words' bits 31 … 0 in order.
Circuit sha256_circuit(std::size_t parties, const BitOwner& block, const BitOwner& digest) {
  CircuitBuilder builder(parties);
  std::vector<Word> w(16);
  for (std::size_t i = 0; i < 512; ++i) w[i / 32][31 - i % 32] = builder.input(block(i));
  const std::array<Word, 8> state = compress(message_schedule(std::move(w)));
  for (std::size_t i = 0; i < 256; ++i) builder.output(digest(i), state[i / 32][31 - i % 32]);
  return std::move(builder).build();
}

}  // namespace mpc
