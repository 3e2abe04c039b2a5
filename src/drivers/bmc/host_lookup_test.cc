#include "drivers/bmc/host_lookup.h"

#include <gtest/gtest.h>

namespace drivers {
namespace {

TEST(HostLookup, NumericHostsAreKnownAtOnceWithTheirPortOrTheUsualOne) {
  const auto expect = [](const std::string& address, const std::string& host, std::uint16_t port) {
    const auto found = look_up(address, 623, 0);
    ASSERT_TRUE(found.ok()) << address << ": " << found.error().message;
    EXPECT_EQ(found->host, host);
    EXPECT_EQ(found->port, port);
  };
  expect("10.0.0.7", "10.0.0.7", 623);
  expect("10.0.0.7:9000", "10.0.0.7", 9000);
  expect("fd00::7", "fd00::7", 623);
  expect("[fd00::7]", "fd00::7", 623);
  expect("[fd00::7]:9000", "fd00::7", 9000);
}

TEST(HostLookup, WhatIsNoAddressIsRefused) {
  for (const std::string bad : {"", ":623", "host:", "host:0", "host:65536", "host:62x", "a b", "a/b", "-h\n"})
    EXPECT_EQ(look_up(bad, 623, 1'000).error().code, base::Code::kInvalidInput) << bad;
}

}  // namespace
}  // namespace drivers
