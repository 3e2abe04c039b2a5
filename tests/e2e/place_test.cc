// tarn place among honest parties, each a process with its own key, configuration and state: results, secrecy of what
// is printed, acquaintance, and state directories.
#include <set>

#include "e2e/tarn_lab.h"

namespace e2e {
namespace {

// Amounts that nothing else in an output looks like.
constexpr std::uint64_t kLimit = 712345678, kDear = 612345678, kCheap = 512345678, kMuch = 412345678, kMore = 312345678;
const std::vector<std::string> kStory{request(212345678, kLimit), offer(kMuch, kDear), offer(kMore, kCheap)};

class TwoMechanisms : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Place, TwoMechanisms, testing::Values("first-price", "second-price"),
                         [](const auto& each) { return each.param == "first-price" ? "FirstPrice" : "SecondPrice"; });

TEST_P(TwoMechanisms, TheCheapestWinsAndEverybodyLearnsOnlyItsOwnPart) {
  Parties parties(3, kStory);
  for (PartyFile& file : parties.files) file.mechanism = GetParam();
  const std::vector<End> ends = parties.run();
  const std::string payment = std::to_string(GetParam() == "first-price" ? kCheap : kDear);
  for (const End& end : ends) ASSERT_EQ(end.code, kDone) << end;

  const json requester = ends[0].parsed();
  EXPECT_EQ(requester["role"], "requester");
  EXPECT_EQ(requester["mechanism"], GetParam());
  EXPECT_EQ(requester["class"], "1 vCPU, 1 GiB");
  ASSERT_EQ(requester["winners"].size(), 1U);
  EXPECT_EQ(requester["winners"][0]["id"], parties.ids[2]);
  EXPECT_EQ(requester["winners"][0]["index"], 2);
  EXPECT_EQ(requester["winners"][0]["quantity"], "212345678");
  EXPECT_EQ(requester["winners"][0]["unit_payment"], payment);

  const json winner = ends[2].parsed();
  EXPECT_EQ(winner["role"], "provider");
  EXPECT_EQ(winner["selected"], true);
  EXPECT_EQ(winner["quantity"], "212345678");
  EXPECT_EQ(winner["unit_payment"], payment);

  const json loser = ends[1].parsed();
  EXPECT_EQ(loser["selected"], false);
  for (const char* key : {"winners", "unit_payment", "total_payment", "quantity"}) EXPECT_FALSE(loser.contains(key));

  // What a terminal may show of the amounts: at the loser's none, elsewhere the result but nobody else's input.
  const std::set<std::string> amounts{"212345678",           std::to_string(kLimit), std::to_string(kMuch),
                                      std::to_string(kMore), std::to_string(kDear),  std::to_string(kCheap)};
  const std::vector<std::set<std::string>> shown{{"212345678", payment}, {}, {"212345678", payment}};
  for (std::size_t i = 0; i < 3; ++i) {
    for (const std::string& amount : amounts) {
      const bool there = (ends[i].out + ends[i].err).find(amount) != std::string::npos;
      EXPECT_EQ(there, shown[i].contains(amount)) << "party " << i << ", amount " << amount << "\n" << ends[i];
    }
  }
  EXPECT_THAT(ends[1].out + ends[1].err, Not(HasSubstr(parties.ids[2]))) << "a loser does not learn who won";
}

TEST(Place, AsTextEachPartyReadsItsResultAndALoserNothingElse) {
  Parties parties(3, kStory);
  for (PartyFile& file : parties.files) file.parties[2].name = "south";
  const std::vector<End> ends = parties.run({"--wait", "60s"}, false);
  for (const End& end : ends) ASSERT_EQ(end.code, kDone) << end;
  EXPECT_EQ(ends[0].out,
            "winner: party 2 (south, " + parties.ids[2] + ")\nprovides: 212345678\nunit payment: 512345678\n");
  EXPECT_EQ(ends[1].out, "not selected\n");
  EXPECT_EQ(ends[2].out, "selected: provide 212345678\nunit payment: 512345678\n");
}

TEST(Place, SeveralWinnersAreToldTheirOwnPartsAndALoserNothing) {
  struct Case {
    std::string mechanism, key, west, south;
  };
  // 300 units: 200 of the south's at 41, 100 of the west's at 52; north asks 61, and is what a winner's units would cost.
  const std::vector<Case> cases{{"split", "unit_payment", "52000001", "52000001"},
                                {"split-pay-as-bid", "unit_payment", "52000001", "41000001"},
                                {"vcg", "total_payment", "6100000100", "11300000200"}};
  for (const Case& c : cases) {
    Parties parties(4, {request(300, 70000001), offer(999, 61000001), offer(200, 52000001), offer(200, 41000001)});
    for (PartyFile& file : parties.files) file.mechanism = c.mechanism;
    const std::vector<End> ends = parties.run();
    for (const End& end : ends) ASSERT_EQ(end.code, kDone) << end;
    const json winners = ends[0].parsed()["winners"];
    ASSERT_EQ(winners.size(), 2U) << ends[0];
    EXPECT_EQ(winners[0], (json{{"id", parties.ids[2]}, {"index", 2}, {"quantity", "100"}, {c.key, c.west}}));
    EXPECT_EQ(winners[1], (json{{"id", parties.ids[3]}, {"index", 3}, {"quantity", "200"}, {c.key, c.south}}));
    const json loser = ends[1].parsed(), west = ends[2].parsed(), south = ends[3].parsed();
    EXPECT_EQ(loser["selected"], false);
    for (const char* key : {"unit_payment", "total_payment", "quantity"}) EXPECT_FALSE(loser.contains(key));
    EXPECT_EQ(west["quantity"], "100");
    EXPECT_EQ(west[c.key], c.west);
    EXPECT_EQ(south["quantity"], "200");
    EXPECT_EQ(south[c.key], c.south);
  }
}

TEST(Place, WithoutAWinnerTheRequesterEndsWithThreeAndProvidersWithZero) {
  Parties parties(3, {request(10, 20), offer(9, 1), offer(100, 21)});
  std::vector<End> ends = parties.run();
  EXPECT_EQ(ends[0].code, kNoWinner) << ends[0];
  EXPECT_TRUE(ends[0].parsed()["winners"].empty()) << ends[0];
  for (std::size_t i : {1U, 2U}) {
    EXPECT_EQ(ends[i].code, kDone) << ends[i];
    EXPECT_EQ(ends[i].parsed()["selected"], false);
  }
  ends = parties.run({"--wait", "60s"}, false);
  EXPECT_EQ(ends[0].code, kNoWinner) << ends[0];
  EXPECT_THAT(ends[0].out, HasSubstr("no winner"));
  EXPECT_EQ(ends[1].out, "not selected\n");
}

TEST(Place, HowMuchIsSentDoesNotDependOnTheInputs) {
  const auto sent = [](const std::vector<std::string>& inputs) {
    Parties parties(3, inputs);
    std::vector<std::uint64_t> out;
    for (const End& end : parties.run()) out.push_back(end.parsed().value("sent_bytes", std::uint64_t{0}));
    return out;
  };
  const auto some = sent(kStory);
  EXPECT_GT(some[0], 0U);
  EXPECT_EQ(some, sent({request(1, 0), offer(0, 4294967295), offer(0, 0)}));
}

TEST(Place, TwoPartiesAndOddWidthsWork) {
  for (const char* width : {"2", "63"}) {
    Parties parties(2, {request(3, 3), offer(3, 1)});
    for (PartyFile& file : parties.files) {
      file.more = std::string("width = ") + width + "\nextension_k = 8\n";
      file.mechanism = "second-price";
    }
    const std::vector<End> ends = parties.run();
    ASSERT_EQ(ends[0].code, kDone) << ends[0];
    EXPECT_EQ(ends[0].parsed()["winners"][0]["unit_payment"], "3");
    EXPECT_EQ(ends[1].parsed()["quantity"], "3");
  }
}

TEST(Place, ThePortOfTheOwnAddressOrOfListenIsTakenWithoutASocketFromOutside) {
  for (const bool listen : {false, true}) {
    Parties parties(2);
    const Port kept = bind_loopback();
    const std::string& where = kept.address;
    for (PartyFile& file : parties.files) file.parties[0].address = where;
    if (listen) {
      parties.files[0].parties[0].address = "192.0.2.1:1";  // as others are to see us, from far away
      parties.files[0].more = "listen = \"" + where + "\"\n";
    }
    write_file(parties.config(0), parties.files[0].text());
    Process requester = start_tarn({"place", "--config", parties.config(0), "--wait", "60s"});
    Process provider = parties.start(1);
    const End a = finish(requester), b = finish(provider);
    EXPECT_EQ(a.code, kDone) << a;
    EXPECT_EQ(b.code, kDone) << b;
  }
}

TEST(Place, AnAddressThatIsTakenIsRefusedAtOnce) {
  Parties parties(2);
  const Port taken = bind_loopback(true);
  parties.files[0].parties[0].address = taken.address;
  write_file(parties.config(0), parties.files[0].text());
  const End end = tarn({"place", "--config", parties.config(0)});
  EXPECT_EQ(end.code, kRefused) << end;
  EXPECT_THAT(end.err, HasSubstr(taken.address));
}

TEST(Acquaintance, TheSecondSessionIsShorterAndSaysSo) {
  Parties parties(3);
  std::vector<int> hops;
  for (const End& end : parties.run()) {
    ASSERT_EQ(end.code, kDone) << end;
    const json report = end.parsed();
    EXPECT_EQ(report["acquainted"], false);
    EXPECT_EQ(report["hops_online"], 3);
    hops.push_back(report["hops"]);
  }
  EXPECT_EQ(*std::max_element(hops.begin(), hops.end()), 14);
  for (int session = 0; session < 2; ++session) {
    for (const End& end : parties.run()) {
      ASSERT_EQ(end.code, kDone) << end;
      const json report = end.parsed();
      EXPECT_EQ(report["acquainted"], true);
      EXPECT_EQ(report["hops"], 12);
      EXPECT_EQ(report["hops_online"], 3);
    }
  }
}

TEST(Acquaintance, IsKeptInPrivateFilesOfAPrivateDirectory) {
  Parties parties(3);
  for (const End& end : parties.run()) ASSERT_EQ(end.code, kDone) << end;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(fs::status(parties.state(i)).permissions(), fs::perms::owner_all);
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(parties.state(i))) {
      EXPECT_EQ(entry.status().permissions(), fs::perms::owner_read | fs::perms::owner_write) << entry.path();
      ++files;
    }
    EXPECT_EQ(files, 2U);
  }
}

