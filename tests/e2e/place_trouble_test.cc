// tarn place where something goes wrong: parties that are late, missing, killed, stopped, interrupted, of another mind,
// or not what they are said to be. Everybody else ends in time, says why, and can go on afterwards.
#include <atomic>
#include <memory>
#include <random>

#include "e2e/tarn_lab.h"

namespace e2e {
namespace {

using Seconds = std::chrono::duration<double>;

TEST(Waiting, ForALatePartyIsSaidAndEndsWellWhenItComes) {
  Parties parties(3);
  for (PartyFile& file : parties.files) file.parties[2].name = "south";
  Process requester = parties.start(0), provider = parties.start(1);
  const std::string line = "waiting for party 2 (south, " + parties.ids[2] + "): ";
  ASSERT_TRUE(requester.says(line)) << finish(requester, milliseconds(0));
  ASSERT_TRUE(provider.says(line)) << finish(provider, milliseconds(0));
  Process late = parties.start(2);
  for (Process* p : {&requester, &provider, &late}) {
    const End end = finish(*p);
    EXPECT_EQ(end.code, kDone) << end;
    EXPECT_TRUE(end.parsed().contains("role"));
  }
  EXPECT_THAT(late.err(), Not(HasSubstr("waiting for party 2")));
}

TEST(Waiting, TheRequesterMayBeTheLateOne) {
  Parties parties(3);
  Process a = parties.start(1), b = parties.start(2);
  ASSERT_TRUE(a.says("waiting for party 0")) << finish(a, milliseconds(0));
  ASSERT_TRUE(b.says("waiting for party 0")) << finish(b, milliseconds(0));
  Process late = parties.start(0);
  for (Process* p : {&a, &b, &late}) {
    const End end = finish(*p);
    EXPECT_EQ(end.code, kDone) << end;
  }
}

TEST(Waiting, EndsAfterItsTimeWithTheNameOfWhoIsMissing) {
  Parties parties(3);
  const auto begin = steady_clock::now();
  Process provider = parties.start(1, {"--wait", "6s"});
  // They are to have met when the requester gives up, however slowly they start.
  ASSERT_TRUE(provider.says("waiting for party 0")) << finish(provider, milliseconds(0));
  const auto later = steady_clock::now();
  Process requester = parties.start(0, {"--wait", "2s"});
  const End first = finish(requester);
  EXPECT_GE(Seconds(steady_clock::now() - later).count(), 2.0);
  const End second = finish(provider);
  EXPECT_GE(Seconds(steady_clock::now() - begin).count(), 6.0);
  for (const End& end : {first, second}) {
    EXPECT_EQ(end.code, kUnreachable) << end;
    expect_error_object(end, "unreachable");
    EXPECT_THAT(end.err, HasSubstr("party 2: has not connected"));
  }
  EXPECT_THAT(first.parsed()["error"].value("party", ""), HasSubstr(parties.ids[2])) << first;
}

TEST(Waiting, EverybodyWhoIsMissingIsNamed) {
  Parties parties(4);
  Process only = parties.start(1, {"--wait", "2s"});
  const End end = finish(only);
  EXPECT_EQ(end.code, kUnreachable) << end;
  for (const std::size_t missing : {0U, 2U, 3U})
    EXPECT_THAT(end.err, HasSubstr("waiting for party " + std::to_string(missing) + " (" + parties.ids[missing]));
  EXPECT_THAT(end.err, Not(HasSubstr("waiting for party 1")));
}

// --- parties that do not agree ---

struct Difference {
  const char* name;
  std::function<void(PartyFile&)> change;
  const char* says;
};
void PrintTo(const Difference& d, std::ostream* to) { *to << d.name; }

class Disagreement : public testing::TestWithParam<Difference> {};
INSTANTIATE_TEST_SUITE_P(
    Place, Disagreement,
    testing::Values(Difference{"Mechanism", [](PartyFile& f) { f.mechanism = "second-price"; }, "mechanism"},
                    Difference{"Class", [](PartyFile& f) { f.resource_class = "2 vCPU"; }, "class"},
                    Difference{"Width", [](PartyFile& f) { f.more = "width = 31\n"; }, "bits"},
                    Difference{"Deadline", [](PartyFile& f) { f.deadline = "29s"; }, "deadline"},
                    Difference{"Extension", [](PartyFile& f) { f.more = "extension_k = 8\n"; }, "extension_k"}),
    [](const auto& each) { return each.param.name; });

TEST_P(Disagreement, EndsTheSessionAtBothWithTheDifferenceAndThePeer) {
  for (const std::size_t odd : {0U, 1U}) {
    Parties parties(2);
    GetParam().change(parties.files[odd]);
    const std::vector<End> ends = parties.run();
    for (const std::size_t i : {0U, 1U}) {
      EXPECT_EQ(ends[i].code, kRefused) << ends[i];
      expect_error_object(ends[i], "invalid_input");
      EXPECT_THAT(ends[i].err, HasSubstr(GetParam().says));
      EXPECT_THAT(ends[i].parsed()["error"].value("party", ""), HasSubstr(parties.ids[1 - i])) << ends[i];
      EXPECT_THAT(ends[i].err, HasSubstr(parties.ids[1 - i]));
    }
    // They have not met: no proof failed, so once they agree nothing stands between them.
    parties.files[odd] = parties.files[1 - odd];
    parties.files[odd].identity = "key." + std::to_string(odd);
    parties.files[odd].state_dir = "state." + std::to_string(odd);
    parties.files[odd].input = odd == 0 ? request(10, 80) : offer(20, 50);
    for (const End& end : parties.run()) EXPECT_EQ(end.code, kDone) << end;
  }
}

TEST(Disagreements, OfOneAmongThreeEndTheSessionOfAllWithItsName) {
  for (const std::size_t odd : {0U, 1U, 2U}) {
    Parties parties(3);
    parties.files[odd].resource_class = "something else";
    const std::vector<End> ends = parties.run();
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(ends[i].code, kRefused) << "odd " << odd << " party " << i << ends[i];
      if (i != odd) {
        EXPECT_THAT(ends[i].err, HasSubstr(parties.ids[odd])) << ends[i];
      }
    }
  }
}

TEST(Disagreements, OverTheOrderOfPartiesAreNamed) {
  Parties parties(3);
  std::swap(parties.files[0].parties[1], parties.files[0].parties[2]);
  for (const End& end : parties.run()) {
    EXPECT_EQ(end.code, kRefused) << end;
    EXPECT_THAT(end.err, HasSubstr("order"));
  }
}

TEST(Disagreements, OverWhoIsTheRequesterEndInTime) {
  Parties parties(2);
  std::swap(parties.files[1].parties[0], parties.files[1].parties[1]);
  parties.files[1].input = request(1, 1);
  for (const End& end : parties.run({"--wait", "1s"})) EXPECT_EQ(end.code, kUnreachable) << end;
}

// --- parties that are not who they should be ---

// Nobody lets it in.
void expect_waiting_in_vain(Process& party) {
  EXPECT_FALSE(party.wait(milliseconds(0)));
  party.send(SIGINT);
  const End end = finish(party);
  EXPECT_EQ(end.code, kInterrupted) << end;
  expect_error_object(end, "cancelled");
}

TEST(Impostors, AtAnAddressThatIsDialledAreNamedAfterTheWait) {
  Parties parties(2);
  PartyFile& impostor = parties.files[0];
  impostor.identity = "other.key";
  const std::string other = parties.make_key("other.key");
  impostor.parties[0].id = other;
  Process wrong = parties.start(0);
  ASSERT_TRUE(wrong.says("waiting for party 1")) << finish(wrong, milliseconds(0));  // it listens
  const auto begin = steady_clock::now();
  Process party = parties.start(1, {"--wait", "3s"});
  const End end = finish(party);
  EXPECT_EQ(end.code, kUnreachable) << end;
  EXPECT_GE(Seconds(steady_clock::now() - begin).count(), 3.0);
  EXPECT_THAT(end.err, HasSubstr("is not " + parties.ids[0]));
  expect_waiting_in_vain(wrong);
}

TEST(Impostors, ThatDialAreRefusedAndTheReasonIsSaid) {
  Parties parties(2);
  PartyFile& impostor = parties.files[1];
  impostor.identity = "other.key";
  const std::string other = parties.make_key("other.key");
  impostor.parties[1].id = other;
  Process wrong = parties.start(1);
  ASSERT_TRUE(wrong.says("waiting for party 0")) << finish(wrong, milliseconds(0));  // it dials, again and again
  Process party = parties.start(0, {"--wait", "3s"});
  const End end = finish(party);
  EXPECT_EQ(end.code, kUnreachable) << end;
  EXPECT_THAT(end.err, HasSubstr(parties.ids[1]));
  EXPECT_THAT(end.err, HasSubstr("refused: 127.0.0.1:"));
  expect_waiting_in_vain(wrong);
}

TEST(Impostors, DoNotStopTheRightPartyFromComing) {
  Parties parties(2);

  PartyFile impostor = parties.files[1];
  const std::string id = parties.make_key("other.key");
  impostor.identity = "other.key";
  impostor.state_dir = "other.state";
  impostor.parties[1].id = id;
  write_file(parties.directory / "impostor.toml", impostor.text());
  Process party = parties.start(0);
  Process wrong = start_tarn({"place", "--config", parties.directory / "impostor.toml", "--wait", "60s"});
  ASSERT_TRUE(party.says("refused: 127.0.0.1:")) << finish(party, milliseconds(0));
  Process right = parties.start(1);
  EXPECT_EQ(finish(right).code, kDone);
  EXPECT_EQ(finish(party).code, kDone);
}

// Speaks TCP but no TLS: sends each who connects the same bytes, and then holds the connection or ends it.
class Mumbler {
 public:
  Mumbler(std::string words, bool hangs_up) : port_(bind_loopback(true)), words_(std::move(words)) {
    thread_ = std::jthread([this, hangs_up](const std::stop_token& stop) {
      std::vector<Descriptor> held;
      while (!stop.stop_requested()) {
        pollfd watched{port_.socket.get(), POLLIN, 0};
        if (::poll(&watched, 1, 20) <= 0) continue;
        Descriptor peer(::accept4(port_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!peer.valid()) continue;
        ++heard;
        (void)::send(peer.get(), words_.data(), words_.size(), MSG_NOSIGNAL);
        if (!hangs_up) held.push_back(std::move(peer));
      }
    });
  }
  const std::string& address() const { return port_.address; }
  std::atomic<int> heard = 0;

 private:
  Port port_;
  std::string words_;
  std::jthread thread_;
};

const std::string kHalfHello = std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);  // of 512 bytes
const std::string kHalfAnswer = std::string("\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03", 11);

TEST(Mumblers, AtAPartysAddressLeadToUnreachableAfterTheWait) {
  struct Case {
    const char* name;
    Mumbler mumbler;
  };
  std::vector<std::unique_ptr<Case>> cases;  // at the same time, as each takes its wait
  const auto add = [&](const char* name, const std::string& words, bool hangs_up) {
    cases.push_back(std::unique_ptr<Case>(new Case{name, Mumbler(words, hangs_up)}));
  };
  add("silence", "", false);
  add("hanging up", "", true);
  add("another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", false);
  add("another protocol, hanging up", "SSH-2.0-OpenSSH_9.2\r\n", true);
  add("half a message", kHalfAnswer, false);
  add("half a message, hanging up", kHalfAnswer, true);
  add("much garbage", std::string(100'000, '\xff'), false);
  Parties parties(2);
  const auto begin = steady_clock::now();
  std::vector<Process> processes;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    parties.files[1].parties[0].address = cases[i]->mumbler.address();
    parties.files[1].state_dir = "state.of." + std::to_string(i);
    const std::string config = parties.directory / ("config.of." + std::to_string(i));
    write_file(config, parties.files[1].text());
    processes.push_back(start_tarn({"place", "--config", config, "--wait", "2s", "--output", "json"}));
  }
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i]->name);
    const End end = finish(processes[i]);
    EXPECT_EQ(end.code, kUnreachable) << end;
    EXPECT_GE(Seconds(steady_clock::now() - begin).count(), 2.0);
    EXPECT_GE(cases[i]->mumbler.heard.load(), 1);
    EXPECT_THAT(end.err, HasSubstr(parties.ids[0]));
    expect_error_object(end, "unreachable");
  }
}

