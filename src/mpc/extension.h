// EXT: correlated oblivious transfer by extension (SoftSpokenOT, Roy, CRYPTO 2022, repetition code, k columns a tree),
// with a check that a common χ makes across several verifiers. A prover with bits u gets columns w_c, a verifier with
// choice δ gets q_c = w_c ⊕ δ_c·u; as rows, M_m = K_m ⊕ u_m·δ.
//
// u is padded with zeros to whole blocks and then one uniform block, the mask, which is never used again.
// The check (column-wise over GF(2^128), malicious prover): R(v) = v_last + Σ χ_b·v_b; the prover sends ũ = R(u) and
// the hash of all R(w_c); a verifier recomputes it from R(q_c) ⊕ δ_c·ũ. χ comes from a hash of all corrections to all
// verifiers, so one u is proven towards everybody. Failing it may depend on guessed bits of δ: the caller ends all use
// of that δ when it fails.
#pragma once

#include "base/bytes.h"
#include "crypto/sha256.h"
#include "mpc/seed_trees.h"

namespace mpc {

// Blocks in a padded u of `bits` bits, the mask included.
inline std::size_t extension_blocks(std::size_t bits) { return (bits + 127) / 128 + 1; }
inline std::size_t correction_size(unsigned k, std::size_t blocks) { return 128 / k * blocks * 16; }

struct ProverColumns {
  crypto::Blocks columns;  // 128 a block of u, in squares (bit_matrix.h)
  base::Bytes correction;
};

// `start` is where in every leaf's stream this use begins: fresh for each, from stream_start().
crypto::Block stream_start(const crypto::Digest& tag);
ProverColumns extend(const Trees& trees, const crypto::Block& start, const crypto::Blocks& u);
crypto::Blocks extend(const PuncturedTrees& trees, const crypto::Block& start, std::size_t blocks,
                      base::ByteView correction);

// The check. χ: one weight a block but the last.
crypto::Blocks weights(const crypto::Digest& seed, std::size_t blocks);
crypto::Block residue(const crypto::Blocks& v, const crypto::Blocks& chi);
crypto::Digest prover_digest(crypto::Sha256& tagged, const crypto::Blocks& columns, const crypto::Blocks& chi);
crypto::Digest verifier_digest(crypto::Sha256& tagged, const crypto::Blocks& columns, const crypto::Blocks& chi,
                               const crypto::Block& delta, const crypto::Block& residue_of_u);

}  // namespace mpc
