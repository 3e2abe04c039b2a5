// Requesters and providers that cheat, lie, repeat themselves and vanish in a whole pool. After each of them: nothing is
// held or sold twice, nobody honest is named, and who is honest gets its lease from the others.
#include <gtest/gtest.h>

#include <limits>

#include "support/pool_town.h"

namespace {

using support::PoolTown;
using Kind = pool::ProviderEvent::Kind;
using Messages = std::vector<base::Bytes>;

constexpr std::uint64_t kUnits = 8;

// Four providers of which all four are drawn, and three are enough: provider 0 is the cheapest and wins.
pool::Wanted want() {
  pool::Wanted wanted = PoolTown::want(kUnits);
  wanted.mechanism = auction::Mechanism::kFirstPrice;
  return wanted;
}

// ---------------------------------------------------------------- providers that cheat or vanish

// `cheat` sees what provider 0 says to the requester, and returns what arrives.
struct CheatingTown {
  using Cheat = std::function<Messages(support::TownProvider&, const base::Bytes&)>;
  explicit CheatingTown(Cheat cheat, std::size_t providers = 4) : town(providers), requester(town, "r") {
    support::TownProvider& cheater = *town.providers[0];
    town.town.wire = [this, &cheater, cheat = std::move(cheat)](const support::MemoryTown::Passing& passing,
                                                                base::Bytes message) -> Messages {
      if (passing.from.key != cheater.key() || passing.to.key != requester.identity.public_key()) return {message};
      return cheat(cheater, message);
    };
  }
  // The requester has its lease, and from somebody else; `named` tells whether it is certain about the cheater.
  void expect_served(bool named) {
    const base::Status done = requester.run(want());
    ASSERT_TRUE(done.ok()) << done.error().message;
    town.outlast();
    ASSERT_EQ(requester.result.leases.size(), 1u);
    const auto& lease = requester.result.leases[0];
    EXPECT_TRUE(lease.confirmed);
    EXPECT_NE(lease.document.terms.provider, town.providers[0]->key());
    EXPECT_EQ(requester.result.attempts.size(), 2u);
    town.expect_balanced(kUnits);
    town.expect_only_named(requester, {town.providers[0]->key()});
    std::size_t times = 0;
    for (const auto& record : requester.reputation.records()) {
      EXPECT_EQ(record.key, town.providers[0]->key()) << record.evidence;
      times += record.offence == pool::Offence::kNamed;
    }
    EXPECT_EQ(times, named ? 1u : 0u);
  }
  PoolTown town;
  PoolTown::RequesterSide requester;
};

// Changes the first lease that is offered, and signs it anew.
CheatingTown::Cheat other_lease(std::function<void(pool::LeaseTerms&)> change) {
  return [change](support::TownProvider& p, const base::Bytes& message) -> Messages {
    auto offer = pool::read_lease_offer(message);
    if (!offer) return {message};
    change(offer->terms);
    return {pool::lease_offer(pool::LeaseDocument::offer(offer->terms, *p.identity))};
  };
}

TEST(CheatingProvider, OffersMoreOrFewerUnits) {
  CheatingTown(other_lease([](auto& terms) { terms.units += 1; })).expect_served(true);
  CheatingTown(other_lease([](auto& terms) { terms.units -= 1; })).expect_served(true);
}

TEST(CheatingProvider, WantsMoreMoney) {
  CheatingTown(other_lease([](auto& terms) { terms.hourly_payment += 1; })).expect_served(true);
}

TEST(CheatingProvider, OffersAShorterLease) {
  CheatingTown(other_lease([](auto& terms) { terms.end_unix_ms -= 1; })).expect_served(true);
}

TEST(CheatingProvider, OffersALeaseOfAnotherSessionOrToAnother) {
  CheatingTown(other_lease([](auto& terms) { terms.session[3] ^= 1; })).expect_served(true);
  CheatingTown(other_lease([](auto& terms) { terms.requester[3] ^= 1; })).expect_served(true);
}

TEST(CheatingProvider, OffersInAnothersName) {
  CheatingTown(other_lease([](auto& terms) { terms.provider[3] ^= 1; })).expect_served(true);
}

TEST(CheatingProvider, SignsNothing) {
  CheatingTown([](auto&, const base::Bytes& message) -> Messages {
    if (!pool::read_lease_offer(message)) return {message};
    base::Bytes damaged = message;
    damaged[damaged.size() - 10] ^= 1;
    return {damaged};
  }).expect_served(true);
}

// A wrong clock is no offence: the other one may be wrong, and then everybody honest would be named.
TEST(CheatingProvider, AWrongClockNamesNobody) {
  for (const std::int64_t by : {std::int64_t{-600'000}, std::int64_t{600'000}})
    CheatingTown(other_lease([by](auto& terms) {
      terms.start_unix_ms += by;
      terms.end_unix_ms += by;
    })).expect_served(false);
}

TEST(CheatingProvider, TheEndOfTimeDoesNotOverflow) {
  CheatingTown(other_lease([](auto& terms) {
    terms.start_unix_ms = terms.end_unix_ms = std::numeric_limits<std::int64_t>::max();
  })).expect_served(false);
}

TEST(CheatingProvider, OffersNoLease) {
  CheatingTown([](auto&, const base::Bytes& message) -> Messages {
    if (pool::read_lease_offer(message)) return {};
    return {message};
  }).expect_served(false);
}

TEST(CheatingProvider, AnswersGarbageInsteadOfALease) {
  CheatingTown([](auto&, const base::Bytes& message) -> Messages {
    if (pool::read_lease_offer(message)) return {base::Bytes(100, 7)};
    return {message};
  }).expect_served(true);
}

TEST(CheatingProvider, AcceptsTwice) {
  CheatingTown([](auto&, const base::Bytes& message) -> Messages {
    if (pool::Acceptance::decode(message)) return {message, message};
    return {message};
  }).expect_served(true);
}

TEST(CheatingProvider, RefusesAfterAccepting) {
  CheatingTown([](auto&, const base::Bytes& message) -> Messages {
    if (!pool::Acceptance::decode(message)) return {message};
    return {message, pool::Refusal{pool::Reason::kBusy, 0}.encode()};
  }).expect_served(true);
}

TEST(CheatingProvider, IsReadyAndThenLacksSomebody) {
  CheatingTown([](auto&, const base::Bytes& message) -> Messages {
    if (message != pool::ready()) return {message};
    return {message, pool::missing(2)};
  }).expect_served(true);
}

// Its session goes on without it: whoever it says it lacks.
TEST(CheatingProvider, LacksTheRequesterItTalksTo) {
  CheatingTown([](auto&, const base::Bytes& message) -> Messages {
    return {message == pool::ready() ? pool::missing(0) : message};
  }).expect_served(false);
}

TEST(CheatingProvider, LacksSomebodyWhoDoesNotExist) {
  CheatingTown([](auto&, const base::Bytes& message) -> Messages {
    return {message == pool::ready() ? pool::missing(200) : message};
  }).expect_served(true);
}

// Word against word: both stay out of this request, and nobody is remembered for it.
TEST(CheatingProvider, LacksSomebodyHonest) {
  CheatingTown world(
      [](auto&, const base::Bytes& message) -> Messages {
        if (message != pool::ready()) return {message};
        return {pool::missing(1), message};
      },
      6);
  auto wanted = want();
  wanted.providers = 6;
  ASSERT_TRUE(world.requester.run(wanted).ok());
  world.town.outlast();
  EXPECT_EQ(world.requester.result.leases.size(), 1u);
  EXPECT_EQ(world.requester.result.attempts.size(), 2u);
  EXPECT_LE(world.requester.result.attempts[0].left_out.size(), 2u);
  EXPECT_TRUE(world.requester.reputation.records().empty());
  world.town.expect_balanced(kUnits);
}

TEST(CheatingProvider, AcceptsWithAWrongSignature) {
  CheatingTown world([](auto&, const base::Bytes& message) -> Messages {
    auto acceptance = pool::Acceptance::decode(message);
    if (!acceptance) return {message};
    acceptance->nonce[0] ^= 1;
    return {acceptance->encode()};
  });
  ASSERT_TRUE(world.requester.run(want()).ok());
  world.town.outlast();
  EXPECT_EQ(world.requester.result.leases.size(), 1u);
  EXPECT_EQ(world.requester.result.attempts.size(), 1u);
  world.town.expect_only_named(world.requester, {world.town.providers[0]->key()});
}

// Who means another session ends nobody's request with it.
TEST(CheatingProvider, MeansAnotherManifest) {
  auto rules = PoolTown::quick_rules();
  PoolTown town(3, rules);
  rules.extension_k = 8;
  town.add_provider(rules);
  PoolTown::RequesterSide requester(town, "r");
  const base::Status done = requester.run(want());
  ASSERT_TRUE(done.ok()) << done.error().message;
  town.outlast();
  EXPECT_EQ(requester.result.leases.size(), 1u);
  ASSERT_EQ(requester.result.attempts.size(), 2u);
  EXPECT_EQ(requester.result.attempts[0].left_out, std::vector{town.providers[3]->key()});
  EXPECT_TRUE(requester.reputation.records().empty());
  town.expect_balanced(kUnits);
}

// It accepted, and then nothing that it says arrives. The others lack it and say so; none of them is taken for silent.
TEST(VanishingProvider, IsSilentFromItsAcceptanceOn) {
  PoolTown town(4);
  PoolTown::RequesterSide requester(town, "r");
  auto& silent = *town.providers[2];
  town.town.wire = [&](const support::MemoryTown::Passing& passing, base::Bytes message) -> Messages {
    if (passing.to.key == silent.key() && pool::Draw::decode(message)) town.town.silence(silent.address);
    return {std::move(message)};
  };
  auto wanted = want();
  wanted.deadline_ms = 40'000;  // half of it waits who had reached somebody that then gave up (memory_lines.h)
  const base::Status done = requester.run(wanted);
  ASSERT_TRUE(done.ok()) << done.error().message;
  town.town.kill(silent.address);  // it waits for nobody any more
  town.outlast();
  EXPECT_EQ(requester.result.leases.size(), 1u);
  ASSERT_EQ(requester.result.attempts.size(), 2u);
  EXPECT_EQ(requester.result.attempts[0].left_out, std::vector{silent.key()});
  for (const auto& record : requester.reputation.records()) EXPECT_EQ(record.key, silent.key());
  town.expect_only_named(requester);
  town.expect_balanced(kUnits);
}

// Dies with its n-th word, n from the first to the last: the requester is served each time.
TEST(VanishingProvider, DiesInEachPhase) {
  bool died = true;
  for (std::size_t last = 1; died; last += last < 8 ? 1 : 5) {
    died = false;
    PoolTown town(5);
    PoolTown::RequesterSide requester(town, "r");
    auto& victim = *town.providers[0];
    std::atomic<std::size_t> said = 0;
    std::atomic<bool> killed = false;
    town.town.wire = [&](const support::MemoryTown::Passing& passing, base::Bytes message) -> Messages {
      if (passing.from.key == victim.key() && ++said == last) {
        killed = true;
        town.town.kill(victim.address);
      }
      return {std::move(message)};
    };
    auto wanted = want();
    wanted.providers = 5;
    wanted.deadline_ms = 60'000;  // half of it waits who had reached somebody that then gave up (memory_lines.h)
    const base::Status done = requester.run(wanted);
    ASSERT_TRUE(done.ok()) << last << ": " << done.error().message;
    town.outlast();
    died = killed;
    EXPECT_EQ(requester.result.leases.size(), 1u) << last;
    town.expect_only_named(requester);
    // If it died with its last word, its lease counts on its side alone, and the requester can ask.
    town.expect_balanced(kUnits);
    if (HasFailure()) return;
  }
}

// Between being found and being asked: another class, another key at its address, nobody at it.
TEST(VanishingProvider, ChangesItsMindBeforeItIsAsked) {
  PoolTown town(6);
  inventory::Offer other;
  other.name = "other";
  other.unit = *model::ResourceClass::parse("nvidia.com/gpu=1");
  other.capacity = 4;
  town.providers[0]->inventory = std::make_unique<support::MemoryInventory>(std::vector{other});
  town.restart(*town.providers[0]);
  std::swap(town.providers[1]->address, town.providers[2]->address);
  town.town.close_door("provider-3:1");
  PoolTown::RequesterSide requester(town, "r");
  auto wanted = want();
  wanted.min_providers = 2;
  EXPECT_FALSE(requester.run(wanted).ok());  // fewer than half of those who were asked, and then than the quorum
  EXPECT_EQ(requester.result.attempts[0].refused[pool::Reason::kNotOffered], 1u);
  EXPECT_EQ(requester.result.attempts[0].accepted, 2u);
  town.outlast();
  EXPECT_TRUE(requester.reputation.records().empty());
  town.expect_balanced(0);
}

// ---------------------------------------------------------------- requesters that cheat or vanish

// A requester that keeps to nothing: each message of the pool's own by hand.
struct Attacker {
  Attacker(PoolTown& t, std::string_view seed) : town(t), side(t, seed) {}

