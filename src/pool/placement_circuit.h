// A placement mechanism as a circuit for mpc, and amounts as the bits that go in; auction decodes what comes out. The
// only place that knows both mpc and auction. Party 0 is the requester, party i is provider i − 1; every amount is `width` bits, least
// significant first:
//   in:  requester quantity, limit; provider capacity, price
//   out: what auction::decode_requester() and auction::decode_provider() read
// The same arguments give the same circuit, gate for gate, at every party: its hash is compared before a run.
// AND gates at 32 bits among 2, 3, 5, 8, 16 parties:
//   first-price 129, 259, 519, 909, 1,949            second-price 129, 357, 781, 1,402, 3,002
//   split 323, 679, 1,536, 3,339, 9,619              … -partial 290, 678, 1,599, 3,498, 10,034
//   split-pay-as-bid 291, 647, 1,504, 3,307, 9,587   … -partial 258, 614, 1,471, 3,274, 9,554
//   vcg 3,663, 5,491, 9,691, 17,417, 44,434
// Pure, any thread.
#pragma once

#include <cstddef>

#include "auction/placement/mechanism.h"
#include "base/result.h"
#include "mpc/circuit.h"

namespace pool {

constexpr std::size_t kMinProviders = 1, kMaxProviders = 15;

// `providers` and `width` (auction::kMinWidth … max_width()) come from a checked manifest: outside the limits is a bug.
mpc::Circuit placement_circuit(auction::Mechanism mechanism, std::size_t providers, std::size_t width);

// Refuse an amount that the width cannot hold and a request for nothing. The message names the field, not the amount.
base::Result<mpc::Bits> encode(auction::Mechanism mechanism, std::size_t width, const auction::RequesterInput& input);
base::Result<mpc::Bits> encode(auction::Mechanism mechanism, std::size_t width, const auction::ProviderInput& input);

}  // namespace pool