Descriptor dial(const std::string& address) {
  Descriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  if (::connect(out.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) out.close();
  return out;
}

TEST(Strangers, ThatDialAndMumbleDoNotDisturbTheParties) {
  Parties parties(3);
  Process requester = parties.start(0);
  ASSERT_TRUE(requester.says("waiting for")) << finish(requester, milliseconds(0));
  std::vector<Descriptor> strangers;
  for (const std::string& words : {std::string(), std::string("GET / HTTP/1.1\r\n\r\n"), kHalfHello,
                                   std::string(100'000, '\xff'), std::string()}) {
    for (int i = 0; i < 10; ++i) {
      strangers.push_back(dial(parties.address(0)));
      ASSERT_TRUE(strangers.back().valid());
      (void)::send(strangers.back().get(), words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  }
  Process a = parties.start(1), b = parties.start(2);
  for (Process* p : {&requester, &a, &b}) {
    const End end = finish(*p);
    EXPECT_EQ(end.code, kDone) << end;
  }
}

TEST(Strangers, HearNothingThatWasMeantForAClosedTerminal) {
  Parties parties(2);
  const Port port = bind_loopback(true);
  parties.files[1].parties[0].address = port.address;
  write_file(parties.config(1), parties.files[1].text());
  // Started without standard streams, a program's first sockets get their numbers.
  Process party({"/bin/sh", "-c", "exec " + binary() + " place --config " + parties.config(1) + " --wait 1s <&- 2>&-"});
  std::string heard;
  std::vector<Descriptor> peers;
  const auto listen = [&](int patience_ms) {  // whether somebody came
    pollfd watched{port.socket.get(), POLLIN, 0};
    const bool came = ::poll(&watched, 1, patience_ms) > 0;
    if (came) peers.emplace_back(::accept4(port.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    for (const Descriptor& peer : peers) {
      std::array<char, 4096> buffer{};
      const ssize_t got = ::recv(peer.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got > 0) heard.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return came;
  };
  while (!party.wait(milliseconds(0))) listen(20);
  while (listen(0)) {  // what came since the last look
  }
  EXPECT_FALSE(heard.empty());
  EXPECT_THAT(heard, Not(HasSubstr("waiting for")));
}

// --- processes that die, stop or are interrupted ---

// What those may end with whose session another left: never a crash, an accusation or a result of half a session.
void expect_left_alone(const End& end) {
  EXPECT_THAT(end.code, AnyOf(kUnreachable, kSomebodyMisbehaved, kDeadline)) << end;
  EXPECT_FALSE(end.crashed) << end;
  EXPECT_TRUE(end.parsed().contains("error")) << end;
}

TEST(Killed, PartiesLeaveOthersThatEndInTimeAndStateThatTheNextSessionUses) {
  const char* const given = std::getenv("TARN_E2E_SEED");
  std::mt19937 random(given != nullptr ? static_cast<unsigned>(std::stoul(given)) : 20240607);
  Parties parties(3);
  for (PartyFile& file : parties.files) file.deadline = "10s";
  int cut_short = 0;
  for (int round = 0; round < 10; ++round) {
    const std::size_t victim = random() % 3;
    const milliseconds when(random() % 320);  // a session of 14 hops takes 280 ms, one of 12 240 ms
    SCOPED_TRACE("round " + std::to_string(round) + ": party " + std::to_string(victim) + " after " +
                 std::to_string(when.count()) + " ms");
    parties.rebind();
    std::vector<Process> processes;
    for (std::size_t i = 0; i < 3; ++i) processes.push_back(parties.start(i, {"--wait", "10s", "--rtt-ms", "40"}));
    ASSERT_TRUE(parties.reaches_session(victim, processes[victim]));
    const auto begin = steady_clock::now();
    processes[victim].wait(when);
    const bool alive = !processes[victim].wait(milliseconds(0));
    processes[victim].send(SIGKILL);
    for (std::size_t i = 0; i < 3; ++i) {
      const End end = finish(processes[i], milliseconds(30'000));
      if (i == victim) continue;
      if (end.code == kDone) continue;  // it had all it needed before the victim died
      EXPECT_TRUE(alive) << end;
      expect_left_alone(end);
      ++cut_short;
    }
    EXPECT_LT(Seconds(steady_clock::now() - begin).count(), 25);  // the wait, the deadline, and a busy machine
    if (HasFailure()) return;
    // Met anew or still acquainted: it works at once.
    for (const End& end : parties.run()) ASSERT_EQ(end.code, kDone) << end;
  }
  RecordProperty("cut_short", cut_short);
  EXPECT_GT(cut_short, 4) << "the test kills too late to mean anything";
}

TEST(Killed, WhileTheOthersWaitAPartyMayComeBack) {
  Parties parties(3);
  Process requester = parties.start(0), first = parties.start(2);
  ASSERT_TRUE(first.says("waiting for party 1")) << finish(first, milliseconds(0));
  first.send(SIGKILL);
  ASSERT_TRUE(first.wait());
  // The last party listens to nobody, so it needs no socket.
  Process again = start_tarn({"place", "--config", parties.config(2), "--wait", "60s", "--output", "json"});
  ASSERT_TRUE(again.says("waiting for party 1")) << finish(again, milliseconds(0));
  Process late = parties.start(1);
  for (Process* p : {&requester, &again, &late}) {
    const End end = finish(*p);
    EXPECT_EQ(end.code, kDone) << end;
  }
}

TEST(Stopped, PartiesLeadToTheDeadline) {
  Parties parties(3);
  for (PartyFile& file : parties.files) file.deadline = "1500ms";
  std::vector<Process> processes;
  for (std::size_t i = 0; i < 3; ++i) processes.push_back(parties.start(i, {"--wait", "5s", "--rtt-ms", "400"}));
  ASSERT_TRUE(parties.reaches_session(1, processes[1]));
  processes[1].send(SIGSTOP);
  for (const std::size_t i : {0U, 2U}) {
    const End end = finish(processes[i], milliseconds(30'000));
    // One sees the deadline first; the other may already hear of it.
    EXPECT_THAT(end.code, AnyOf(kDeadline, kSomebodyMisbehaved, kUnreachable)) << end;
    EXPECT_FALSE(end.crashed);
  }
  processes[1].send(SIGCONT);
  const End end = finish(processes[1], milliseconds(30'000));
  expect_left_alone(end);
}

TEST(Deadline, ThatIsTooShortForTheDistanceEndsAllWithSeven) {
  Parties parties(2);
  for (PartyFile& file : parties.files) file.deadline = "300ms";
  bool seven = false;
  for (const End& end : parties.run({"--wait", "60s", "--rtt-ms", "300"})) {
    expect_left_alone(end);
    seven = seven || end.code == kDeadline;
  }
  EXPECT_TRUE(seven);
}

class Interrupted : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Place, Interrupted, testing::Values(SIGINT, SIGTERM, SIGHUP), [](const auto& each) {
  return each.param == SIGINT ? "Int" : each.param == SIGTERM ? "Term" : "Hup";
});

TEST_P(Interrupted, WhileWaitingEndsSoonWithItsCode) {
  Parties parties(2);
  Process party = parties.start(0);
  ASSERT_TRUE(party.says("waiting for")) << finish(party, milliseconds(0));
  party.send(GetParam());
  const End end = finish(party, milliseconds(10'000));
  EXPECT_EQ(end.code, kInterrupted) << end;
  expect_error_object(end, "cancelled");
  // Nobody else is to blame for it.
  EXPECT_THAT(end.err.substr(end.err.find("tarn: ")), Not(HasSubstr("org_")));
}

TEST_P(Interrupted, DuringASessionEndsItForAllSoon) {
  Parties parties(3);
  for (PartyFile& file : parties.files) file.deadline = "60s";
  std::vector<Process> processes;
  for (std::size_t i = 0; i < 3; ++i) processes.push_back(parties.start(i, {"--wait", "60s", "--rtt-ms", "2000"}));
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(parties.reaches_session(i, processes[i]));
  processes[1].send(GetParam());
  const End end = finish(processes[1], milliseconds(10'000));
  EXPECT_EQ(end.code, kInterrupted) << end;
  expect_error_object(end, "cancelled");
  EXPECT_THAT(end.err.substr(end.err.find("tarn: ")), Not(HasSubstr("org_"))) << "nobody else is to blame for it";
  for (const std::size_t i : {0U, 2U}) {  // the whole session would take 14 s
    const End other = finish(processes[i], milliseconds(10'000));
    EXPECT_THAT(other.code, AnyOf(kUnreachable, kSomebodyMisbehaved)) << other;
    EXPECT_FALSE(other.crashed);
  }
}

TEST(Interruption, APartyCanTakePartAgainAtOnce) {
  Parties parties(2);
  for (const End& end : parties.run()) ASSERT_EQ(end.code, kDone) << end;
  parties.rebind();
  std::vector<Process> processes;
  for (std::size_t i = 0; i < 2; ++i) processes.push_back(parties.start(i, {"--wait", "60s", "--rtt-ms", "1000"}));
  for (std::size_t i = 0; i < 2; ++i) ASSERT_TRUE(parties.reaches_session(i, processes[i]));
  processes[0].send(SIGINT);
  for (Process& p : processes) EXPECT_TRUE(p.wait(milliseconds(15'000)));
  for (const End& end : parties.run()) EXPECT_EQ(end.code, kDone) << end;
}

}  // namespace
}  // namespace e2e
