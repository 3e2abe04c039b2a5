// tarn market verify, as somebody uses it who has a transcript and trusts nobody.
#include "auction/clearing/generator.h"
#include "e2e/tarn_lab.h"
#include "support/transcripts.h"

namespace e2e {
namespace {

std::string written() {
  return transcripts::written({auction::clearing::windowed_call(auction::clearing::kWindowedTable, 1)});
}

End verified(const std::string& text, const std::vector<std::string>& more = {}) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/transcript.json";
  write_file(file, text);
  std::vector<std::string> words{"market", "verify", file};
  words.insert(words.end(), more.begin(), more.end());
  return tarn(words);
}

TEST(MarketVerify, FindsNothingWrongWithWhatTheMarketWrote) {
  const End end = verified(written());
  EXPECT_EQ(end.code, kDone) << end;
  EXPECT_EQ(end.err, "");
  EXPECT_THAT(end.out, HasSubstr("commitment"));
  EXPECT_THAT(end.out, Not(HasSubstr("FAILED")));
}

TEST(MarketVerify, EndsWithNineWhereAnythingIsNotAsItShouldBe) {
  std::string text = written();
  const std::size_t budget = text.find("\"budget\":\"0\"");
  ASSERT_NE(budget, std::string::npos);
  text[budget + 10] = '1';
  const End end = verified(text, {"--output", "json"});
  EXPECT_EQ(end.code, 9) << end;  // what was found differs from what should be
  EXPECT_THAT(end.out, HasSubstr("\"ok\": false"));
}

TEST(MarketVerify, ComparesWithTheCommitmentThatWasSeenBefore) {
  const std::string text = written();
  const std::size_t at = text.find("\"commitment\":\"");
  ASSERT_NE(at, std::string::npos);
  std::string seen = text.substr(at + 14, 64);
  EXPECT_EQ(verified(text, {"--commitment", seen}).code, kDone);
  seen[5] = seen[5] == '0' ? '1' : '0';
  const End other = verified(text, {"--commitment", seen});
  EXPECT_EQ(other.code, 9) << other;
  EXPECT_THAT(other.out, HasSubstr("not the commitment that was seen"));
  EXPECT_EQ(verified(text, {"--commitment", "5e0c"}).code, kRefused);
}

TEST(MarketVerify, RefusesWhatIsNoTranscript) {
  EXPECT_EQ(verified("{}").code, kRefused);
  EXPECT_EQ(tarn({"market", "verify", "/nonexistent/file"}).code, kRefused);
}

}  // namespace
}  // namespace e2e
