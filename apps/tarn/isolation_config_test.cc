// Configurations of the isolation service and its clients: what is read, and that what cannot work is refused by its line.
#include "tarn/isolation_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tarn {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& text) {
  const auto config = parse_isolation_config(text, "i.toml", "/etc/tarn");
  return config.ok() ? "" : config.error().message;
}

TEST(IsolationConfig, HasDefaultsThatWork) {
  auto config = parse_isolation_config("", "i.toml", "/etc/tarn");
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(check_service_config(*config).ok());  // nobody said where its state is
  config->state_dir = "/var/lib/tarn";
  EXPECT_TRUE(check_service_config(*config).ok());
  EXPECT_FALSE(config->development);
}

TEST(IsolationConfig, ReadsWhatItKnows) {
  const auto config = parse_isolation_config(R"(
    [http]
    listen = "0.0.0.0:443"
    certificate = "tls/server.pem"
    key = "/etc/ssl/server.key"
    metrics = false
    connections = 10
    [storage]
    state_dir = "state"
    postgres = "host=db dbname=tarn"
    [vlans]
    first = 200
    last = 300
    [limits]
    give_up = "90s"
    reconcile_every = "5m"
    keep_events = "7d"
    changes_waiting = 0
  )",
                                             "i.toml", "/etc/tarn");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->certificate, "/etc/tarn/tls/server.pem");
  EXPECT_EQ(config->key, "/etc/ssl/server.key");
  EXPECT_EQ(config->state_dir, "/etc/tarn/state");
  EXPECT_FALSE(config->metrics);
  EXPECT_EQ(config->rules.first_vlan, 200);
  EXPECT_EQ(config->rules.last_vlan, 300);
  EXPECT_EQ(config->rules.give_up_ms, 90'000);
  EXPECT_EQ(config->rules.most_waiting, 0U);
  EXPECT_EQ(config->reconcile_every_ms, 300'000);
  EXPECT_EQ(config->keep_events_ms, 7 * 86'400'000);
}

TEST(IsolationConfig, RefusesWhatCannotWork) {
  EXPECT_THAT(refusal("[http]\nlistn = \"x\""), HasSubstr("i.toml line 2: unknown key"));
  EXPECT_THAT(refusal("[http]\nlisten = \"nowhere\""), HasSubstr("listen"));
  EXPECT_THAT(refusal("[http]\ncertificate = \"a\""), HasSubstr("belong together"));
  EXPECT_THAT(refusal("[http]\ncertificate = \"a\"\nkey = \"b\"\ndevelopment = true"), HasSubstr("without TLS"));
  EXPECT_THAT(refusal("[vlans]\nfirst = 300\nlast = 200"), HasSubstr("first"));
  EXPECT_THAT(refusal("[vlans]\nlast = 4095"), HasSubstr("1 to 4094"));
  EXPECT_THAT(refusal("[limits]\ngive_up = \"0s\""), HasSubstr("give_up"));
  EXPECT_THAT(refusal("[limits]\nfirst_retry = \"1m\""), HasSubstr("longest_retry"));
}

TEST(IsolationConfig, ADatabasePasswordIsNotForThisFile) {
  const std::string why = refusal("[storage]\npostgres = \"host=db password=hunter2\"");
  EXPECT_THAT(why, HasSubstr("passfile"));
  EXPECT_THAT(why, testing::Not(HasSubstr("hunter2")));
}

TEST(IsolationConfig, DevelopmentModeIsForLoopbackOnly) {
  for (const char* const good : {"127.0.0.1:7600", "[::1]:7600", "localhost:80", "127.8.9.1:1"}) {
    IsolationConfig config;
    config.state_dir = "/s";
    config.development = true;
    config.listen = good;
    EXPECT_TRUE(check_service_config(config).ok()) << good;
  }
  for (const char* const bad : {"0.0.0.0:7600", "[::]:7600", "10.0.0.1:80", "127.example.org:80", "example.org:80"}) {
    IsolationConfig config;
    config.state_dir = "/s";
    config.development = true;
    config.listen = bad;
    EXPECT_FALSE(check_service_config(config).ok()) << bad;
    config.development = false;
    EXPECT_TRUE(check_service_config(config).ok()) << bad;
  }
}

TEST(IsolationConfig, DevelopmentModeIsForLoopbackWhateverSocketWasGiven) {
  IsolationConfig config;
  config.development = true;
  for (const char* const good : {"127.0.0.1:1", "[::1]:65535"}) EXPECT_TRUE(check_bound(config, good).ok()) << good;
  for (const char* const bad : {"0.0.0.0:1", "[::]:1", "192.0.2.1:80", "[2001:db8::1]:80", ""})
    EXPECT_FALSE(check_bound(config, bad).ok()) << bad;
  config.development = false;
  EXPECT_TRUE(check_bound(config, "0.0.0.0:1").ok());
}

TEST(IsolationConfig, NoPeerMayHaveEveryConnectionNorSendMoreThanTheApiTakes) {
  IsolationConfig config;
  EXPECT_EQ(http_limits(config).connections, 1'024U);
  EXPECT_EQ(http_limits(config).connections_a_peer, 256U);
  EXPECT_EQ(http_limits(config).body_bytes, 1'048'576U);
  config.connections = 10;
  EXPECT_EQ(http_limits(config).connections_a_peer, 10U);
}

}  // namespace
}  // namespace tarn
