// From a request to the place that was bought: who gets in, who does not, and when capacity is free again.
#include <gtest/gtest.h>

#include "pool/lease_access.h"
#include "support/town_delivery.h"

namespace {

using pool::LeaseAccess;
using pool::LeaseCall;
using support::PoolTown;
using State = LeaseAccess::State;

struct DeliveryTown {
  explicit DeliveryTown(std::uint64_t quantity = 8) {
    EXPECT_TRUE(requester.run(PoolTown::want(quantity)).ok());
    town.settle();
    EXPECT_EQ(requester.result.leases.size(), 1U);
  }
  const pool::LeaseDocument& document() const { return requester.result.leases.at(0).document; }
  support::TownProvider& winner() { return town.by_key(document().terms.provider); }
  LeaseAccess::Parties parties() const {
    return {document().terms.id, document().terms.provider, document().terms.requester};
  }
  base::Bytes call(const PoolTown::RequesterSide& caller, LeaseCall call) {
    const std::array<pool::Peer, 1> peers{{{winner().key(), winner().address}}};
    pool::LeaseMessage message;
    message.call = call;
    message.lease = document().terms.id;
    const std::array<base::Bytes, 1> messages{message.encode()};
    base::Bytes out;
    caller.lines->call(peers, messages, pool::kMaxAccessMessage, 10'000, [&](pool::Lines::Reply reply) {
      EXPECT_TRUE(reply.message.ok());
      if (reply.message.ok()) out = *reply.message;
      return true;
    });
    town.settle();
    return out;
  }
  std::optional<LeaseAccess> ask(LeaseCall about = LeaseCall::kAccess) {
    return LeaseAccess::decode(call(requester, about), parties());
  }

  PoolTown town{4};
  support::TownDelivery delivery{town};
  PoolTown::RequesterSide requester{town, "r"}, stranger{town, "s"};
};

bool unknown(const base::Bytes& answer) {
  const auto refusal = pool::Refusal::decode(answer);
  return refusal && refusal->reason == pool::Reason::kUnknownLease;
}

TEST(Delivery, BringsTheRequesterInAndNobodyElse) {
  DeliveryTown world;
  world.delivery.cluster(world.winner()).slowness = [] { return 3; };
  const base::Bytes answer = world.call(world.requester, LeaseCall::kAccess);
  const auto access = LeaseAccess::decode(answer, world.parties());
  ASSERT_TRUE(access);
  EXPECT_EQ(access->state, State::kReady);
  const auto credentials = access->open(world.parties(), world.requester.identity);
  ASSERT_TRUE(credentials.ok());
  EXPECT_EQ(std::string(credentials->begin(), credentials->end()),
            "kubeconfig of " + base::to_hex(world.document().terms.id));
  EXPECT_FALSE(access->open(world.parties(), world.stranger.identity).ok());
  EXPECT_FALSE(access->open(world.parties(), *world.winner().identity).ok());
  EXPECT_EQ(world.winner().count(pool::ProviderEvent::Kind::kLetIn), 1U);
  const auto order = world.delivery.cluster(world.winner()).there().at(world.document().terms.id).order;
  EXPECT_EQ(order.units, 8U);
  EXPECT_EQ(order.unit, world.document().terms.unit);
  EXPECT_EQ(order.requester, world.requester.identity.public_key());
  EXPECT_EQ(order.end_unix_ms, world.document().terms.end_unix_ms);

  EXPECT_TRUE(unknown(world.call(world.stranger, LeaseCall::kAccess)));
  EXPECT_TRUE(unknown(world.call(world.stranger, LeaseCall::kUsage)));
  for (const auto& loser : world.town.providers)
    EXPECT_EQ(world.delivery.cluster(*loser).there().empty(), loser->number != world.winner().number);
}

TEST(Delivery, ShowsUseWithoutGivingCredentials) {
  DeliveryTown world;
  const auto usage = world.ask(LeaseCall::kUsage);
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->state, State::kReady);
  EXPECT_TRUE(usage->sealed.empty());
  EXPECT_EQ(usage->usage.at("limits.cpu").granted, "4");
  EXPECT_EQ(world.winner().count(pool::ProviderEvent::Kind::kLetIn), 0U);
}

