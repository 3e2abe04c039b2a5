// What an owner promises elsewhere its provider does not sell: reserved and released by commands, while it runs, after it
// was killed, and while it does not run.
#include "e2e/pool_lab.h"

namespace e2e {
namespace {

std::vector<std::string> inventory(std::vector<std::string> words, const std::vector<std::string>& home) {
  words.insert(words.begin(), "inventory");
  words.insert(words.end(), home.begin(), home.end());
  words.insert(words.end(), {"--output", "json"});
  return words;
}
json run(std::vector<std::string> words, const std::vector<std::string>& home) {
  const End end = tarn(inventory(std::move(words), home));
  EXPECT_EQ(end.code, kDone) << end;
  return end.parsed();
}
std::vector<std::string> reserve(const std::string& units, const std::string& from, const std::string& until) {
  return {"reserve", "units", "--units", units, "--from", from, "--until", until, "--purpose", "a lot"};
}
constexpr int kConflict = 11, kNotFound = 10;

// Who of the providers leases the units that are asked for.
std::size_t seller(PoolLab& lab) {
  const End end = tarn(lab.request(8), lab.home("buyer"));
  EXPECT_EQ(end.code, kDone) << end;
  std::size_t out = lab.providers.size();
  EXPECT_TRUE(eventually([&] {
    for (std::size_t i = 0; i < lab.providers.size(); ++i)
      if (lab.units(i).leased == 8) out = i;
    return out < lab.providers.size();
  }));
  for (const auto& lease : tarn({"lease", "list", "--offline", "--output", "json"}, lab.home("buyer")).parsed())
    EXPECT_EQ(tarn({"lease", "release", lease["id"]}, lab.home("buyer")).code, kDone);
  EXPECT_TRUE(eventually([&] { return lab.units(out).leased == 0; }));
  return out;
}

TEST(InventoryCommands, WhatIsReservedIsNotSoldWhileAProviderRuns) {
  PoolLab lab(3);
  const std::vector<std::string> running{"--state-dir", lab.state_dir(0)}, configured{"--config", lab.config(0)};
  EXPECT_EQ(seller(lab), 0U);  // it is the cheapest

  const json made = run(reserve("64", "now", "3h"), running);
  EXPECT_EQ(made["offer"], "units");
  EXPECT_EQ(made["units"], "64");
  const json list = run({"list"}, configured);
  EXPECT_EQ(list["offers"][0]["reserved"], "64");
  EXPECT_EQ(list["offers"][0]["free"], "0");
  EXPECT_EQ(list["reservations"], json::array({made}));
  EXPECT_EQ(list["reservations"][0]["purpose"], "a lot");
  EXPECT_TRUE(eventually([&] { return lab.units(0).reserved == 64; }));
  EXPECT_NE(seller(lab), 0U);

  const std::string id = made["id"];
  EXPECT_EQ(run({"release", id.substr(0, 12)}, running), made);
  EXPECT_EQ(tarn(inventory({"release", id}, running)).code, kNotFound);
  EXPECT_EQ(seller(lab), 0U);

  // A lease of four hours, which a request without --lease wants, would last into the window.
  run(reserve("64", "3h", "5h"), running);
  EXPECT_EQ(run({"list"}, running)["offers"][0]["free"], "64");
  EXPECT_NE(seller(lab), 0U);
}

TEST(InventoryCommands, WhatIsReservedOutlivesItsProvider) {
  PoolLab lab(1);
  const std::vector<std::string> running{"--state-dir", lab.state_dir(0)}, configured{"--config", lab.config(0)};
  const json made = run(reserve("60", "1h", "2h"), configured);
  End end = tarn(inventory(reserve("5", "30m", "61m"), running));
  EXPECT_EQ(end.code, kConflict) << end;
  expect_error_object(end, "conflict");
  EXPECT_THAT(end.err, HasSubstr("only 4 of its units"));
  lab.kill(0);

  EXPECT_TRUE(fs::exists(lab.state_dir(0) + "/control.sock"));  // left behind, and of no consequence
  end = tarn(inventory({"list"}, running));
  EXPECT_EQ(end.code, kUnreachable) << end;
  EXPECT_THAT(end.err, HasSubstr("name its configuration"));
  EXPECT_EQ(run({"list"}, configured)["reservations"], json::array({made}));
  const json second = run(reserve("4", "1h", "2h"), configured);
  EXPECT_EQ(tarn(inventory(reserve("1", "1h", "2h"), configured)).code, kConflict);

  lab.start(0);
  EXPECT_EQ(run({"list"}, running)["offers"][0]["reserved_at_most"], "64");
  EXPECT_EQ(run({"release", second["id"]}, running), second);
  EXPECT_EQ(run({"list"}, running)["reservations"], json::array({made}));
  lab.providers[0].process->send(SIGTERM);
  EXPECT_EQ(lab.providers[0].process->wait(), kDone);
  EXPECT_FALSE(fs::exists(lab.state_dir(0) + "/control.sock"));
}

TEST(InventoryCommands, SayWhatIsWrong) {
  PoolLab lab(1);
  const std::vector<std::string> running{"--state-dir", lab.state_dir(0)};
  const auto refused = [&](const std::vector<std::string>& words, const std::vector<std::string>& home) {
    const End end = tarn(inventory(words, home));
    EXPECT_EQ(end.code, kRefused) << end;
    return end.err;
  };
  EXPECT_THAT(refused({"list"}, {}), HasSubstr("--state-dir"));
  EXPECT_THAT(refused(reserve("1", "yesterday", "2h"), running), HasSubstr("--from is a time"));
  EXPECT_THAT(refused(reserve("1", "2h", "1h"), running), HasSubstr("ends before it begins"));
  EXPECT_THAT(refused(reserve("1", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"), running), HasSubstr("is over"));
  EXPECT_THAT(refused(reserve("0", "now", "1h"), running), HasSubstr("--units"));
  EXPECT_THAT(refused({"reserve", "other", "--units", "1", "--until", "1h"}, running), HasSubstr("no offer"));
  const End plain = tarn({"inventory", "list", "--state-dir", lab.state_dir(0)});
  EXPECT_EQ(plain.code, kDone) << plain;
  EXPECT_THAT(plain.out, HasSubstr("OFFER"));
  EXPECT_THAT(plain.out, HasSubstr("units"));
  EXPECT_THAT(plain.out, Not(HasSubstr("RESERVATION")));
}

}  // namespace
}  // namespace e2e
