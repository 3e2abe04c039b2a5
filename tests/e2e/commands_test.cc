// The command line itself: help, refusals, keys, circuits, benches, and that stdout is the result and nothing else.
#include "e2e/tarn_lab.h"

namespace e2e {
namespace {

struct Command {
  std::vector<std::string> words, mentions;
};
const std::vector<Command>& commands() {
  static const std::vector<Command> all{
      {{}, {"keygen", "id", "place", "demo", "circuit", "bench", "--version", "Exit codes", "130"}},
      {{"keygen"}, {"--out", "--output"}},
      {{"id"}, {"FILE", "--output"}},
      {{"place"},
       {"--config", "--wait", "--rtt-ms", "--output", "identity", "state_dir", "mechanism", "class", "deadline",
        "width", "listen", "[input]", "quantity", "max_price", "capacity", "price", "[[parties]]", "address",
        "Exit codes"}},
      {{"demo"},
       {"--providers", "--quantity", "--mechanism", "--seed", "--rtt-ms", "--config", "--placement", "--output",
        "[requester]", "[[providers]]"}},
      {{"circuit"}, {"stats", "write"}},
      {{"circuit", "stats"}, {"--mechanism", "--providers", "--width", "--output"}},
      {{"circuit", "write"}, {"NAME", "aes-128", "sha-256", "--out", "--output"}},
      {{"bench"}, {"placement", "circuit", "pool"}},
      {{"bench", "placement"},
       {"--mechanism", "--parties", "--rtt-ms", "--acquainted", "--repeat", "--extension-k", "--output"}},
      {{"bench", "circuit"},
       {"FILE", "--parties", "--rtt-ms", "--acquainted", "--repeat", "--extension-k", "--output"}},
  };
  return all;
}
std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Commands, HelpOfEveryCommandMentionsItsOptionsOnStdout) {
  for (const Command& command : commands()) {
    for (const char* help : {"--help", "-h"}) {
      const End end = tarn(with(command.words, {help}));
      EXPECT_EQ(end.code, kDone) << end;
      EXPECT_EQ(end.err, "");
      for (const std::string& word : command.mentions) EXPECT_THAT(end.out, HasSubstr(word));
    }
  }
}

TEST(Commands, HiddenOptionsStayHidden) {
  const End end = tarn({"place", "--help"});
  EXPECT_THAT(end.out, Not(HasSubstr("listen-fd")));
  EXPECT_THAT(end.out, Not(HasSubstr("--circuit")));
}

TEST(Commands, VersionIsOneLine) {
  const End end = tarn({"--version"});
  EXPECT_EQ(end.code, kDone) << end;
  EXPECT_TRUE(end.out.starts_with("tarn ")) << end;
  EXPECT_EQ(lines(end.out), 1U);
}

TEST(Commands, UnknownWordsAndMissingOnesAreRefusedOnStderr) {
  std::vector<std::vector<std::string>> wrong{{},
                                              {"nope"},
                                              {"--nope"},
                                              {"circuit"},
                                              {"circuit", "nope"},
                                              {"bench"},
                                              {"bench", "nope"},
                                              {"keygen"},
                                              {"id"},
                                              {"place"},
                                              {"circuit", "write"},
                                              {"circuit", "write", "aes-128"},
                                              {"bench", "placement"},
                                              {"bench", "circuit"},
                                              {"demo", "--providers", "0"},
                                              {"demo", "--providers", "16"},
                                              {"demo", "--providers", "x"},
                                              {"demo", "--quantity", "-1"},
                                              {"demo", "--output", "xml"},
                                              {"circuit", "stats", "--width", "1"},
                                              {"circuit", "stats", "--width", "64"},
                                              {"circuit", "stats", "--providers", "0"},
                                              {"circuit", "write", "des", "--out", "/nowhere"},
                                              {"bench", "placement", "--parties", "1"},
                                              {"bench", "placement", "--parties", "2,17"},
                                              {"bench", "placement", "--parties", "2", "--repeat", "0"},
                                              {"bench", "placement", "--parties", "2", "--extension-k", "3"},
                                              {"place", "--config", "/nowhere", "--rtt-ms", "-1"}};
  for (const Command& command : commands()) wrong.push_back(with(command.words, {"--nope"}));
  for (const auto& words : wrong) {
    const End end = tarn(words);
    EXPECT_EQ(end.code, kRefused) << testing::PrintToString(words) << "\n" << end;
    EXPECT_EQ(end.out, "") << testing::PrintToString(words);
    EXPECT_NE(end.err, "") << testing::PrintToString(words);
  }
}

TEST(Commands, WhatTheCommandLineRefusesIsAnErrorObjectWhereJsonIsWanted) {
  const std::vector<std::vector<std::string>> wrong{{"keygen", "--output", "json"},
                                                    {"demo", "--output", "json", "--nope"},
                                                    {"demo", "--quantity", "0", "--output", "json"},
                                                    {"place", "--output", "json"},
                                                    {"circuit", "stats", "--output", "json", "--width", "64"},
                                                    {"bench", "placement", "--parties", "17", "--output", "json"}};
  for (const auto& words : wrong) {
    SCOPED_TRACE(testing::PrintToString(words));
    const End end = tarn(words);
    EXPECT_EQ(end.code, kRefused) << end;
    expect_error_object(end, "invalid_input");
  }
}

TEST(Commands, AResultThatCannotBeWrittenIsNoSuccess) {
  Process process({"/bin/sh", "-c", binary() + " circuit stats > /dev/full"});
  const End end = finish(process);
  EXPECT_NE(end.code, kDone) << end;
}

TEST(Keys, KeygenMakesAPrivateFileWhoseIdItPrints) {
  const TemporaryDirectory directory;
  const std::string file = directory / "acme.key";
  const End made = tarn({"keygen", "--out", file});
  ASSERT_EQ(made.code, kDone) << made;
  EXPECT_EQ(made.out.size(), 4U + 64U + 1U) << made;
  EXPECT_TRUE(made.out.starts_with("org_")) << made;
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const End id = tarn({"id", file});
  EXPECT_EQ(id.code, kDone) << id;
  EXPECT_EQ(id.out, made.out);
}

TEST(Keys, TwoKeysDiffer) {
  const TemporaryDirectory directory;
  EXPECT_NE(tarn({"keygen", "--out", directory / "a"}).out, tarn({"keygen", "--out", directory / "b"}).out);
}

TEST(Keys, AKeyIsPrivateWhateverTheUmask) {
  const TemporaryDirectory directory;
  const ::mode_t before = ::umask(0);
  const End made = tarn({"keygen", "--out", directory / "key"});
  ::umask(before);
  ASSERT_EQ(made.code, kDone) << made;
  EXPECT_EQ(fs::status(directory / "key").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(Keys, KeygenNeverOverwrites) {
  const TemporaryDirectory directory;
  write_file(directory / "precious", "something else");
  fs::create_symlink(directory / "elsewhere", directory / "dangling");
  for (const char* name : {"precious", "dangling"}) {
    const End end = tarn({"keygen", "--out", directory / name});
    EXPECT_EQ(end.code, kStorage) << end;
    EXPECT_EQ(end.out, "");
    EXPECT_THAT(end.err, HasSubstr("never overwritten"));
  }
  EXPECT_EQ(read_file(directory / "precious"), "something else");
  EXPECT_FALSE(fs::exists(directory / "elsewhere"));
}

TEST(Keys, KeygenWhereNothingCanBeWrittenSaysWhy) {
  const TemporaryDirectory directory;
  const End end = tarn({"keygen", "--out", directory / "missing/acme.key"});
  EXPECT_EQ(end.code, kStorage) << end;
  EXPECT_THAT(end.err, HasSubstr("No such file or directory"));
}

TEST(Keys, AKeyThatOthersCanReadIsRefusedWithTheRemedy) {
  const TemporaryDirectory directory;
  const std::string file = directory / "key";
  tarn({"keygen", "--out", file});
  for (const ::mode_t mode : {0640U, 0604U, 0620U, 0610U, 0777U}) {
    ::chmod(file.c_str(), mode);
    const End end = tarn({"id", file});
    EXPECT_EQ(end.code, kStorage) << end;
    EXPECT_EQ(end.out, "");
    EXPECT_THAT(end.err, HasSubstr("chmod 600 " + file));
  }
  ::chmod(file.c_str(), 0400);
  EXPECT_EQ(tarn({"id", file}).code, kDone);
}

TEST(Keys, WhatIsNoKeyIsRefused) {
  const TemporaryDirectory directory;
  tarn({"keygen", "--out", directory / "key"});
  const std::string key = read_file(directory / "key");
  const std::map<std::string, std::string> files{
      {"empty", ""},
      {"garbage", "what is this\n"},
      {"cut", key.substr(0, key.size() / 2)},
      {"other",
       "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
       "-----END PRIVATE KEY-----\n"},  // X25519
      {"huge", std::string(1 << 20, 'x')}};
  for (const auto& [name, content] : files) {
    write_file(directory / name, content);
    const End end = tarn({"id", directory / name});
    EXPECT_EQ(end.code, kStorage) << name << end;
    EXPECT_EQ(end.out, "");
    EXPECT_EQ(lines(end.err), 1U) << end;
    EXPECT_THAT(end.err, HasSubstr(directory / name));
  }
  for (const std::string& path : {directory / "missing", directory.path()}) {
    const End end = tarn({"id", path});
    EXPECT_EQ(end.code, kStorage) << end;
    EXPECT_THAT(end.err, HasSubstr(path));
  }
}

TEST(Json, KeygenAndIdAreObjectsThatAgree) {
  const TemporaryDirectory directory;
  const End made = tarn({"keygen", "--out", directory / "key", "--output", "json"});
  const End shown = tarn({"id", directory / "key", "--output", "json"});
  ASSERT_EQ(made.code, kDone) << made;
  ASSERT_EQ(shown.code, kDone) << shown;
  const json a = made.parsed(), b = shown.parsed();
  EXPECT_TRUE(a.value("id", "").starts_with("org_"));
  EXPECT_EQ(a, b);
  EXPECT_EQ(a["id"].get<std::string>() + "\n", tarn({"id", directory / "key"}).out);
}

TEST(Json, AFileNamedLikeANumberStaysAText) {
  const TemporaryDirectory directory;
  ProcessOptions there;
  there.directory = directory.path();
  for (const char* name : {"42", "true", "null", "1e3"}) {
    const End end = tarn({"keygen", "--out", name, "--output", "json"}, there);
    ASSERT_EQ(end.code, kDone) << end;
    EXPECT_EQ(end.parsed()["file"], json(name)) << end;
  }
}

TEST(Json, OwnFilesErrorsAreErrorObjects) {
  const TemporaryDirectory directory;
  write_file(directory / "exists", "");
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"id", directory / "missing"},
                                             {"id", directory / "exists"},
                                             {"keygen", "--out", directory / "exists"},
                                             {"keygen", "--out", directory / "no/such"},
                                             {"circuit", "write", "aes-128", "--out", directory / "no/such"}}) {
    SCOPED_TRACE(testing::PrintToString(words));
    const End end = tarn(with(words, {"--output", "json"}));
    EXPECT_EQ(end.code, kStorage) << end;
    expect_error_object(end, "storage");
  }
}

