// The two datagrams of a probe. What decodes encodes to the very same bytes; a damaged answer verifies only if it is
// still the one that was signed.
#include "base/encoding.h"
#include "crypto/random.h"
#include "fuzz/input.h"
#include "net/probe_message.h"

namespace {

const crypto::Identity& signer() {
  static const crypto::Identity made = [] {
    crypto::SeededRandom random(base::view("probe"));
    return crypto::Identity::generate(random);
  }();
  return made;
}

void request(base::ByteView bytes) {
  const auto nonce = net::decode_probe_request(bytes);
  CHECK(!nonce || net::encode_probe_request(*nonce) == fuzz::copy(bytes));
}

void reply(base::ByteView bytes, bool honest) {
  const auto decoded = net::ProbeReply::decode(bytes);
  CHECK(decoded || !honest);
  if (!decoded) return;
  CHECK(decoded->encode() == fuzz::copy(bytes));
  CHECK(decoded->by(signer().public_key()) == honest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.below(4)) {
    case 0: request(in.rest()); break;
    case 1: request(fuzz::damaged(in, net::encode_probe_request({1, 2, 3}))); break;
    case 2: reply(in.rest(), false); break;
    case 3: {
      static const base::Bytes proper = net::ProbeReply::make(signer(), {1, 2, 3}, {}).encode();
      const base::Bytes sent = fuzz::damaged(in, proper);
      reply(sent, sent == proper);
      break;
    }
  }
  return 0;
}
