// Which arithmetic kernels run: the CPU's AES and carry-less multiplication, or the portable twins. Chosen at run time
// from what the CPU offers; both give the same bytes (tests compare them).
#pragma once

namespace crypto {

enum class Kernels { kNative, kPortable };

Kernels kernels();  // what runs now
bool native_kernels_available();
void use_kernels(Kernels wanted);  // for tests and benches, before threads start; kNative only where available

}  // namespace crypto
