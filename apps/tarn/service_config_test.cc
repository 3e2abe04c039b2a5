#include "tarn/service_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(ServiceClientConfig, ReadsWhereAndWho) {
  const auto config = parse_client_config(
      "url = \"https://hil.example.org\"\ntoken_file = \"token\"\npin = \"sha256:" + std::string(64, 'a') + "\"",
      "c.toml", "/home/a/.config/tarn", "isolation");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->token_file, "/home/a/.config/tarn/token");
  for (const char* const bad : {"url = \"ftp://x\"", "pin = \"sha256:aa\"", "token = \"tarn_…\""})
    EXPECT_FALSE(parse_client_config(bad, "c.toml", "/", "isolation").ok()) << bad;
}

TEST(ServiceClientConfig, PinsTheKeyOfAMarketAndOfNothingElse) {
  const std::string key = "org_" + std::string(64, 'a'), text = "market_key = \"" + key + "\"";
  const auto config = parse_client_config(text, "market.toml", "/", "market");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->market_key, key);
  EXPECT_FALSE(parse_client_config(text, "isolation.toml", "/", "isolation").ok());
  const auto wrong = parse_client_config("market_key = \"org_aa\"", "market.toml", "/", "market");
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, testing::HasSubstr("market_key must be"));
}

TEST(ServiceClientConfig, ServiceUrls) {
  const auto plain = ServiceUrl::parse("https://hil.example.org");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->host, "hil.example.org");
  EXPECT_EQ(plain->port, 7600);
  EXPECT_TRUE(plain->tls);
  const auto six = ServiceUrl::parse("http://[::1]:80/");
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 80);
  EXPECT_FALSE(six->tls);
  EXPECT_EQ(ServiceUrl::parse("https://[::1]")->port, 7600);
  EXPECT_EQ(ServiceUrl::parse("https://a.example", kMarketPort)->port, 7700);
  for (const char* const bad : {"", "hil.example.org", "https://", "https://a/b", "https://u@a", "https://a:0",
                                "https://a:99999", "https://a?b", "https://a\n"})
    EXPECT_FALSE(ServiceUrl::parse(bad).ok()) << bad;
}

TEST(ServiceClientConfig, PinsAreWrittenAsTheyAreRead) {
  const std::string text = "sha256:" + std::string(32, '0') + std::string(32, 'f');
  const auto pin = parse_pin(text);
  ASSERT_TRUE(pin.ok());
  EXPECT_EQ(pin_text(*pin), text);
  for (const char* const bad : {"", "sha256:", "sha1:00", "sha256:zz"}) EXPECT_FALSE(parse_pin(bad).ok()) << bad;
}

}  // namespace
}  // namespace tarn