TEST(Acquaintance, WhatOneHasLostIsMetAnew) {
  Parties parties(3);
  parties.run();
  fs::remove_all(parties.state(1));
  for (const End& end : parties.run()) {
    ASSERT_EQ(end.code, kDone) << end;
    EXPECT_EQ(end.parsed()["acquainted"], false);
  }
  for (const End& end : parties.run()) EXPECT_EQ(end.parsed()["acquainted"], true) << end;
}

TEST(Acquaintance, WhatIsDamagedIsMetAnew) {
  Parties parties(3);
  for (const bool cut : {false, true}) {
    parties.run();
    for (const auto& entry : fs::directory_iterator(parties.state(1))) {
      std::string content = read_file(entry.path().string());
      if (cut)
        content.resize(content.size() / 2);
      else
        content[content.size() / 2] ^= 1;
      write_file(entry.path().string(), content);
    }
    for (const End& end : parties.run()) {
      ASSERT_EQ(end.code, kDone) << end;
      EXPECT_EQ(end.parsed()["acquainted"], false);
    }
  }
}

TEST(Acquaintance, AnOldBackupDoesNoHarm) {
  Parties parties(3);
  parties.run();
  const std::string backup = parties.directory / "backup";
  fs::copy(parties.state(1), backup, fs::copy_options::recursive);
  parties.run();
  fs::remove_all(parties.state(1));
  fs::copy(backup, parties.state(1), fs::copy_options::recursive);
  ::chmod(parties.state(1).c_str(), 0700);
  for (const End& end : parties.run()) EXPECT_EQ(end.code, kDone) << end;
  for (const End& end : parties.run()) EXPECT_EQ(end.code, kDone) << end;
}