TEST(Json, RefusedInputsAreErrorObjects) {
  const TemporaryDirectory directory;
  write_file(directory / "bad.circuit", "1 2\n");
  write_file(directory / "bad.toml", "= 3\n");
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"demo", "--mechanism", "third-price"},
                                             {"demo", "--config", directory / "missing"},
                                             {"demo", "--config", directory / "bad.toml"},
                                             {"circuit", "stats", "--mechanism", "third-price"},
                                             {"bench", "placement", "--parties", "2", "--mechanism", "third-price"},
                                             {"bench", "circuit", directory / "missing", "--parties", "2"},
                                             {"bench", "circuit", directory / "bad.circuit", "--parties", "2"},
                                             {"place", "--config", directory / "missing"},
                                             {"place", "--config", directory / "bad.toml"}}) {
    SCOPED_TRACE(testing::PrintToString(words));
    const End end = tarn(with(words, {"--output", "json"}));
    EXPECT_EQ(end.code, kRefused) << end;
    expect_error_object(end, "invalid_input");
  }
}

TEST(Circuits, StatsOfFirstPriceAmongFivePartiesAreTheKnownFigures) {
  const End end = tarn({"circuit", "stats", "--mechanism", "first-price", "--providers", "4", "--output", "json"});
  ASSERT_EQ(end.code, kDone) << end;
  const json stats = end.parsed();
  EXPECT_EQ(stats["mechanism"], "first-price");
  EXPECT_EQ(stats["providers"], 4);
  EXPECT_EQ(stats["width"], 32);
  EXPECT_EQ(stats["and_gates"], 519);
  EXPECT_EQ(stats["inputs"], 5 * 2 * 32);
  EXPECT_EQ(stats["outputs"],
            1 + 2 + 32 + 4 * (1 + 32));  // requester: found, winner, payment; provider: selected, quantity
  EXPECT_EQ(stats["wires"], stats["inputs"].get<int>() + stats["and_gates"].get<int>() + stats["xor_gates"].get<int>() +
                                stats["not_gates"].get<int>());
  EXPECT_THAT(stats["hash"].get<std::string>(), testing::StartsWith("sha256:"));
}

