#include "crypto/aes.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "crypto/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace crypto {
namespace {

#if defined(__x86_64__)
#define TARN_AES __attribute__((target("aes,sse4.1")))

TARN_AES inline __m128i load(const Block& b) { return _mm_load_si128(reinterpret_cast<const __m128i*>(&b)); }
TARN_AES inline void store(Block& b, __m128i v) { _mm_store_si128(reinterpret_cast<__m128i*>(&b), v); }

// SubWord(RotWord(last word)) ⊕ Rcon in all four words: ShiftRows changes nothing where all columns are the same, and
// AESENCLAST answers in a third of AESKEYGENASSIST's time.
TARN_AES inline __m128i next_key(__m128i key, int rcon) {
  const __m128i rotated = _mm_shuffle_epi8(key, _mm_set1_epi32(0x0c0f0e0d));
  const __m128i mixed = _mm_aesenclast_si128(rotated, _mm_set1_epi32(rcon));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
  return _mm_xor_si128(key, mixed);
}

TARN_AES void native_schedule(const Block& key, std::array<Block, 11>& out) {
  constexpr int kRcon[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36};
  __m128i k = load(key);
  store(out[0], k);
  for (std::size_t round = 1; round <= 10; ++round) store(out[round], k = next_key(k, kRcon[round - 1]));
}

// kLanes blocks side by side keep the AES units busy.
template <std::size_t kLanes>
TARN_AES inline void native_lanes(const std::array<Block, 11>& keys, __m128i* state) {
  const __m128i first = load(keys[0]);
  for (std::size_t l = 0; l < kLanes; ++l) state[l] = _mm_xor_si128(state[l], first);
  for (std::size_t r = 1; r < 10; ++r) {
    const __m128i k = load(keys[r]);
    for (std::size_t l = 0; l < kLanes; ++l) state[l] = _mm_aesenc_si128(state[l], k);
  }
  const __m128i last = load(keys[10]);
  for (std::size_t l = 0; l < kLanes; ++l) state[l] = _mm_aesenclast_si128(state[l], last);
}

template <std::size_t kLanes>
TARN_AES inline void native_group(const std::array<Block, 11>& keys, const Block* in, Block* out) {
  __m128i state[kLanes];
  for (std::size_t l = 0; l < kLanes; ++l) state[l] = load(in[l]);
  native_lanes<kLanes>(keys, state);
  for (std::size_t l = 0; l < kLanes; ++l) store(out[l], state[l]);
}

// Sixteen blocks at once in four wide registers, where the CPU has them.
// (not instrumented: g++ 12 misaligns wide registers in AddressSanitizer's frames)
#define TARN_VAES __attribute__((target("vaes,avx512f,aes,sse4.1"), no_sanitize("address")))
TARN_VAES std::size_t wide_encrypt(const std::array<Block, 11>& keys, const Block* in, Block* out, std::size_t count) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m512i state[4];
    __m512i key = _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(&keys[0])));
    for (std::size_t l = 0; l < 4; ++l) state[l] = _mm512_xor_si512(_mm512_loadu_si512(in + i + 4 * l), key);
    for (std::size_t r = 1; r < 10; ++r) {
      key = _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(&keys[r])));
      for (std::size_t l = 0; l < 4; ++l) state[l] = _mm512_aesenc_epi128(state[l], key);
    }
    key = _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(&keys[10])));
    for (std::size_t l = 0; l < 4; ++l) _mm512_storeu_si512(out + i + 4 * l, _mm512_aesenclast_epi128(state[l], key));
  }
  return i;
}
const bool kWideAes = __builtin_cpu_supports("vaes") && __builtin_cpu_supports("avx512f");

TARN_AES void native_encrypt(const std::array<Block, 11>& keys, const Block* in, Block* out, std::size_t count) {
  std::size_t i = kWideAes && count >= 16 ? wide_encrypt(keys, in, out, count) : 0;
  for (; i + 8 <= count; i += 8) native_group<8>(keys, in + i, out + i);
  for (; i + 4 <= count; i += 4) native_group<4>(keys, in + i, out + i);
  for (; i < count; ++i) native_group<1>(keys, in + i, out + i);
}
#endif

void portable_encrypt(const Block& key, const Block* in, Block* out, std::size_t count) {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr);
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                             EVP_CIPHER_CTX_free);
  CHECK(cipher != nullptr && context != nullptr);
  const auto* key_bytes = reinterpret_cast<const unsigned char*>(&key);
  CHECK(EVP_EncryptInit_ex2(context.get(), cipher, key_bytes, nullptr, nullptr) == 1);
  CHECK(EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
  int written = 0;
  CHECK(EVP_EncryptUpdate(context.get(), reinterpret_cast<unsigned char*>(out), &written,
                          reinterpret_cast<const unsigned char*>(in), static_cast<int>(count * sizeof(Block))) == 1);
}

}  // namespace

Aes128::Aes128(const Block& key) {
#if defined(__x86_64__)
  if (kernels() == Kernels::kNative) {
    native_schedule(key, round_keys_);
    return;
  }
#endif
  round_keys_[0] = key;
}

void Aes128::encrypt(const Block* in, Block* out, std::size_t count) const {
  if (count == 0) return;
#if defined(__x86_64__)
  if (kernels() == Kernels::kNative) {
    native_encrypt(round_keys_, in, out, count);
    return;
  }
#endif
  portable_encrypt(round_keys_[0], in, out, count);
}

void Aes128::stream(const Block& start, Block* out, std::size_t count) const {
  constexpr std::size_t kChunk = 64;
  Block counters[kChunk];
  Block next = start;
  for (std::size_t done = 0; done < count;) {
    const std::size_t n = std::min(kChunk, count - done);
    for (std::size_t i = 0; i < n; ++i, ++next.lo) counters[i] = next;
    encrypt(counters, out + done, n);
    done += n;
  }
}

}  // namespace crypto
