// Circuits whose results the rest of the world knows too: AES-128 and the SHA-256 compression function, to test and to
// measure the engine against OpenSSL. Bits of every value: bytes in order, the most significant bit of a byte first.
//
// AES-128: 6,400 AND gates = 200 S-boxes (160 in the rounds, 40 in the key schedule) of 32. The S-box is the one of
// Boyar and Peralta, "A new combinational logic minimization technique with applications to cryptology" (SEA 2010), 32
// AND and 83 XOR gates; their depth-16 circuit (2012) has two AND gates more. Bristol's older file: 6,800.
// SHA-256, one block from the fixed initial value: 21,890 AND gates (Bristol's file: 22,272), by one AND gate a
// bit for Ch, Maj and every adder, sums of many terms column by column, and constants where they are free.
#pragma once

#include <array>
#include <cstddef>
#include <functional>

#include "mpc/circuit.h"
#include "mpc/circuit_builder.h"

namespace mpc {

using BitOwner = std::function<std::size_t(std::size_t bit)>;  // from the index of a bit of a value to a party
BitOwner owned_by(std::size_t party);
BitOwner shared_halves(std::size_t bits);  // the first half is party 0's, the second party 1's

// Inputs: the key (128 bits) of party 0, the plaintext (128) of party 1. Output: the ciphertext (128).
Circuit aes128_circuit(std::size_t parties = 2, const BitOwner& ciphertext = owned_by(0));

// Input: the padded block (512 bits). Output: the chaining value (256), which is the digest of a message of one block.
Circuit sha256_circuit(std::size_t parties = 2, const BitOwner& block = shared_halves(512),
                       const BitOwner& digest = owned_by(0));

using BitByte = std::array<Bit, 8>;  // most significant first
BitByte aes_sbox(const BitByte& x);

}  // namespace mpc