  pool::Invitation invitation(std::size_t count) {
    pool::Invitation out;
    side.random.fill(out.request);
    out.unit = *model::ResourceClass::parse(support::kUnit);
    out.mechanism = "first-price";
    out.drawn = static_cast<std::uint8_t>(std::min<std::size_t>(count, 4));
    out.lease_seconds = 3600;
    out.session_ms = 2'000;
    for (std::size_t i = 0; i < count; ++i) out.candidates.push_back(town.providers[i]->key());
    std::sort(out.candidates.begin(), out.candidates.end());
    return out;
  }
  // Asks those on the list whom there are, in its order.
  void ask(const pool::Invitation& invitation) {
    listed = invitation;
    accepted.clear();
    refused.clear();
    lines.clear();
    lines.resize(invitation.candidates.size());
    std::vector<pool::Peer> peers;
    for (const auto& key : invitation.candidates)
      for (const auto& p : town.providers)
        if (p->key() == key) peers.push_back({key, p->address});
    const Messages messages(peers.size(), invitation.seal(side.identity));
    side.lines->call(peers, messages, pool::kMaxCallMessage, 10'000, [&](pool::Lines::Reply reply) {
      EXPECT_TRUE(reply.message.ok());
      if (!reply.message.ok()) return true;
      if (const auto refusal = pool::Refusal::decode(*reply.message)) ++refused[refusal->reason];
      const auto acceptance = pool::Acceptance::decode(*reply.message);
      if (!acceptance) return true;
      accepted.push_back({static_cast<std::uint8_t>(*invitation.index_of(peers[reply.peer].key)), *acceptance});
      lines[accepted.back().candidate] = std::move(reply.line);
      return true;
    });
    std::sort(accepted.begin(), accepted.end(), [](auto& a, auto& b) { return a.candidate < b.candidate; });
  }
  pool::Draw draw(std::vector<pool::Draw::Accepted> of) {
    return pool::make_draw(listed, side.identity, std::move(of), [&](std::size_t candidate) {
      return candidate < listed.candidates.size() ? town.by_key(listed.candidates[candidate]).address : "nobody:1";
    });
  }
  void send(const base::Bytes& message) {
    for (const auto& line : lines)
      if (line) (void)line->send(message);
  }
  // The honest beginning of a session that will not stay so.
  std::unique_ptr<pool::SessionMesh> connect(const pool::Draw& said) {
    const auto order = pool::order_of(listed, side.identity.public_key(), said);
    plan = pool::plan_of(listed, side.identity.public_key(), said, *order, 0);
    std::vector<std::unique_ptr<pool::Line>> drawn(1);
    for (const std::size_t candidate : *order) drawn.push_back(std::move(lines[candidate]));
    auto mesh = side.lines->mesh(plan, drawn, 5'000);
    EXPECT_TRUE(mesh.ok());
    if (!mesh.ok()) return nullptr;
    for (std::size_t i = 1; i < plan.parties.size(); ++i) EXPECT_TRUE((*mesh)->receive(i, 100).ok());
    return std::move(*mesh);
  }
  // How all who were asked have fared, once they are done with it.
  void expect_all(Kind kind) {
    lines.clear();
    town.outlast();
    for (const auto& p : town.providers) EXPECT_EQ(p->count(kind), p->heard().size()) << p->address;
    town.expect_balanced(0);
    town.expect_only_named(side);
  }

  PoolTown& town;
  PoolTown::RequesterSide side;
  pool::Invitation listed;
  std::vector<pool::Draw::Accepted> accepted;  // by candidate
  std::map<pool::Reason, std::size_t> refused;
  std::vector<std::unique_ptr<pool::Line>> lines;  // by candidate
  pool::MeshPlan plan;
};

TEST(LyingRequester, LeavesOutThoseWhomAProviderSees) {
  PoolTown town(8);
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t j = 0; j < 8; ++j)
      if (i != j) town.providers[i]->sees.insert(town.providers[j]->key());
  Attacker attacker(town, "a");
  attacker.ask(attacker.invitation(4));  // each sees seven others, of whom three are there
  EXPECT_EQ(attacker.refused[pool::Reason::kIncomplete], 4u);
  attacker.ask(attacker.invitation(8));
  EXPECT_EQ(attacker.accepted.size(), 8u);
}

