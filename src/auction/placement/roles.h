// What every placement mechanism takes and gives, over a Bit as in oblivious.h: the requester's and the providers'
// inputs, and what each of them is told. mechanism.h says which bits mean what.
#pragma once

#include <vector>

#include "auction/placement/oblivious.h"

namespace auction {

template <class Bit>
struct Request {
  Number<Bit> quantity, max_price;  // of the whole request; for one unit
};

template <class Bit>
struct Offer {
  Number<Bit> capacity, price;  // free units; for one unit
};

// A party's outputs in the order in which decode_requester() and decode_provider() read them.
template <class Bit>
struct Told {
  Number<Bit> requester;
  std::vector<Number<Bit>> providers;
};

}  // namespace auction
