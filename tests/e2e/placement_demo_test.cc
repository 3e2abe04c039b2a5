// tarn demo --placement: whole placements among processes, held against what the mechanisms promise.
#include <set>

#include "e2e/tarn_lab.h"

namespace e2e {
namespace {

// The table of who put in what and learned what, without the times.
std::string story(const End& end) {
  const auto times = end.out.find("links ms");
  return times == std::string::npos ? "(no table)" : end.out.substr(0, end.out.rfind("\n\n", times));
}

class PlacementDemoConfig : public testing::Test {
 protected:
  // What each party learned, the requester first.
  std::vector<std::string> learned(const std::string& config, const std::vector<std::string>& more = {}) {
    write_file(directory / "demo.toml", config);
    std::vector<std::string> words{"demo", "--placement", "--config", directory / "demo.toml", "--output", "json"};
    words.insert(words.end(), more.begin(), more.end());
    const End end = tarn(words);
    EXPECT_EQ(end.code, kDone) << end;
    const json demo = end.parsed();
    EXPECT_EQ(demo.value("equals_plain", false), true) << end;
    std::vector<std::string> out;
    for (const json& party : demo["parties"]) out.push_back(party["learned"]);
    return out;
  }
  End refused(const std::string& config) {
    write_file(directory / "demo.toml", config);
    return tarn({"demo", "--placement", "--config", directory / "demo.toml"});
  }
  static std::string wants(std::uint64_t quantity, std::uint64_t limit, const std::string& mechanism = "second-price") {
    return "mechanism = \"" + mechanism + "\"\n[requester]\nquantity = " + std::to_string(quantity) +
           "\nmax_price = " + std::to_string(limit) + "\n";
  }
  static std::string has(const std::string& name, std::uint64_t capacity, std::uint64_t price) {
    return "[[providers]]\nname = \"" + name + "\"\ncapacity = " + std::to_string(capacity) +
           "\nprice = " + std::to_string(price) + "\n";
  }
  TemporaryDirectory directory;
};
using Learned = std::vector<std::string>;

TEST(PlacementDemo, ASeedTellsTheSameStoryAgainAndAnotherSeedAnother) {
  const End first = tarn({"demo", "--placement", "--seed", "7", "--providers", "3"}),
            again = tarn({"demo", "--placement", "--seed", "7", "--providers", "3"}),
            other = tarn({"demo", "--placement", "--seed", "8", "--providers", "3"});
  ASSERT_EQ(first.code, kDone) << first;
  ASSERT_EQ(again.code, kDone) << again;
  EXPECT_EQ(story(first), story(again));
  EXPECT_NE(story(first), story(other));
  EXPECT_THAT(story(first), HasSubstr("wants 32, pays at most"));
  EXPECT_THAT(first.out, HasSubstr("gives the same result"));
}

TEST(PlacementDemo, AnInventedStoryCanBeToldAgainWithTheSeedThatStderrNames) {
  const End first = tarn({"demo", "--placement", "--providers", "2"});
  ASSERT_EQ(first.code, kDone) << first;
  const std::string before = "--seed ";
  const auto at = first.err.find(before);
  ASSERT_NE(at, std::string::npos) << first;
  const std::string seed = first.err.substr(at + before.size(), first.err.find('\n', at) - at - before.size());
  EXPECT_EQ(story(tarn({"demo", "--placement", "--providers", "2", "--seed", seed})), story(first));
}

TEST(PlacementDemo, OneProviderIsEnough) {
  const End end = tarn({"demo", "--placement", "--seed", "1", "--providers", "1", "--output", "json"});
  ASSERT_EQ(end.code, kDone) << end;
  const json demo = end.parsed();
  EXPECT_EQ(demo["equals_plain"], true);
  EXPECT_EQ(demo["parties"].size(), 2U);
}

TEST(PlacementDemo, FifteenProvidersAreTheMost) {
  const End end = tarn({"demo", "--placement", "--seed", "1", "--providers", "15", "--output", "json"});
  ASSERT_EQ(end.code, kDone) << end;
  const json demo = end.parsed();
  EXPECT_EQ(demo["equals_plain"], true);
  EXPECT_EQ(demo["parties"].size(), 16U);
  EXPECT_EQ(demo["seed"], 1);
  std::set<std::string> ids;
  for (const json& party : demo["parties"]) ids.insert(party["id"]);
  EXPECT_EQ(ids.size(), 16U);
}

TEST(PlacementDemo, JsonHoldsOnlyWhatEachPartyLearned) {
  const End end = tarn(
      {"demo", "--placement", "--seed", "1", "--providers", "4", "--mechanism", "first-price", "--output", "json"});
  ASSERT_EQ(end.code, kDone) << end;
  const json demo = end.parsed();
  ASSERT_EQ(demo["parties"].size(), 5U);
  EXPECT_EQ(demo["mechanism"], "first-price");
  std::size_t selected = 0;
  for (const json& party : demo["parties"]) {
    const json& result = party["result"];
    EXPECT_EQ(result["hops_online"], 3);
    if (result["role"] == "requester") continue;
    EXPECT_FALSE(result.contains("winners"));
    EXPECT_EQ(result.contains("unit_payment"), result["selected"].get<bool>());
    EXPECT_EQ(result.contains("quantity"), result["selected"].get<bool>());
    selected += result["selected"].get<bool>();
  }
  const json& requester = demo["parties"][0]["result"];
  EXPECT_EQ(requester["role"], "requester");
  EXPECT_EQ(selected, requester["winners"].size());
  for (const json& winner : requester["winners"])
    EXPECT_EQ(winner["id"], demo["parties"][winner["index"].get<std::size_t>()]["id"]);
}

TEST(PlacementDemo, ADistanceStretchesTheSessionByItsHops) {
  const End end =
      tarn({"demo", "--placement", "--seed", "1", "--providers", "2", "--rtt-ms", "20", "--output", "json"});
  ASSERT_EQ(end.code, kDone) << end;
  const json demo = end.parsed();
  EXPECT_EQ(demo["equals_plain"], true);
  EXPECT_EQ(demo["rtt_ms"], 20.0);
  // The first hop may have begun before our clock did.
  for (const json& party : demo["parties"]) EXPECT_GE(party["result"]["total_ms"].get<double>(), 12 * 10.0);
}

TEST(PlacementDemo, WhatCannotBePlacedIsRefused) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"demo", "--placement", "--quantity", "0"},
                                             {"demo", "--placement", "--mechanism", "third-price"},
                                             {"demo", "--placement", "--mechanism", ""},
                                             {"demo", "--placement", "--providers", "16"}}) {
    const End end = tarn(words);
    EXPECT_EQ(end.code, kRefused) << testing::PrintToString(words) << end;
    EXPECT_EQ(end.out, "");
    EXPECT_NE(end.err, "");
  }
}

