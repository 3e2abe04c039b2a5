#include "tarn/market_config.h"

#include <gmock/gmock.h>

namespace tarn {
namespace {

TEST(MarketConfig, HasDefaultsThatWork) {
  const auto config = parse_market_config("[storage]\nstate_dir = \"here\"", "m.toml", "/etc");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->state_dir, "/etc/here");
  EXPECT_EQ(config->listen, "127.0.0.1:7700");
  EXPECT_EQ(config->fulfiller, MarketConfig::Fulfiller::kManual);
  EXPECT_EQ(config->max_clock_step_ms, 300'000);
  EXPECT_TRUE(check_service_config(*config).ok());
  EXPECT_FALSE(check_service_config(MarketConfig()).ok());  // where is its state?
}

TEST(MarketConfig, ReadsWhatItKnows) {
  const auto config = parse_market_config(
      "[http]\nlisten = \"10.0.0.1:1\"\nmetrics = false\n[limits]\nmembers = 7\ntick = \"200ms\"\n"
      "[delivery]\nby = \"recording\"",
      "m.toml", "/");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->listen, "10.0.0.1:1");
  EXPECT_FALSE(config->metrics);
  EXPECT_EQ(config->limits.members, 7U);
  EXPECT_EQ(config->clock.tick_ms, 200);
  EXPECT_EQ(config->fulfiller, MarketConfig::Fulfiller::kRecording);
}

TEST(MarketConfig, AClockMayStepByNothingOrASecondToADay) {
  const auto read = [](const std::string& step) {
    return parse_market_config("[limits]\nmax_clock_step = \"" + step + "\"", "m.toml", "/");
  };
  EXPECT_EQ(read("0s")->max_clock_step_ms, 0);
  EXPECT_EQ(read("1s")->max_clock_step_ms, 1'000);
  EXPECT_EQ(read("1d")->max_clock_step_ms, 86'400'000);
  for (const char* const bad : {"0", "0ms", "999ms", "25h", "-5m", "never"}) EXPECT_FALSE(read(bad).ok()) << bad;
  EXPECT_THAT(read("0ms").error().message, testing::HasSubstr("or \"0s\"")) << "which is refused, and what is not";
}

TEST(MarketConfig, RefusesWhatCannotWork) {
  for (const char* const bad :
       {"[limits]\nmembers = 0", "[limits]\ntick = \"1ms\"", "[limits]\nmember = 1", "[delivery]\nby = \"magic\"",
        "[markets]", "[storage]\npostgres = \"host=db password=x\"", "[http]\nkey = \"k\""})
    EXPECT_FALSE(parse_market_config(bad, "m.toml", "/").ok()) << bad;
}

}  // namespace
}  // namespace tarn
