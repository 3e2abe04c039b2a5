// From 128 oblivious transfers of 16-byte seeds to 128/k GGM trees of 2^k leaves, all but one of which the other side
// gets: the puncturable PRF of SoftSpokenOT (Roy, CRYPTO 2022), with its consistency check.
// The prover knows both seeds of each transfer, hence all leaves; the verifier knows the seed of its choice bit, hence
// all leaves of tree b but number digit_b(choice), the k bits of its choice from bit k·b up.
// One message, prover to verifier, tree_message_size(k) bytes: a pair of corrections a level below the first, then the
// XOR of the leaves' 32-byte check values; last a hash of all check values. A prover who sends wrong corrections passes
// only by guessing the bits of the choice that steer past them: each guess halves its chance.
// Every node is an AES-128 key; its inputs are kept apart by domain.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "crypto/block.h"
#include "crypto/sha256.h"

namespace mpc {

struct SeedPairs {  // the prover's side of 128 transfers
  crypto::Blocks zero, one;
};
struct ChosenSeeds {  // the verifier's
  crypto::SecretBlock choice;
  crypto::Blocks seeds;
};
struct Trees {
  unsigned k = 0;         // divides 128, at most 8
  crypto::Blocks leaves;  // (128/k)·2^k
};
struct PuncturedTrees {
  unsigned k = 0;
  crypto::SecretBlock choice;
  crypto::Blocks leaves;  // zero at the punctured place
};

struct GrownTrees {
  Trees trees;
  base::Bytes message;
};

std::size_t tree_message_size(unsigned k);
// `tag`: session, hop and both parties.
GrownTrees grow_trees(const SeedPairs& seeds, unsigned k, base::ByteView tag);
// Nothing if the check fails; the message has tree_message_size(k) bytes.
std::optional<PuncturedTrees> puncture_trees(const ChosenSeeds& seeds, unsigned k, base::ByteView message,
                                             base::ByteView tag);

// Every leaf moved on one way: the old leaves do not follow from the new ones.
void ratchet(crypto::Blocks& leaves);

inline unsigned digit(const crypto::Block& choice, unsigned k, unsigned tree) {
  const unsigned from = k * tree;
  const std::uint64_t word = from < 64 ? choice.lo >> from : choice.hi >> (from - 64);
  return static_cast<unsigned>(word & ((1U << k) - 1));
}

}  // namespace mpc
