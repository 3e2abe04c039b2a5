#include "crypto/kernels.h"

#include "base/check.h"

namespace crypto {

bool native_kernels_available() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
#else
  return false;
#endif
}

namespace {
Kernels& current() {
  static Kernels chosen = native_kernels_available() ? Kernels::kNative : Kernels::kPortable;
  return chosen;
}
}  // namespace

Kernels kernels() { return current(); }

void use_kernels(Kernels wanted) {
  CHECK(wanted == Kernels::kPortable || native_kernels_available());
  current() = wanted;
}

}  // namespace crypto
