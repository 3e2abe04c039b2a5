// Ctrl-C and SIGTERM as a flag that long waits look at, so that everything is cleaned up on the way out.
#pragma once

namespace tarn {
void catch_signals();
bool interrupted();
}  // namespace tarn
