#include "drivers/switch/json_rpc.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/json_string.h"

namespace drivers {
namespace {

RC_GTEST_PROP(JsonRpcDecoder, MessagesComeOutHoweverTheyWereCut, ()) {
  const auto texts = *rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>());
  std::vector<std::string> sent;
  std::string stream;
  for (const auto& text : texts) {
    sent.push_back("{\"a\":[" + base::json_string(text) + ",{}]}");
    stream += *rc::gen::element<std::string>("", " ", "\r\n") + sent.back();
  }
  JsonRpcDecoder decoder;
  std::vector<std::string> got;
  while (!stream.empty()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, stream.size() + 1);
    RC_ASSERT(decoder.feed(std::string_view(stream).substr(0, size)).ok());
    stream.erase(0, size);
    while (auto message = decoder.next()) got.push_back(*message);
  }
  RC_ASSERT(got == sent);
}

TEST(JsonRpcDecoder, BracketsAndQuotesInsideStringsAreText) {
  JsonRpcDecoder decoder;
  const std::string message = R"({"a":"}]\"\\","b":"{"})";
  ASSERT_TRUE(decoder.feed(message).ok());
  EXPECT_EQ(decoder.next(), message);
  EXPECT_FALSE(decoder.next());
}

TEST(JsonRpcDecoder, WhatIsNoMessageOrTooMuchIsRefusedForEver) {
  for (const std::string& bad : {std::string("HTTP/1.1 400"), "{\"a\":\"" + std::string(100, 'x') + "\"}",
                                 "{\"a\":" + std::string(JsonRpcDecoder::kMaxDepth, '['), std::string("[]")}) {
    JsonRpcDecoder decoder(bad.find('[') == std::string::npos ? 50 : 200);
    const auto fed = decoder.feed(bad);
    ASSERT_FALSE(fed.ok()) << bad;
    EXPECT_EQ(fed.error().code, base::Code::kUnreachable);
    EXPECT_FALSE(decoder.feed("{}").ok());
    EXPECT_FALSE(decoder.next());
  }
  JsonRpcDecoder flooded(50);
  std::string many;
  for (int i = 0; i < 60; ++i) many += "{}";
  EXPECT_FALSE(flooded.feed(many).ok());
}

}  // namespace
}  // namespace drivers
