#include "net/address.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(Address, ParsesNamesAndNumbers) {
  const auto name = Address::parse("node-1.example.org:7000");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->host, "node-1.example.org");
  EXPECT_EQ(name->port, 7000);
  EXPECT_EQ(name->text(), "node-1.example.org:7000");
  const auto v6 = Address::parse("[2001:db8::1]:65535");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "2001:db8::1");
  EXPECT_EQ(v6->text(), "[2001:db8::1]:65535");
}

TEST(Address, RefusesWhatIsNotOne) {
  for (const char* text : {"", "host", ":7000", "host:", "host:0", "host:65536", "host:-1", "host:7000 ", "ho st:7000",
                           "host:7a", "::1:7000", "[::1]", "[::1]7000", "[]:7000", "a/b:7000", "host:+7"}) {
    const auto address = Address::parse(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error().code, base::Code::kInvalidInput);
  }
  EXPECT_FALSE(Address::parse(std::string(254, 'a') + ":1").ok());
}

TEST(Address, ResolvesNumbersOfBothFamilies) {
  const auto v4 = resolve({"127.0.0.1", 7000});
  ASSERT_TRUE(v4.ok());
  EXPECT_EQ(v4->front().text(), "127.0.0.1:7000");
  const auto v6 = resolve({"::1", 7000});
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->front().text(), "[::1]:7000");
}

}  // namespace
}  // namespace net
