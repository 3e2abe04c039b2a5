// Answers of a server, however they are cut, and what is none.
#include "net/http_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace net {
namespace {

using testing::HasSubstr;

constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
    "5;name=value\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: yes\r\n\r\n";

struct Outcome {
  base::Status status;
  base::HttpReply reply;
  bool reusable = false;
};

// Fed `size` bytes at a time, and then the end.
Outcome parse(std::string_view text, std::size_t size, bool to_head = false, ReplyLimits limits = {}) {
  HttpReplyParser parser(to_head, limits);
  for (; !text.empty() && !parser.done(); text.remove_prefix(std::min(size, text.size())))
    if (const auto fed = parser.feed(text.substr(0, size)); !fed.ok()) return {fed, {}};
  const bool reusable = parser.done() && text.empty() && parser.reusable();
  if (const auto ended = parser.end(); !ended.ok()) return {ended, {}};
  return {{}, parser.take(), reusable};
}

base::Code code(std::string_view text, ReplyLimits limits = {}) {
  const Outcome outcome = parse(text, text.size(), false, limits);
  return outcome.status.ok() ? base::Code::kStorage : outcome.status.error().code;
}

TEST(HttpReply, IsTheSameHoweverItIsCut) {
  const std::string sized = "HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\nhello, world";
  for (std::size_t size = 1; size <= kChunked.size(); ++size) {
    const Outcome chunked = parse(kChunked, size);
    ASSERT_TRUE(chunked.status.ok()) << size;
    EXPECT_EQ(chunked.reply.status, 200U);
    EXPECT_EQ(chunked.reply.body, "hello, world") << size;
    EXPECT_TRUE(chunked.reusable);
    const Outcome plain = parse(sized, size);
    ASSERT_TRUE(plain.status.ok()) << size;
    EXPECT_EQ(plain.reply.status, 201U);
    EXPECT_EQ(plain.reply.body, "hello, world");
    EXPECT_TRUE(plain.reusable);
  }
}

TEST(HttpReply, CutShortIsABrokenConnection) {
  for (std::size_t size = 0; size < kChunked.size(); ++size)
    EXPECT_EQ(code(kChunked.substr(0, size)), base::Code::kUnreachable) << size;
  EXPECT_EQ(code("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), base::Code::kUnreachable);
}

TEST(HttpReply, EndsWithTheConnectionWhereNothingElseTells) {
  const Outcome outcome = parse("HTTP/1.1 200 OK\r\n\r\nall of it", 4);
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.reply.body, "all of it");
  EXPECT_FALSE(outcome.reusable);
}

TEST(HttpReply, HasNoBodyWhereThereIsNone) {
  const Outcome none = parse("HTTP/1.1 204 No Content\r\n\r\n", 100);
  ASSERT_TRUE(none.status.ok());
  EXPECT_TRUE(none.reusable);
  const Outcome head = parse("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 100, true);
  ASSERT_TRUE(head.status.ok());
  EXPECT_EQ(head.reply.body, "");
}

TEST(HttpReply, KeepsTheConnectionOnlyIfTheServerDoesAndNothingFollows) {
  EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 100).reusable);
  EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 100).reusable);
  HttpReplyParser parser(false, {});
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n").ok());
  ASSERT_TRUE(parser.done());
  EXPECT_FALSE(parser.reusable());
}

TEST(HttpReply, SaysWhenToComeBackInSecondsOnly) {
  const auto after = [](const std::string& value) {
    return parse("HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\nRetry-After: " + value + "\r\n\r\n", 1000)
        .reply.retry_after_s;
  };
  EXPECT_EQ(after("7"), 7);
  EXPECT_EQ(after("0"), 0);
  EXPECT_EQ(after("-1"), std::nullopt);
  EXPECT_EQ(after("99999999999"), std::nullopt);
  EXPECT_EQ(after("Wed, 21 Oct 2026 07:28:00 GMT"), std::nullopt);
}

TEST(HttpReply, InterimAnswersAreSkippedButNotForever) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  const std::string last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(parse(interim + interim + last, 7).reply.body, "ok");
  std::string many;
  for (int i = 0; i < 20; ++i) many += interim;
  EXPECT_EQ(code(many + last), base::Code::kInvalidInput);
  EXPECT_EQ(code("HTTP/1.1 101 Switching Protocols\r\n\r\n"), base::Code::kInvalidInput);
}

TEST(HttpReply, HasLimits) {
  const ReplyLimits limits{.header_bytes = 500, .body_bytes = 20};
  const std::string begin = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(code(begin + "X: " + std::string(600, 'x') + "\r\n\r\n", limits), base::Code::kInvalidInput);
  EXPECT_EQ(code(begin + "Content-Length: 21\r\n\r\n", limits), base::Code::kInvalidInput);
  EXPECT_EQ(code(begin + "Content-Length: 18446744073709551615\r\n\r\n", limits), base::Code::kInvalidInput);
  EXPECT_EQ(code(begin + "\r\n" + std::string(21, 'x'), limits), base::Code::kInvalidInput);
  const std::string chunk = "8\r\n12345678\r\n";
  EXPECT_EQ(code(begin + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk + "0\r\n\r\n", limits),
            base::Code::kInvalidInput);
  EXPECT_EQ(code(begin + "Transfer-Encoding: chunked\r\n\r\n8;" + std::string(600, 'x'), limits),
            base::Code::kInvalidInput);
  EXPECT_TRUE(parse(begin + "Content-Length: 20\r\n\r\n" + std::string(20, 'x'), 3, false, limits).status.ok());
}

TEST(HttpReply, WhatIsNoHttpIsSaidToBeNone) {
  for (const std::string_view text :
       {"hello\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 020 OK\r\n\r\n",
        "\x16\x03\x01 what is this\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"})
    EXPECT_EQ(code(text), base::Code::kInvalidInput) << text;
}

TEST(HttpReply, StreamsWhatIsGoodAndKeepsWhatIsNot) {
  std::string got;
  const auto on_data = [&](std::string_view bytes) {
    got += bytes;
    return got.size() < 8;
  };
  HttpReplyParser good(false, {.header_bytes = 500, .body_bytes = 1}, on_data);
  ASSERT_TRUE(good.feed(kChunked).ok());
  ASSERT_TRUE(good.done());  // it had enough
  EXPECT_EQ(got, "hello, world");
  EXPECT_EQ(good.take().body, "");

  got.clear();
  HttpReplyParser gone(false, {}, on_data);
  ASSERT_TRUE(gone.feed("HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\nlost").ok());
  ASSERT_TRUE(gone.done());
  EXPECT_EQ(gone.take().body, "lost");
  EXPECT_EQ(got, "");
}

TEST(HttpReply, StoppedAmidAnAnswerItsConnectionIsOfNoUse) {
  HttpReplyParser parser(false, {}, [](std::string_view) { return false; });
  ASSERT_TRUE(parser.feed(kChunked.substr(0, kChunked.size() - 20)).ok());
  EXPECT_TRUE(parser.done());
  EXPECT_FALSE(parser.reusable());
}

}  // namespace
}  // namespace net
