// Must run once before anything else of this room is used by a program: lets libsodium look at the CPU and the system's
// random generator. False if there is no randomness to be had. Safe to call again.
#pragma once

namespace crypto {
bool start();
}  // namespace crypto