TEST(LyingRequester, NamesItselfOrSomebodyTwice) {
  PoolTown town(4);
  Attacker attacker(town, "a");
  auto itself = attacker.invitation(4);
  itself.candidates.push_back(attacker.side.identity.public_key());
  std::sort(itself.candidates.begin(), itself.candidates.end());
  attacker.ask(itself);
  EXPECT_EQ(attacker.refused[pool::Reason::kMalformed], 4u);
  auto twice = attacker.invitation(4);
  twice.candidates.push_back(twice.candidates.back());
  attacker.ask(twice);
  EXPECT_EQ(attacker.refused[pool::Reason::kMalformed], 5u);  // one of them was asked twice
  auto without = attacker.invitation(4);
  without.candidates[1][0] ^= 1;
  std::sort(without.candidates.begin(), without.candidates.end());
  attacker.ask(without);
  EXPECT_EQ(attacker.accepted.size(), 3u);  // a name that nobody has stands on the list for nothing
  attacker.lines.clear();
  town.outlast();
  town.expect_balanced(0);
}

TEST(LyingRequester, WantsWhatNobodyTakesPartIn) {
  PoolTown town(3);
  Attacker attacker(town, "a");
  const auto refused_with = [&](pool::Reason reason, const std::function<void(pool::Invitation&)>& change) {
    auto invitation = attacker.invitation(3);
    change(invitation);
    attacker.ask(invitation);
    EXPECT_EQ(attacker.refused[reason], 3u) << text(reason);
    EXPECT_TRUE(attacker.accepted.empty());
  };
  using pool::Reason;
  refused_with(Reason::kUnsupported, [](auto& i) { i.width = 7; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.width = 64; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.mechanism = "most-expensive"; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.mechanism = ""; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.drawn = 16; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.lease_seconds = 0xffff'ffff; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.lease_seconds = 0; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.session_ms = 0xffff'ffff; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.session_ms = 0; });
  refused_with(Reason::kUnsupported, [](auto& i) { i.attempt = 200; });
  refused_with(Reason::kTooSmall, [](auto& i) { i.drawn = 2; });
  refused_with(Reason::kNotOffered, [](auto& i) { i.unit = *model::ResourceClass::parse("cpu=2 memory=1Gi"); });
  attacker.expect_all(Kind::kRefused);
}

