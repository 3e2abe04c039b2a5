// The VRF's verifier. Under an honest key nothing but the honest proof for this input is accepted, whatever is done to
// proof or input; a key, proof and input of noise never end the process.
#include "crypto/random.h"
#include "crypto/start.h"
#include "crypto/vrf.h"
#include "fuzz/input.h"

namespace {

template <std::size_t N>
std::array<std::uint8_t, N> padded(base::ByteView bytes) {
  std::array<std::uint8_t, N> out{};
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), out.begin());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CHECK(crypto::start());
  static crypto::SeededRandom random(base::view("fuzz vrf"));
  static const crypto::Identity identity = crypto::Identity::generate(random);
  fuzz::Input in(data, size);
  if (in.u8() % 2 == 0) {  // noise
    const crypto::PublicKey key = padded<32>(in.take(32));
    const crypto::VrfProof proof{padded<80>(in.take(80))};
    (void)crypto::vrf_verify(key, in.rest(), proof);
    return 0;
  }
  const base::Bytes input = fuzz::copy(in.take(in.u8()));
  const crypto::VrfProof honest = crypto::vrf_prove(identity, input);
  const crypto::VrfProof proof{padded<80>(fuzz::damaged(in, {honest.bytes.begin(), honest.bytes.end()}))};
  const base::Bytes other = fuzz::damaged(in, input);
  const bool same = proof == honest && other == input;
  CHECK(crypto::vrf_verify(identity.public_key(), other, proof).has_value() == same);
  return 0;
}
