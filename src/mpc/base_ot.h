// 128 random oblivious transfers of 16-byte seeds by public-key operations: Chou–Orlandi ("The simplest protocol for
// oblivious transfer", LATINCRYPT 2015; eprint 2015/267) over ristretto255, hardened: session, parties, index, both
// points go into every hash; points are validated, the identity is refused.
// The sender's point A = y·G travels ahead of time; then one message, receiver to sender, of 128 points
// B_i = b_i·G + c_i·A. Seeds: H(i, A, B_i, y·B_i) and H(i, A, B_i, y·B_i − y·A); the receiver has H(i, A, B_i, b_i·A).
// Malicious both sides; about 10 ms of one core a side.
#pragma once

#include <optional>

#include "crypto/group.h"
#include "crypto/random.h"
#include "mpc/seed_trees.h"

namespace mpc {

inline constexpr std::size_t kBaseOtMessage = 128 * 32;

struct OtSecret {  // the sender's, until its transfers are done
  crypto::Scalar y;
  crypto::Point a{};
};
OtSecret make_ot_secret(base::Random& random);

struct ChosenOt {
  ChosenSeeds seeds;
  base::Bytes message;
};
// Nothing if A is invalid.
std::optional<ChosenOt> ot_choose(base::ByteView tag, const crypto::Point& a, const crypto::Block& choice,
                                  base::Random& random);
// Nothing if a point of the message (kBaseOtMessage bytes) is invalid.
std::optional<SeedPairs> ot_send(base::ByteView tag, const OtSecret& secret, base::ByteView message);

}  // namespace mpc
