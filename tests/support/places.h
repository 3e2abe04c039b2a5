// Where things lie that tests need: compiled once, so that no other object depends on the place of the clone.
#pragma once

namespace support {

extern const char* const kSourceTree;   // the clone
extern const char* const kTarnProgram;  // built beside the tests

}  // namespace support