TEST(Circuits, TheTextOfStatsHasTheFieldsOfItsJson) {
  const End text = tarn({"circuit", "stats"});
  const json stats = tarn({"circuit", "stats", "--output", "json"}).parsed();
  EXPECT_EQ(lines(text.out), stats.size());
  for (const auto& [key, value] : stats.items()) EXPECT_THAT(text.out, HasSubstr(key));
}

TEST(Circuits, StatsGrowWithProvidersAndWidth) {
  const auto gates = [](const std::string& mechanism, int providers, int width) {
    return tarn({"circuit", "stats", "--mechanism", mechanism, "--providers", std::to_string(providers), "--width",
                 std::to_string(width), "--output", "json"})
        .parsed()["and_gates"]
        .get<int>();
  };
  for (const char* mechanism : {"first-price", "second-price"}) {
    EXPECT_LT(gates(mechanism, 1, 32), gates(mechanism, 15, 32));
    EXPECT_LT(gates(mechanism, 4, 2), gates(mechanism, 4, 63));
  }
  EXPECT_LT(gates("first-price", 4, 32), gates("second-price", 4, 32));
}

TEST(Circuits, StatsAreOfEveryMechanism) {
  const std::string text = tarn({"circuit", "stats", "--help"}).out;
  for (const char* mechanism : {"first-price", "second-price", "split", "split-partial", "split-pay-as-bid",
                                "split-pay-as-bid-partial", "vcg"}) {
    EXPECT_THAT(text, HasSubstr(mechanism));
    const End end = tarn({"circuit", "stats", "--mechanism", mechanism, "--providers", "7"});
    EXPECT_EQ(end.code, kDone) << end;
  }
  const End wide = tarn({"circuit", "stats", "--mechanism", "vcg", "--width", "49"});
  EXPECT_EQ(wide.code, kRefused) << wide;
  EXPECT_THAT(wide.err, HasSubstr("48"));
}