TEST(Acquaintance, AnotherPartysFilesAreNotTaken) {
  Parties parties(3);
  parties.run();
  fs::remove_all(parties.state(1));
  fs::copy(parties.state(2), parties.state(1), fs::copy_options::recursive);
  ::chmod(parties.state(1).c_str(), 0700);
  for (const End& end : parties.run()) {
    ASSERT_EQ(end.code, kDone) << end;
    EXPECT_EQ(end.parsed()["acquainted"], false);
  }
}

TEST(StateDirectory, IsUsedByOneProcessAtATime) {
  Parties parties(2);
  Process first = parties.start(0);
  ASSERT_TRUE(first.says("waiting for")) << finish(first, milliseconds(0));
  const auto before = picture(parties.state(0));
  const End second = tarn({"place", "--config", parties.config(0), "--output", "json"});
  EXPECT_EQ(second.code, kStorage) << second;
  EXPECT_THAT(second.err, HasSubstr("another tarn process"));
  expect_error_object(second, "storage");
  EXPECT_EQ(picture(parties.state(0)), before);
  Process other = parties.start(1);  // the first was not disturbed
  EXPECT_EQ(finish(other).code, kDone);
  EXPECT_EQ(finish(first).code, kDone);
}

TEST(StateDirectory, ThatOthersCanEnterIsRefusedWithTheRemedy) {
  Parties parties(2);
  for (const ::mode_t mode : {0755U, 0710U, 0701U}) {
    ::mkdir(parties.state(0).c_str(), 0700);
    ::chmod(parties.state(0).c_str(), mode);
    Process party = parties.start(0);
    const End end = finish(party);
    EXPECT_EQ(end.code, kStorage) << end;
    EXPECT_THAT(end.err, HasSubstr("chmod 700 " + parties.state(0)));
    expect_error_object(end, "storage");
    parties.rebind();
  }
}

TEST(StateDirectory, ThatCannotBeMadeIsNamed) {
  Parties parties(2);
  write_file(parties.directory / "file", "");
  for (const char* where : {"file", "no/such", "file/below"}) {
    parties.files[0].state_dir = where;
    Process party = parties.start(0);
    const End end = finish(party);
    EXPECT_EQ(end.code, kStorage) << end;
    EXPECT_THAT(end.err, HasSubstr(parties.directory / where));
    parties.rebind();
  }
}

}  // namespace
}  // namespace e2e