TEST(LyingRequester, TellsEachAnotherDraw) {
  PoolTown town(5);
  Attacker attacker(town, "a");
  attacker.ask(attacker.invitation(5));
  ASSERT_EQ(attacker.accepted.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {  // each is told that the next one did not accept
    auto some = attacker.accepted;
    some.erase(some.begin() + static_cast<std::ptrdiff_t>((i + 1) % 5));
    ASSERT_TRUE(attacker.lines[i]->send(attacker.draw(some).encode()).ok());
  }
  town.settle();
  attacker.expect_all(Kind::kFailed);
}

TEST(LyingRequester, InventsRepeatsOrLeavesOutAcceptances) {
  const auto attempt = [](const char* what,
                          const std::function<void(Attacker&, std::vector<pool::Draw::Accepted>&)>& lie) {
    SCOPED_TRACE(what);
    PoolTown town(6);
    Attacker attacker(town, "a");
    attacker.ask(attacker.invitation(6));
    ASSERT_EQ(attacker.accepted.size(), 6u);
    auto some = attacker.accepted;
    lie(attacker, some);
    attacker.send(attacker.draw(some).encode());
    town.settle();
    attacker.expect_all(Kind::kNoDraw);
  };
  attempt("a nonce of its own choice", [](Attacker&, auto& some) {
    for (auto& a : some) a.acceptance.nonce[5] ^= 1;
  });
  attempt("more than half left out", [](Attacker&, auto& some) { some.resize(2); });
  attempt("acceptances of another request", [](Attacker& a, auto& some) {
    const auto first = a.accepted;
    a.ask(a.invitation(6));
    some = a.accepted;
    for (std::size_t i = 0; i < some.size(); ++i) some[i].acceptance = first[i].acceptance;
  });
  attempt("somebody who is not on the list", [](Attacker&, auto& some) {
    for (std::size_t i = 0; i < some.size(); ++i) some[i].candidate = static_cast<std::uint8_t>(100 + i);
  });
}

TEST(LyingRequester, ChangesTheProofOrTheAddresses) {
  PoolTown town(4);
  Attacker attacker(town, "a");
  attacker.ask(attacker.invitation(4));
  pool::Draw draw = attacker.draw(attacker.accepted);
  draw.proof.bytes[3] ^= 1;
  attacker.send(draw.encode());
  attacker.expect_all(Kind::kNoDraw);
  attacker.ask(attacker.invitation(4));
  draw = attacker.draw(attacker.accepted);
  draw.addresses.pop_back();
  attacker.send(draw.encode());
  attacker.expect_all(Kind::kNoDraw);
}

TEST(LyingRequester, RepeatsAnInvitationOrADraw) {
  PoolTown town(4);
  Attacker attacker(town, "a");
  const auto invitation = attacker.invitation(4);
  attacker.ask(invitation);
  const base::Bytes draw = attacker.draw(attacker.accepted).encode();
  const auto lines = std::move(attacker.lines);
  attacker.ask(invitation);
  EXPECT_EQ(attacker.refused[pool::Reason::kTooSoon], 4u);
  attacker.ask(attacker.invitation(4));
  ASSERT_EQ(attacker.accepted.size(), 4u);
  attacker.send(draw);  // of the first one
  for (const auto& p : town.providers)
    while (p->count(Kind::kNoDraw) == 0) std::this_thread::yield();  // its lines are all open still
}

// However many it begins, and under however many names: so many at a time, and the rest is refused.
TEST(LyingRequester, OpensAThousandSessions) {
  auto rules = PoolTown::quick_rules();
  rules.draw_wait_ms = 600'000;  // they stay until the attacker goes
  PoolTown town(3, rules);
  std::vector<std::unique_ptr<Attacker>> attackers;
  std::size_t accepted = 0, asked = 0;
  std::vector<std::unique_ptr<pool::Line>> kept;
  for (std::size_t name = 0; name < 20; ++name) {
    attackers.push_back(std::make_unique<Attacker>(town, "a" + std::to_string(name)));
    Attacker& a = *attackers.back();
    for (std::size_t i = 0; i < 17; ++i, asked += 3) {
      a.ask(a.invitation(3));
      accepted += a.accepted.size();
      for (auto& line : a.lines) kept.push_back(std::move(line));
    }
    for (const auto& p : town.providers) EXPECT_LE(p->provider->sessions(), std::min<std::size_t>(2 * (name + 1), 8));
  }
  EXPECT_EQ(asked, 1020u);
  EXPECT_EQ(accepted, 3u * rules.admission.max_sessions);
  for (const auto& p : town.providers)
    EXPECT_EQ(p->inventory->totals(town.clock.unix_ms())[0].held, 0u);  // nothing before a draw
  kept.clear();
  town.settle();
  for (const auto& p : town.providers) EXPECT_EQ(p->provider->sessions(), 0u);
  PoolTown::RequesterSide honest(town, "r");
  ASSERT_TRUE(honest.run(want()).ok());
  town.outlast();
  town.expect_balanced(kUnits);
}

// Its allowance ends what can be learnt of capacities question by question.
TEST(LyingRequester, RunsOutOfAllowance) {
  auto rules = PoolTown::quick_rules();
  PoolTown town(3, rules);
  Attacker attacker(town, "a");
  for (int i = 0; i < 20; ++i) {
    attacker.ask(attacker.invitation(3));
    attacker.lines.clear();
    town.settle();
  }
  EXPECT_EQ(attacker.refused[pool::Reason::kTooMany], 3u);
  for (const auto& p : town.providers) {
    EXPECT_GE(p->count(Kind::kNoDraw), 8u);
    EXPECT_LE(p->count(Kind::kNoDraw), 9u);
  }
}

TEST(LyingRequester, MeansAnotherClassThanItInvitedTo) {
  PoolTown town(4);
  Attacker attacker(town, "a");
  attacker.ask(attacker.invitation(4));
  const auto draw = attacker.draw(attacker.accepted);
  attacker.send(draw.encode());
  const auto mesh = attacker.connect(draw);
  ASSERT_TRUE(mesh);
  mesh->set_deadline_ms(5'000);
  auto manifest = pool::session_manifest(attacker.listed, attacker.plan, 4);
  manifest.resource_class = "cpu=64 memory=1Ti";
  const pool::Party party{attacker.side.identity, *mesh, attacker.side.store, attacker.side.random, [](pool::Phase) {}};
  const auto placed = pool::place(auction::Mechanism::kFirstPrice, manifest, auction::RequesterInput{8, 1'000}, party);
  ASSERT_FALSE(placed.ok());
  attacker.expect_all(Kind::kFailed);
}

// The circuit takes what it is given; a lease of nothing is none.
TEST(LyingRequester, AsksForNothing) {
  PoolTown town(4);
  Attacker attacker(town, "a");
  auto invitation = attacker.invitation(4);
  invitation.session_ms = 60'000;  // this session ends well, however busy the machine is
  attacker.ask(invitation);
  const auto draw = attacker.draw(attacker.accepted);
  attacker.send(draw.encode());
  const auto mesh = attacker.connect(draw);
  ASSERT_TRUE(mesh);
  mesh->set_deadline_ms(60'000);
  auto manifest = pool::session_manifest(attacker.listed, attacker.plan, 4);
  const auto circuit = pool::placement_circuit(auction::Mechanism::kFirstPrice, 4, 32);
  manifest.circuit = circuit.hash();
  manifest.mechanism = "first-price";
  auto one = *pool::encode(auction::Mechanism::kFirstPrice, 32, auction::RequesterInput{1, 1'000'000});
  const auto three = *pool::encode(auction::Mechanism::kFirstPrice, 32, auction::RequesterInput{3, 1'000'000});
  ASSERT_NE(one[1], three[1]);  // the quantity comes first, its lowest bit too
  one[0] = 0;
  const pool::Party party{attacker.side.identity, *mesh, attacker.side.store, attacker.side.random, [](pool::Phase) {}};
  ASSERT_TRUE(pool::run_session(circuit, manifest, one, party).ok());
  town.outlast();
  town.expect_balanced(0);
  town.expect_only_named(attacker.side);
  for (const auto& p : town.providers) EXPECT_EQ(p->count(Kind::kWon), 0u);
}

// ---------------------------------------------------------------- the last words

struct LastWords {
  explicit LastWords(std::function<Messages(const base::Bytes&)> change)
      : town(4, patient_rules()), requester(town, "r") {
    town.town.wire = [this, change = std::move(change)](const support::MemoryTown::Passing& passing,
                                                        base::Bytes message) -> Messages {
      const bool ours = passing.from.key == requester.identity.public_key() && pool::read_lease_answer(message);
      return ours ? change(message) : Messages{message};
    };
  }
  static pool::ProviderRules patient_rules() {
    auto rules = PoolTown::quick_rules();
    rules.delivery_ms = 60'000;  // unless the requester leaves before
    return rules;
  }
  // What the winner answers to a call about its lease.
  base::Bytes call(PoolTown::RequesterSide& caller, const pool::LeaseMessage& message) {
    base::Bytes out;
    const std::array<pool::Peer, 1> peer{{{town.providers[0]->key(), town.providers[0]->address}}};
    const std::array<base::Bytes, 1> messages{message.encode()};
    caller.lines->call(peer, messages, pool::kMaxCallMessage, 10'000, [&](pool::Lines::Reply reply) {
      if (reply.message.ok()) out = *reply.message;
      return true;
    });
    return out;
  }
  pool::LeaseMessage about(pool::LeaseCall call) const {
    const auto& document = requester.kept.at(0).first;
    pool::LeaseMessage out;
    out.call = call;
    out.lease = document.terms.id;
    if (call == pool::LeaseCall::kConfirm) out.signature = document.requester;
    if (call == pool::LeaseCall::kRenew) out.seconds = 60;
    return out;
  }
  PoolTown town;
  PoolTown::RequesterSide requester;
};

bool refused(const base::Bytes& answer, pool::Reason reason) {
  const auto refusal = pool::Refusal::decode(answer);
  return refusal && refusal->reason == reason;
}

TEST(LastWords, AnotherLeaseSignedIsNone) {
  LastWords world([](const base::Bytes& message) -> Messages {
    base::Bytes other = message;
    other.back() ^= 1;
    return {other};
  });
  ASSERT_TRUE(world.requester.run(want()).ok());
  world.town.settle();
  EXPECT_FALSE(world.requester.result.leases.at(0).confirmed);
  EXPECT_EQ(world.town.providers[0]->count(Kind::kUnconfirmed), 1u);
  world.town.outlast();
  world.town.expect_balanced(0);
  world.town.expect_only_named(world.requester);
}

TEST(LastWords, AnOfferThatIsNeverConfirmedRunsOut) {
  LastWords world([](const base::Bytes&) { return Messages{}; });
  ASSERT_TRUE(world.requester.run(want()).ok());
  world.town.settle();
  EXPECT_EQ(world.town.providers[0]->inventory->totals(world.town.clock.unix_ms())[0].leased,
            kUnits);  // promised, for as long as offered
  world.town.outlast();
  world.town.expect_balanced(0);
  EXPECT_TRUE(refused(world.call(world.requester, world.about(pool::LeaseCall::kConfirm)), pool::Reason::kNotNow));
  EXPECT_TRUE(pool::is_lease_done(world.call(world.requester, world.about(pool::LeaseCall::kShow))));
  world.town.outlast();
  world.town.expect_balanced(0);
}

TEST(LastWords, AnOfferCanBeConfirmedByALaterCall) {
  LastWords world([](const base::Bytes&) { return Messages{}; });
  ASSERT_TRUE(world.requester.run(want()).ok());
  auto wrong = world.about(pool::LeaseCall::kConfirm);
  (*wrong.signature)[3] ^= 1;
  EXPECT_TRUE(refused(world.call(world.requester, wrong), pool::Reason::kNotNow));
  EXPECT_TRUE(pool::is_lease_done(world.call(world.requester, world.about(pool::LeaseCall::kConfirm))));
  EXPECT_TRUE(pool::is_lease_done(world.call(world.requester, world.about(pool::LeaseCall::kConfirm))));  // again
  world.town.outlast();
  world.town.expect_balanced(kUnits);
}

TEST(LastWords, NobodyElseCanCallAboutALease) {
  LastWords world([](const base::Bytes& message) { return Messages{message}; });
  ASSERT_TRUE(world.requester.run(want()).ok());
  PoolTown::RequesterSide stranger(world.town, "stranger");
  using pool::LeaseCall;
  for (const auto call : {LeaseCall::kShow, LeaseCall::kRenew, LeaseCall::kRelease, LeaseCall::kConfirm})
    EXPECT_TRUE(refused(world.call(stranger, world.about(call)), pool::Reason::kUnknownLease));
  world.town.outlast();
  world.town.expect_balanced(kUnits);
  auto unknown = world.about(LeaseCall::kRelease);
  unknown.lease[0] ^= 1;
  EXPECT_TRUE(refused(world.call(world.requester, unknown), pool::Reason::kUnknownLease));
  EXPECT_TRUE(pool::read_lease_offer(world.call(world.requester, world.about(LeaseCall::kShow))));
  EXPECT_TRUE(pool::is_lease_done(world.call(world.requester, world.about(LeaseCall::kRelease))));
  EXPECT_TRUE(pool::is_lease_done(world.call(world.requester, world.about(LeaseCall::kRelease))));
  EXPECT_TRUE(refused(world.call(world.requester, world.about(LeaseCall::kRenew)), pool::Reason::kNotNow));
  world.town.outlast();
  world.town.expect_balanced(0);
}

// What an owner reserves behind a lease is neither sold again nor promised: nobody is asked to sign what cannot be.
TEST(LastWords, NoRenewalIsOfferedIntoWhatIsReserved) {
  LastWords world([](const base::Bytes& message) { return Messages{message}; });
  ASSERT_TRUE(world.requester.run(want()).ok());
  support::MemoryInventory& inventory = *world.town.providers[0]->inventory;
  const std::int64_t now = world.town.clock.unix_ms();
  const std::int64_t end = inventory.leases().at(0).end_unix_ms;
  const inventory::Offer offer = inventory.offers().at(0);
  ASSERT_TRUE(inventory.reserve({{1}, offer.name, offer.capacity, end + 60'000, end + 120'000}, now).ok());
  EXPECT_TRUE(pool::read_lease_offer(world.call(world.requester, world.about(pool::LeaseCall::kRenew))));
  ASSERT_TRUE(inventory.release_reservation({1}).ok());
  ASSERT_TRUE(inventory.reserve({{1}, offer.name, offer.capacity, end + 59'999, end + 120'000}, now).ok());
  EXPECT_TRUE(refused(world.call(world.requester, world.about(pool::LeaseCall::kRenew)), pool::Reason::kNotNow));
  world.town.outlast();
  world.town.expect_balanced(kUnits);
}

// Whenever it dies: what its lost words leave behind runs out, and what counts as leased it has kept.
TEST(VanishingRequester, DiesInEachPhase) {
  bool died = true;
  for (std::size_t last = 1; died; last += last < 10 ? 3 : 7) {
    died = false;
    PoolTown town(4);
    PoolTown::RequesterSide requester(town, "r");
    std::atomic<std::size_t> said = 0;
    std::atomic<bool> killed = false;
    town.town.wire = [&](const support::MemoryTown::Passing& passing, base::Bytes message) -> Messages {
      if (passing.from.key == requester.identity.public_key() && ++said == last) {
        killed = true;
        town.town.kill(requester.address());
      }
      return {std::move(message)};
    };
    auto wanted = want();
    wanted.deadline_ms = 5'000;
    (void)requester.run(wanted);
    died = killed;
    town.outlast();
    std::uint64_t leased = 0;
    for (const auto& p : town.providers)
      for (const auto& lease : p->inventory->leases()) {
        leased += lease.units;
        EXPECT_EQ(lease.state, inventory::Lease::State::kActive);
        EXPECT_TRUE(std::any_of(requester.kept.begin(), requester.kept.end(),
                                [&](const auto& kept) { return kept.first.encode() == lease.document; }));
      }
    EXPECT_LE(leased, kUnits);
    town.expect_balanced(leased);
    for (const auto& p : town.providers) EXPECT_TRUE(p->reputation.records().empty());
    if (HasFailure()) return;
  }
}

}  // namespace