TEST(Delivery, OfADocumentAloneSaysSo) {
  PoolTown town(4);
  PoolTown::RequesterSide requester(town, "r");
  ASSERT_TRUE(requester.run(PoolTown::want(8)).ok());
  town.settle();
  ASSERT_EQ(requester.result.leases.size(), 1U);
  const auto& terms = requester.result.leases[0].document.terms;
  const std::array<pool::Peer, 1> peers{{{terms.provider, town.by_key(terms.provider).address}}};
  const std::array<base::Bytes, 1> messages{pool::LeaseMessage{LeaseCall::kAccess, terms.id, 0, {}}.encode()};
  std::optional<LeaseAccess> access;
  requester.lines->call(peers, messages, pool::kMaxAccessMessage, 10'000, [&](pool::Lines::Reply reply) {
    if (reply.message.ok()) access = LeaseAccess::decode(*reply.message, {terms.id, terms.provider, terms.requester});
    return true;
  });
  ASSERT_TRUE(access);
  EXPECT_EQ(access->state, State::kUndelivered);
}

TEST(Delivery, IsOverAtTheReleaseAndTheUnitsAreFreeWhenItIsGone) {
  DeliveryTown world;
  ASSERT_TRUE(world.ask());
  world.delivery.cluster(world.winner()).slowness = [] { return 1'000'000; };  // a finalizer hangs
  EXPECT_TRUE(pool::is_lease_done(world.call(world.requester, LeaseCall::kRelease)));
  EXPECT_TRUE(pool::is_lease_done(world.call(world.requester, LeaseCall::kAccess)));
  EXPECT_TRUE(pool::is_lease_done(world.call(world.requester, LeaseCall::kShow)));
  support::TownProvider& winner = world.winner();
  const auto id = world.document().terms.id;
  world.delivery.desk(winner).work();
  EXPECT_EQ(winner.inventory->totals(world.town.clock.unix_ms())[0].leased, 8U);
  EXPECT_EQ(winner.inventory->find(id)->state, inventory::Lease::State::kReturning);
  // Nobody is sold what is not back yet.
  ASSERT_TRUE(world.stranger.run(PoolTown::want(64)).ok());
  world.town.settle();
  ASSERT_EQ(world.stranger.result.leases.size(), 1U);
  EXPECT_NE(world.stranger.result.leases[0].document.terms.provider, winner.key());
  world.delivery.cluster(winner).forget(id);
  world.delivery.start(winner);
  world.delivery.desk(winner).work();
  EXPECT_EQ(winner.inventory->totals(world.town.clock.unix_ms())[0].leased, 0U);
}

TEST(Delivery, HappensAfterARestartWhenTheProviderDiedBeforeIt) {
  DeliveryTown world;
  EXPECT_TRUE(world.delivery.cluster(world.winner()).there().empty());
  world.delivery.start(world.winner());
  const auto access = world.ask();
  ASSERT_TRUE(access);
  EXPECT_EQ(access->state, State::kReady);
  EXPECT_FALSE(access->sealed.empty());
}

TEST(Delivery, TellsTheRequesterThatThereIsTroubleButNotWhich) {
  DeliveryTown world;
  world.winner().rules.access_wait_ms = 10;
  world.delivery.start(world.winner());
  world.delivery.cluster(world.winner()).fails = [] {
    return std::optional(base::Error{base::Code::kUnreachable, "api.internal:6443: connection refused"});
  };
  const auto access = world.ask();
  ASSERT_TRUE(access);
  EXPECT_EQ(access->state, State::kComing);
  EXPECT_TRUE(access->sealed.empty());
  EXPECT_NE(access->detail.find("trouble"), std::string::npos);
  EXPECT_EQ(access->detail.find("6443"), std::string::npos);
}

TEST(Delivery, IsNotOfferedToThoseForWhomTheOfferIsNot) {
  PoolTown town(4);
  PoolTown::RequesterSide requester(town, "r"), friend_of_all(town, "f");
  for (const auto& p : town.providers) {
    auto offers = p->inventory->offers();
    offers[0].buyers = {friend_of_all.identity.public_key()};
    ASSERT_TRUE(p->inventory->set_offers(offers).ok());
  }
  EXPECT_FALSE(requester.run(PoolTown::want(8)).ok());
  town.settle();
  for (const auto& p : town.providers)
    for (const auto& event : p->heard()) EXPECT_EQ(event.reason, pool::Reason::kNotOffered);
  ASSERT_TRUE(friend_of_all.run(PoolTown::want(8)).ok());
  town.settle();
  EXPECT_EQ(friend_of_all.result.leases.size(), 1U);
}

}  // namespace
