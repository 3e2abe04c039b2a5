#include "tarn/leaf.h"
#include "tarn/market_verify.h"

namespace tarn {

void add_market_verify(CLI::App& market, MarketVerifyOptions& options, int& exit_code) {
  CLI::App* verify = market.add_subcommand("verify", "check a clearing's transcript without trusting who cleared");
  verify->add_option("FILE", options.file, "the transcript (JSON)")->required();
  verify->add_option("--commitment", options.commitment,
                     "the seed_commitment that tarn market show showed before the call: is it the transcript's?");
  verify->footer(
      "Example: tarn market verify clearing-17.json --commitment 5e0c…\n"
      "Exit code 9 if anything is not as it should be; docs/market/transcript.md says what is checked.");
  leaf(verify, options, run_market_verify, exit_code);
}

}  // namespace tarn
