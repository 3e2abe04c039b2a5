#include "mpc/acquaintance.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"

namespace mpc {
namespace {

constexpr std::string_view kFormat = "tarn acquaintance v1";
constexpr std::size_t kLeaves = 128 / kAcquaintanceK << kAcquaintanceK;
constexpr std::uint64_t kMaxLag = 1024;

void write_leaves(base::Writer& out, const crypto::Blocks& leaves) {
  CHECK(leaves.size() == kLeaves);
  out.raw(crypto::bytes_of(leaves));
}

crypto::Blocks read_leaves(base::Reader& in) {
  crypto::Blocks leaves;
  const base::ByteView bytes = in.raw(kLeaves * 16);
  for (std::size_t i = 0; i < bytes.size(); i += 16) leaves.push_back(crypto::block_from(bytes.subspan(i, 16)));
  return leaves;
}

}  // namespace

void Acquaintance::advance_to(std::uint64_t target) {
  CHECK(target >= counter && target - counter <= kMaxLag + 1);
  for (; counter < target; ++counter) {
    ratchet(prover.leaves);
    ratchet(verifier.leaves);
  }
}

base::Bytes Acquaintance::encode() const {
  base::Writer out;
  out.reserve(2 * kLeaves * 16 + 256);  // in one place, which the caller can wipe
  out.text(kFormat).raw(id).u64(counter).u8(marked ? 1 : 0);
  write_leaves(out, prover.leaves);
  write_leaves(out, verifier.leaves);
  return out.u64(verifier.choice.lo).u64(verifier.choice.hi).take();
}

std::optional<Acquaintance> Acquaintance::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  Acquaintance out;
  const bool format = in.text(64) == kFormat;
  out.id = in.array<16>();
  out.counter = in.u64();
  const std::uint8_t mark = in.u8();
  out.marked = mark != 0;
  out.prover = {kAcquaintanceK, read_leaves(in)};
  out.verifier = {kAcquaintanceK, {}, read_leaves(in)};
  out.verifier.choice.lo = in.u64();
  out.verifier.choice.hi = in.u64();
  if (!format || mark > 1 || !in.done() || out.counter > UINT64_MAX / 2) return std::nullopt;
  return out;
}

base::Bytes Introduction::encode() const { return base::Writer().u8(known ? 1 : 0).raw(id).u64(counter).raw(a).take(); }

std::optional<Introduction> Introduction::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  Introduction out;
  const std::uint8_t known = in.u8();
  out.known = known == 1;
  out.id = in.array<16>();
  out.counter = in.u64();
  out.a = in.array<32>();
  if (known > 1 || !in.done()) return std::nullopt;
  return out;
}

bool acquainted(const Introduction& ours, const Introduction& theirs) {
  if (!ours.known || !theirs.known || ours.id != theirs.id) return false;
  const auto [low, high] = std::minmax(ours.counter, theirs.counter);
  return high - low <= kMaxLag;
}

}  // namespace mpc
