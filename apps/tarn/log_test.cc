// Lines as they leave, read back through a pipe; JSON is read by another implementation.
#include "tarn/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/check.h"

namespace tarn {
namespace {

using base::LogLevel;

struct FixedClock final : base::Clock {
  explicit FixedClock(std::int64_t at = 1'772'366'400'123) : now(at) {}
  std::int64_t unix_ms() const override { return now; }
  std::int64_t now;
};

// What `write` logs, as one text.
template <class Write>
std::string logged(LogFormat format, LogLevel least, Write write, const FixedClock& clock = FixedClock()) {
  int ends[2];
  CHECK(::pipe2(ends, O_CLOEXEC) == 0);
  {
    StreamLog log(ends[1], format, least, clock);
    write(log);
  }
  ::close(ends[1]);
  std::string out(1 << 16, '\0');
  const ssize_t size = ::read(ends[0], out.data(), out.size());
  ::close(ends[0]);
  out.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return out;
}

const std::array<std::uint8_t, 32> kKey{0xab, 0x12, 0xcd, 0x34, 0xef, 0x56, 0x78};

TEST(Log, WritesTextForPeople) {
  EXPECT_EQ(logged(LogFormat::kText, LogLevel::kInfo,
                   [](base::Log& log) {
                     log.debug("unseen");
                     log.info("session_won", {{"peer", kKey}, {"hops", 12}, {"from", "[::1]:7000"}});
                     log.warning("line_refused", {{"why", "too many"}, {"none", ""}, {"known", false}});
                   }),
            "2026-03-01T12:00:00.123Z info session_won peer=ab12cd34ef56 hops=12 from=[::1]:7000\n"
            "2026-03-01T12:00:00.123Z warning line_refused why=\"too many\" none=\"\" known=false\n");
}

TEST(Log, WritesJsonForPrograms) {
  EXPECT_EQ(logged(LogFormat::kJson, LogLevel::kDebug,
                   [](base::Log& log) { log.error("x", {{"peer", kKey}, {"ms", 1.5}, {"hops", 12}, {"ok", true}}); }),
            R"({"time":"2026-03-01T12:00:00.123Z","level":"error","event":"x",)"
            R"("peer":"ab12cd34ef56","ms":1.500,"hops":12,"ok":true})"
            "\n");
}

TEST(Log, KnowsTheCalendar) {
  const auto at = [](std::int64_t ms) {
    return logged(
               LogFormat::kText, LogLevel::kInfo, [](base::Log& log) { log.info("e"); }, FixedClock(ms))
        .substr(0, 24);
  };
  EXPECT_EQ(at(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(at(951'782'399'999), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(at(951'782'400'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(at(-1), "1969-12-31T23:59:59.999Z");
}

TEST(Log, LevelsHaveNames) {
  EXPECT_EQ(log_level("debug"), LogLevel::kDebug);
  EXPECT_EQ(log_level("error"), LogLevel::kError);
  EXPECT_EQ(log_level("Error"), std::nullopt);
  EXPECT_EQ(log_level(""), std::nullopt);
}

// A peer chooses this text. It must not end the line, be another field, or move a cursor.
TEST(Log, HostileTextsStayInTheirField) {
  const std::string forged = "x\n2026-03-01T12:00:00.123Z info session_won peer=mallory\r\x1b[2J";
  const auto write = [&](base::Log& log) { log.info("refused", {{"said", forged}, {"hops", 1}}); };
  EXPECT_EQ(logged(LogFormat::kText, LogLevel::kInfo, write),
            "2026-03-01T12:00:00.123Z info refused "
            R"(said="x\u000a2026-03-01T12:00:00.123Z info session_won peer=mallory\u000d\u001b[2J" hops=1)"
            "\n");
  const auto spoof = [](base::Log& log) { log.info("refused", {{"said", "x hops=9"}, {"quote", "\" hops=9"}}); };
  EXPECT_EQ(logged(LogFormat::kText, LogLevel::kInfo, spoof),
            R"(2026-03-01T12:00:00.123Z info refused said="x hops=9" quote="\" hops=9")"
            "\n");
}

RC_GTEST_PROP(Log, AnyTextIsOneLineOfJsonThatReadsBack, (const std::vector<std::uint8_t>& bytes)) {
  const std::string text(bytes.begin(), bytes.end());
  const auto write = [&](base::Log& log) { log.info("e", {{"text", text}, {"last", 1}}); };
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = logged(format, LogLevel::kInfo, write);
    RC_ASSERT(line.find('\n') == line.size() - 1);
    RC_ASSERT(std::all_of(line.begin(), line.end() - 1, [](char c) { return c >= 0x20 && c < 0x7f; }));
    if (format == LogFormat::kText) continue;
    const auto parsed = nlohmann::json::parse(line);
    RC_ASSERT(parsed.size() == 5U);
    RC_ASSERT(parsed["last"] == 1);
    // The other implementation replaces what is not UTF-8 in its own way; texts that are must come back.
    const auto expected = nlohmann::json(text);
    try {
      (void)expected.dump();
    } catch (const nlohmann::json::exception&) {
      continue;
    }
    RC_ASSERT(parsed["text"] == expected);
  }
}

TEST(Log, LinesOfManyThreadsStayWhole) {
  const std::string all = logged(LogFormat::kText, LogLevel::kInfo, [](base::Log& log) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int j = 0; j < 100; ++j) log.info("event", {{"a", 1}});
      });
  });
  std::string expected;
  for (int i = 0; i < 400; ++i) expected += "2026-03-01T12:00:00.123Z info event a=1\n";
  EXPECT_EQ(all, expected);
}

TEST(Log, WhatCannotBeWrittenIsLost) {
  const FixedClock clock;
  StreamLog log(-1, LogFormat::kText, LogLevel::kInfo, clock);
  log.info("lost");
}

}  // namespace
}  // namespace tarn
