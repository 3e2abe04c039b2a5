#include "support/places.h"

namespace support {

const char* const kSourceTree = TARN_SOURCE;
const char* const kTarnProgram = TARN_PROGRAM;

}  // namespace support
