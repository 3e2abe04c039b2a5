// What a peer sends in oblivious transfer, at its right length: trees, corrections, group elements. Damaged trees are
// refused, or open to the same leaves as the honest ones; a damaged correction moves exactly the columns where the
// choice has a one, and the check notices exactly if it moved any; group elements are refused or behave as a group's.
#include "crypto/group.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "fuzz/input.h"
#include "mpc/base_ot.h"
#include "mpc/extension.h"
#include "mpc/seed_trees.h"

namespace {

using crypto::Block;
using crypto::Blocks;

bool equal(const Blocks& a, const Blocks& b) { return crypto::equal(crypto::bytes_of(a), crypto::bytes_of(b)); }

constexpr std::size_t kBlocks = 2;

// An honest prover and the verifier's seeds, and all that they exchange.
struct Honest {
  explicit Honest(unsigned rate) : k(rate) {
    CHECK(crypto::start());
    crypto::SeededRandom random(base::view("trees"));
    const mpc::SeedPairs pairs{random.blocks(128), random.blocks(128)};
    chosen.choice = random.block();
    for (unsigned i = 0; i < 128; ++i) chosen.seeds.push_back((chosen.choice.bit(i) ? pairs.one : pairs.zero)[i]);
    grown = mpc::grow_trees(pairs, k, {});
    punctured = *mpc::puncture_trees(chosen, k, grown.message, {});
    start = mpc::stream_start(crypto::Digest{1, 2, 3});
    u = random.blocks(kBlocks);
    prover = mpc::extend(grown.trees, start, u);
  }
  unsigned k;
  mpc::ChosenSeeds chosen;
  mpc::GrownTrees grown;
  mpc::PuncturedTrees punctured;
  Block start;
  Blocks u;
  mpc::ProverColumns prover;
};

void trees(fuzz::Input& in, const Honest& honest) {
  base::Bytes message = fuzz::damaged(in, honest.grown.message);
  message.resize(honest.grown.message.size());  // the session receives no other length
  const auto punctured = mpc::puncture_trees(honest.chosen, honest.k, message, {});
  CHECK(punctured.has_value() || message != honest.grown.message);
  if (punctured) CHECK(equal(punctured->leaves, honest.punctured.leaves));
}

void correction(fuzz::Input& in, const Honest& honest) {
  base::Bytes sent = fuzz::damaged(in, honest.prover.correction);
  sent.resize(honest.prover.correction.size());
  const Blocks columns = mpc::extend(honest.punctured, honest.start, kBlocks, sent);
  bool moved = false;
  for (std::size_t c = 0; c < 128; ++c) {
    for (std::size_t b = 0; b < kBlocks; ++b) {
      const std::size_t place = b * 128 + c, from = (c / honest.k * kBlocks + b) * 16;
      const Block error = crypto::block_from(base::ByteView(sent).subspan(from, 16)) ^
                          crypto::block_from(base::ByteView(honest.prover.correction).subspan(from, 16));
      const bool one = honest.chosen.choice.bit(static_cast<unsigned>(c));
      const Block expected = honest.prover.columns[place] ^ crypto::masked(honest.u[b] ^ error, one ? 1 : 0);
      CHECK(expected.lo == columns[place].lo && expected.hi == columns[place].hi);
      moved = moved || (one && (error.lo | error.hi) != 0);
    }
  }
  const Blocks chi = mpc::weights(crypto::sha256(sent), kBlocks);
  crypto::Sha256 proof, check;
  const auto proven = mpc::prover_digest(proof, honest.prover.columns, chi);
  const auto expected = mpc::verifier_digest(check, columns, chi, honest.chosen.choice, mpc::residue(honest.u, chi));
  CHECK((proven == expected) == !moved);
}

void points(fuzz::Input& in) {
  crypto::SeededRandom random(base::view("points"));
  const crypto::Scalar scalar = crypto::random_scalar(random), other = crypto::random_scalar(random);
  const crypto::Point g = crypto::base_multiply(scalar);
  const base::Bytes bytes = fuzz::damaged(in, fuzz::copy(g));
  crypto::Point p{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), p.size()), p.begin());
  const auto sum = crypto::add(p, g);
  const auto product = crypto::multiply(other, p);
  if (!sum) CHECK(!product && !crypto::subtract(p, g) && !crypto::subtract(g, p) && !crypto::add(g, p));
  if (!product) return;
  CHECK(crypto::subtract(*sum, g) == p);
  CHECK(crypto::multiply(other, *sum) == crypto::add(*product, *crypto::multiply(other, g)));
}

// 128 points at once; slow, so only where an input asks for it in so many words.
void transfers(fuzz::Input& in) {
  static crypto::SeededRandom random(base::view("transfers"));
  static const mpc::OtSecret secret = mpc::make_ot_secret(random);
  static const mpc::ChosenOt honest = *mpc::ot_choose(base::view("tag"), secret.a, Block{5, 6}, random);
  base::Bytes message = fuzz::damaged(in, honest.message);
  message.resize(honest.message.size());
  const auto pairs = mpc::ot_send(base::view("tag"), secret, message);
  if (message == honest.message) CHECK(pairs.has_value());
  if (!pairs) return;
  for (unsigned i = 0; i < 128; ++i) {
    const bool same =
        std::equal(message.begin() + 32 * i, message.begin() + 32 * i + 32, honest.message.begin() + 32 * i);
    const Block got = (honest.seeds.choice.bit(i) ? pairs->one : pairs->zero)[i];
    CHECK(same == (got.lo == honest.seeds.seeds[i].lo && got.hi == honest.seeds.seeds[i].hi));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Honest honest[] = {Honest(1), Honest(2), Honest(4), Honest(8)};
  fuzz::Input in(data, size);
  const std::uint8_t what = in.u8();
  if (what == 0xff) {
    transfers(in);
  } else if (what % 16 < 6) {
    trees(in, honest[what % 4]);
  } else if (what % 16 < 12) {
    correction(in, honest[what % 4]);
  } else {
    points(in);
  }
  return 0;
}