TEST(PlacementDemo, LeavesNothingInItsTemporaryDirectory) {
  const TemporaryDirectory directory;
  ProcessOptions options;
  options.added["TMPDIR"] = directory.path();
  EXPECT_EQ(tarn({"demo", "--placement", "--providers", "1"}, options).code, kDone);
  EXPECT_TRUE(picture(directory.path()).empty());
}

TEST(PlacementDemo, InterruptedLeavesNoProcessAndNoFile) {
  for (const bool terminal : {false, true}) {  // a signal to the demo alone, or Ctrl-C to all that it started
    const TemporaryDirectory directory;
    ProcessOptions options;
    options.added["TMPDIR"] = directory.path();
    Process demo =
        start_tarn({"demo", "--placement", "--providers", "3", "--rtt-ms", "8000", "--output", "json"}, options);
    ASSERT_TRUE(eventually([&] { return processes_naming(directory.path()).size() == 4; }))
        << finish(demo, milliseconds(0));
    if (terminal)
      demo.send_to_group(SIGINT);
    else
      demo.send(SIGINT);
    const End end = finish(demo, milliseconds(20'000));
    EXPECT_EQ(end.code, kInterrupted) << end;
    expect_error_object(end, "cancelled");
    EXPECT_TRUE(processes_naming(directory.path()).empty());
    EXPECT_TRUE(picture(directory.path()).empty());
  }
}

TEST(PlacementDemo, PartiesEndWithTheDemoThatWasKilled) {
  const TemporaryDirectory directory;
  ProcessOptions options;
  options.added["TMPDIR"] = directory.path();
  Process demo = start_tarn({"demo", "--placement", "--providers", "2", "--rtt-ms", "8000"}, options);
  ASSERT_TRUE(eventually([&] { return processes_naming(directory.path()).size() == 3; }));
  demo.send(SIGKILL);
  EXPECT_TRUE(demo.wait(milliseconds(20'000)));
  EXPECT_TRUE(eventually([&] { return processes_naming(directory.path()).empty(); }, milliseconds(20'000)));
}

TEST_F(PlacementDemoConfig, AmongEqualPricesTheFirstWins) {
  EXPECT_EQ(learned(wants(10, 80) + has("a", 50, 40) + has("b", 50, 40) + has("c", 50, 40)),
            (Learned{"a: 10 at 40 a unit", "selected: 10 at 40 a unit", "not selected", "not selected"}));
  EXPECT_EQ(learned(wants(10, 80, "first-price") + has("a", 50, 41) + has("b", 50, 40) + has("c", 50, 40)),
            (Learned{"b: 10 at 40 a unit", "not selected", "selected: 10 at 40 a unit", "not selected"}));
}

TEST_F(PlacementDemoConfig, CapacityThatFitsExactlyWinsAndOneLessDoesNot) {
  EXPECT_EQ(learned(wants(10, 80) + has("short", 9, 1) + has("exact", 10, 30) + has("more", 11, 45)),
            (Learned{"exact: 10 at 45 a unit", "not selected", "selected: 10 at 45 a unit", "not selected"}));
}

TEST_F(PlacementDemoConfig, APriceAtTheLimitWinsAndOneAboveDoesNot) {
  EXPECT_EQ(learned(wants(10, 30) + has("above", 10, 31) + has("at", 10, 30)),
            (Learned{"at: 10 at 30 a unit", "not selected", "selected: 10 at 30 a unit"}));
}

TEST_F(PlacementDemoConfig, NothingMayBeAskedAndIsPaidAsTheMechanismSays) {
  const std::string providers = has("a", 10, 7) + has("free", 10, 0);
  EXPECT_EQ(learned(wants(10, 30, "first-price") + providers),
            (Learned{"free: 10 at 0 a unit", "not selected", "selected: 10 at 0 a unit"}));
  EXPECT_EQ(learned(wants(10, 30, "second-price") + providers),
            (Learned{"free: 10 at 7 a unit", "not selected", "selected: 10 at 7 a unit"}));
}

TEST_F(PlacementDemoConfig, ALimitOfZeroTakesOnlyWhatIsFree) {
  EXPECT_EQ(learned(wants(10, 0) + has("a", 10, 1) + has("b", 10, 0)),
            (Learned{"b: 10 at 0 a unit", "not selected", "selected: 10 at 0 a unit"}));
  EXPECT_EQ(learned(wants(10, 0) + has("a", 10, 1)), (Learned{"no winner", "not selected"}));
}

TEST_F(PlacementDemoConfig, TheOnlyOneThatFitsIsPaidTheLimitAsSecondPrice) {
  EXPECT_EQ(learned(wants(10, 77) + has("small", 9, 3) + has("fits", 10, 5)),
            (Learned{"fits: 10 at 77 a unit", "not selected", "selected: 10 at 77 a unit"}));
}

TEST_F(PlacementDemoConfig, TheLargestAmountsAreExact) {
  const std::uint64_t most = 4294967295;
  EXPECT_EQ(
      learned(wants(most, most) + has("a", most, most) + has("b", most, most - 1)),
      (Learned{"b: 4294967295 at 4294967295 a unit", "not selected", "selected: 4294967295 at 4294967295 a unit"}));
}

TEST_F(PlacementDemoConfig, TheCommandLinesMechanismGoesBeforeTheFiles) {
  const std::string config = wants(10, 80, "second-price") + has("a", 10, 40) + has("b", 10, 50);
  EXPECT_EQ(learned(config, {"--mechanism", "first-price"})[0], "a: 10 at 40 a unit");
  EXPECT_EQ(learned(config)[0], "a: 10 at 50 a unit");
}

TEST_F(PlacementDemoConfig, SeveralMayWin) {
  const std::string providers = has("a", 6, 50) + has("b", 6, 40) + has("c", 6, 30);
  EXPECT_EQ(learned(wants(10, 80, "split") + providers),
            (Learned{"b: 4 at 40 a unit, c: 6 at 40 a unit", "not selected", "selected: 4 at 40 a unit",
                     "selected: 6 at 40 a unit"}));
  EXPECT_EQ(learned(wants(20, 80, "split") + providers)[0], "no winner");
  EXPECT_EQ(learned(wants(20, 80, "split-partial") + providers)[0],
            "a: 6 at 50 a unit, b: 6 at 50 a unit, c: 6 at 50 a unit");
  EXPECT_EQ(learned(wants(20, 45, "split-pay-as-bid-partial") + providers)[0], "b: 6 at 40 a unit, c: 6 at 30 a unit");
  EXPECT_EQ(learned(wants(10, 80, "vcg") + providers),
            (Learned{"b: 4 for 200 in all, c: 6 for 280 in all", "not selected", "selected: 4 for 200 in all",
                     "selected: 6 for 280 in all"}));
}

TEST_F(PlacementDemoConfig, MoreThanVcgCanCountIsRefused) {
  const End end = refused(wants(65536, 80, "vcg") + has("a", 70000, 50));
  EXPECT_EQ(end.code, kRefused) << end;
  EXPECT_THAT(end.err, HasSubstr("quantity"));
}

TEST_F(PlacementDemoConfig, NamesMayHoldAnyCharactersOfATomlText) {
  const std::string name = "a \\\"quoted\\\" \\\\ näme";
  EXPECT_EQ(learned(wants(10, 80, "first-price") + has(name, 10, 40))[0], "a \"quoted\" \\ näme: 10 at 40 a unit");
}

TEST_F(PlacementDemoConfig, ANameWithAControlCharacterIsTheUsersMistakeOrDoesNoHarm) {
  for (const char* name : {"two\\nlines", "\\u001b[31mred", "bell\\u0007"}) {
    const End end = refused(wants(10, 80) + has(name, 10, 40));
    EXPECT_THAT(end.code, AnyOf(kDone, kRefused)) << end;
    EXPECT_THAT(end.out + end.err, Not(HasSubstr("\x1b"))) << "what a file says may not command the terminal";
  }
}

TEST_F(PlacementDemoConfig, WhatIsWrongIsRefusedWithTheFileAndTheField) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {has("a", 10, 1), "requester"},
      {wants(10, 1), "providers"},
      {"providers = []\n" + wants(10, 1), "providers"},
      {"[requester]\nquantity = 1\n" + has("a", 1, 1), "max_price"},
      {wants(1, 1) + "[[providers]]\nprice = 1\n", "capacity"},
      {wants(1, 1) + has("a", 1, 1) + "colour = 3\n", "colour"},
      {wants(0, 1) + has("a", 1, 1), "quantity"},
      {wants(1, 4294967296) + has("a", 1, 1), "max_price"},
      {wants(1, 1) + has("a", 4294967296, 1), "capacity"},
      {wants(1, 1, "third-price") + has("a", 1, 1), "mechanism"},
      {wants(1, 1) + "[[providers]]\nname = 3\ncapacity = 1\nprice = 1\n", "name"}};
  for (const auto& [config, field] : wrong) {
    const End end = refused(config);
    EXPECT_EQ(end.code, kRefused) << config << end;
    EXPECT_EQ(end.out, "");
    EXPECT_EQ(lines(end.err), 1U) << config << end;
    EXPECT_THAT(end.err, HasSubstr(field)) << config;
  }
  std::string crowd = wants(1, 1);
  for (int i = 0; i < 16; ++i) crowd += has(std::to_string(i), 1, 1);
  const End end = refused(crowd);
  EXPECT_EQ(end.code, kRefused) << end;
  EXPECT_THAT(end.err, HasSubstr("15"));
}

TEST_F(PlacementDemoConfig, ShapeAndFileExcludeEachOther) {
  write_file(directory / "demo.toml", wants(1, 1) + has("a", 1, 1));
  for (const char* option : {"--providers", "--quantity", "--seed"}) {
    const End end = tarn({"demo", "--placement", "--config", directory / "demo.toml", option, "3"});
    EXPECT_EQ(end.code, kRefused) << end;
    EXPECT_THAT(end.err, HasSubstr(option));
  }
}

}  // namespace
}  // namespace e2e
