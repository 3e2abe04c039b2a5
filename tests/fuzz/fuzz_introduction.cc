// Introduction and Acquaintance: a peer's and a file's bytes. What decodes encodes to the very same bytes; acquainted()
// does not depend on who asks; a decoded acquaintance can be used for a session and kept again.
#include "fuzz/input.h"
#include "mpc/acquaintance.h"

namespace {

mpc::Acquaintance an_acquaintance() {
  constexpr std::size_t kLeaves = 128 / mpc::kAcquaintanceK << mpc::kAcquaintanceK;
  mpc::Acquaintance made;
  made.id[0] = 1;
  made.counter = 7;
  made.prover = {mpc::kAcquaintanceK, crypto::Blocks(kLeaves, crypto::Block{2, 3})};
  made.verifier = {mpc::kAcquaintanceK, crypto::Block{4, 5}, crypto::Blocks(kLeaves, crypto::Block{6, 7})};
  return made;
}

mpc::Introduction of(const mpc::Acquaintance& acquaintance) {
  mpc::Introduction made;
  made.known = true;
  made.id = acquaintance.id;
  made.counter = acquaintance.counter;
  return made;
}

void introduction(base::ByteView bytes, const mpc::Introduction& ours) {
  const auto theirs = mpc::Introduction::decode(bytes);
  if (!theirs) return;
  CHECK(theirs->encode() == fuzz::copy(bytes) && bytes.size() == mpc::Introduction::kSize);
  const bool acquainted = mpc::acquainted(ours, *theirs);
  CHECK(acquainted == mpc::acquainted(*theirs, ours));
  CHECK(!acquainted || (theirs->known && theirs->id == ours.id));
}

void acquaintance(base::ByteView bytes) {
  auto kept = mpc::Acquaintance::decode(bytes);
  if (!kept) return;
  CHECK(kept->encode() == fuzz::copy(bytes));
  kept->advance_to(kept->counter + 1);
  const auto again = mpc::Acquaintance::decode(kept->encode());
  CHECK(again.has_value() || kept->counter > UINT64_MAX / 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mpc::Acquaintance known = an_acquaintance();
  static const base::Bytes introduced = of(known).encode(), encoded = known.encode();
  fuzz::Input in(data, size);
  switch (in.below(4)) {
    case 0: introduction(in.rest(), of(known)); break;
    case 1: introduction(fuzz::damaged(in, introduced), of(known)); break;
    case 2: acquaintance(in.rest()); break;
    case 3: acquaintance(fuzz::damaged(in, encoded)); break;
  }
  return 0;
}