TEST(Circuits, AWrittenCircuitIsComputedByTwoProcessesAsInTheOpen) {
  const TemporaryDirectory directory;
  const std::string file = directory / "aes-128.bristol";
  const End written = tarn({"circuit", "write", "aes-128", "--out", file});
  ASSERT_EQ(written.code, kDone) << written;
  EXPECT_EQ(written.err, "");
  ProcessOptions options;
  options.added["TMPDIR"] = directory.path();
  const End bench = tarn({"bench", "circuit", file, "--parties", "2", "--repeat", "1", "--output", "json"}, options);
  ASSERT_EQ(bench.code, kDone) << bench;  // the bench holds the outputs against the plain circuit's
  const json rows = bench.parsed();
  ASSERT_EQ(rows.size(), 1U) << bench;
  EXPECT_EQ(rows[0]["circuit"], "aes-128");
  EXPECT_EQ(rows[0]["parties"], 2);
  EXPECT_THAT(written.out, HasSubstr(std::to_string(rows[0]["and_gates"].get<int>()) + " AND gates"));
  EXPECT_GT(rows[0]["sent_bytes_total"].get<std::uint64_t>(), rows[0]["sent_bytes_max"].get<std::uint64_t>());
  EXPECT_EQ(picture(directory.path()).size(), 1U) << "the bench left something in its temporary directory";
}

TEST(Circuits, WritingTwiceGivesTheSameFileAndJsonNamesIt) {
  const TemporaryDirectory directory;
  for (const char* name : {"a", "b"}) {
    const End end = tarn({"circuit", "write", "sha-256", "--out", directory / name, "--output", "json"});
    ASSERT_EQ(end.code, kDone) << end;
    EXPECT_EQ(end.parsed()["file"], directory / name);
  }
  EXPECT_FALSE(read_file(directory / "a").empty());
  EXPECT_EQ(read_file(directory / "a"), read_file(directory / "b"));
}

