// tarn market verify FILE: re-checks the transcript of a clearing (verify/verify.h). The exit code is 9 if anything in it
// is not as it should be, and 2 if it is no transcript.
//   market_verify.cc          reads, checks, prints
//   market_verify_options.cc  the command line
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace tarn {

struct MarketVerifyOptions {
  std::string file, commitment;
};
int run_market_verify(const MarketVerifyOptions& options);

// Adds `verify` to the group `market`.
void add_market_verify(CLI::App& market, MarketVerifyOptions& options, int& exit_code);

}  // namespace tarn