TEST(Bench, PlacementIsARowForEveryNumberOfPartiesAndDistance) {
  const TemporaryDirectory directory;
  ProcessOptions options;
  options.added["TMPDIR"] = directory.path();
  const End end = tarn({"bench", "placement", "--parties", "2,3", "--rtt-ms", "0,10", "--repeat", "1", "--acquainted",
                        "--mechanism", "second-price", "--output", "json"},
                       options);
  ASSERT_EQ(end.code, kDone) << end;
  const json rows = end.parsed();
  ASSERT_EQ(rows.size(), 4U) << end;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rows[i]["circuit"], "second-price");
    EXPECT_EQ(rows[i]["parties"], i < 2 ? 2 : 3);
    EXPECT_EQ(rows[i]["rtt_ms"], i % 2 == 0 ? 0 : 10);
    EXPECT_EQ(rows[i]["acquainted"], true);
    EXPECT_EQ(rows[i]["hops"], 12);
    EXPECT_EQ(rows[i]["hops_online"], 3);
    // No hop can be faster than the distance that was asked for.
    EXPECT_GE(rows[i]["total_ms"].get<double>(), (i % 2 == 0 ? 0 : 5) * 12.0);
    EXPECT_GT(rows[i]["cpu_ms_per_party"].get<double>(), 0);
    EXPECT_GT(rows[i]["peak_rss_mb"].get<double>(), 0);
  }
  EXPECT_TRUE(picture(directory.path()).empty()) << "the bench left something in its temporary directory";
}

TEST(Bench, PoolIsARowForEveryDistanceBesideTheOpenAllocation) {
  const TemporaryDirectory directory;
  ProcessOptions options;
  options.added["TMPDIR"] = directory.path();
  const End end = tarn({"bench", "pool", "--providers", "3", "--rtt-ms", "0,20", "--repeat", "1", "--mechanism",
                        "second-price", "--output", "json"},
                       options);
  ASSERT_EQ(end.code, kDone) << end;
  const json rows = end.parsed();
  ASSERT_EQ(rows.size(), 2U) << end;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto ms = [&](const char* field) { return rows[i][field].get<double>(); };
    EXPECT_EQ(rows[i]["providers"], 3);
    EXPECT_EQ(rows[i]["rtt_ms"], 20 * i);
    EXPECT_EQ(rows[i]["acquainted"], true);
    // No phase can be faster than the distance allows: 12 hops; two round trips of dialling, one of asking and so on.
    EXPECT_GE(ms("mpc_ms"), 12 * 10.0 * static_cast<double>(i) - 1);
    EXPECT_GE(ms("agreement_ms"), 6 * 20.0 * static_cast<double>(i) - 1);
    EXPECT_GE(ms("plain_ms"), 3 * 20.0 * static_cast<double>(i) - 1);
    EXPECT_GE(ms("total_ms"), ms("mpc_ms"));
    EXPECT_GT(ms("ratio"), 0);
  }
  EXPECT_EQ(rows[1]["angler_mpc_ms"], (29916 * 4 + 22475 * 20 - 38622 + 100000) / 1000.0);
  EXPECT_TRUE(picture(directory.path()).empty()) << "the bench left something in its temporary directory";
}

TEST(Bench, TextIsATableOnStdoutAndProgressOnStderr) {
  const End end = tarn({"bench", "placement", "--parties", "2", "--repeat", "2"});
  ASSERT_EQ(end.code, kDone) << end;
  EXPECT_EQ(lines(end.out), 2U) << end;
  EXPECT_THAT(end.out, HasSubstr("first-price"));
  EXPECT_THAT(end.err, HasSubstr("1 of 2"));
  EXPECT_THAT(end.err, HasSubstr("2 of 2"));
}

TEST(Commands, AProviderRefusesACoordinateThatCannotBe) {
  const TemporaryDirectory directory;
  for (const char* const last : {"0.0", "-1.0", "1e9", "nan"}) {
    write_file(directory / "p.toml",
               "identity = \"p.key\"\nstate_dir = \"state\"\nlisten = \"127.0.0.1:0\"\n"
               "coordinate = [1, 2, 3, 4, 5, 6, 7, 8, " +
                   std::string(last) +
                   "]\n"
                   "[[offers]]\nname = \"small\"\nclass = \"cpu=1\"\ncapacity = 1\nprice = \"1\"\n");
    const End end = tarn({"provider", "--config", directory / "p.toml"});
    EXPECT_EQ(end.code, 2) << end;
    EXPECT_NE(end.err.find("coordinate must be 8 positions and a height"), std::string::npos) << end;
  }
}

}  // namespace
}  // namespace e2e
