// What NICs are to be connected to: what is refused, the line at a NIC, and operations.
#include <gtest/gtest.h>

#include "isolation/rules.h"
#include "support/isolation_desk.h"

namespace isolation {
namespace {

using support::IsolationDesk;
using Strings = std::vector<std::string>;
using support::verdict;

// Alice's node n1 and her network net (VLAN 100), bob's node n2, and a network of bob's (VLAN 101).
struct RulesOfChanges : testing::Test {
  RulesOfChanges() {
    desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
    desk.must(desk.call("bob", &Rules::allocate_node, "n2", "blue"));
    desk.network("alice", "net", "red");
    desk.network("bob", "bobs", "blue");
    desk.network("alice", "more", "red");  // VLAN 102
  }
  std::string connect(const std::string& user, const std::string& node, const std::string& nic,
                      const std::string& network, const std::string& channel = {}, bool wait = false) {
    return verdict(desk.change(user, IsolationDesk::connect(node, nic, network, channel), wait));
  }
  std::string detach(const std::string& user, const std::string& node, const std::string& nic,
                     const std::string& network, bool wait = false) {
    return verdict(desk.change(user, IsolationDesk::detach(node, nic, network), wait));
  }
  OperationView seen(const base::Result<std::string>& uuid) {
    return desk.call("root", &Rules::operation, uuid.value()).value();
  }
  PortState wanted(const std::string& node, const std::string& nic) {
    return desk.call("root", &Rules::port, "s1", node + "-" + nic)->wanted;
  }
  IsolationDesk desk;
};

TEST_F(RulesOfChanges, ConnectAndDetachWithOneChangeAndOneMark) {
  const auto uuid = desk.change("alice", IsolationDesk::connect("n1", "eth0", "net"));
  OperationView view = seen(uuid);
  EXPECT_EQ(view.state, OperationView::State::kPending);
  EXPECT_EQ(view.operation.by, "alice");
  ASSERT_EQ(view.changes.size(), 1U);
  EXPECT_EQ(view.changes[0].node + view.changes[0].nic + view.changes[0].network, "n1eth0net");
  EXPECT_EQ(view.changes[0].change.try_again, desk.now);
  EXPECT_EQ(view.changes[0].change.give_up, desk.now + desk.settings.give_up_ms);
  ASSERT_EQ(desk.attachments().size(), 1U);
  EXPECT_EQ(desk.attachments()[0].state, Attachment::State::kConnecting);
  EXPECT_EQ(wanted("n1", "eth0"), (PortState{100, {}}));
  desk.now = 2'000;
  desk.switch_answers(true);
  view = seen(uuid);
  EXPECT_EQ(view.state, OperationView::State::kDone);
  EXPECT_EQ(view.operation.finished, 2'000);
  EXPECT_EQ(detach("alice", "n1", "eth0", "net"), "ok");
  EXPECT_EQ(desk.attachments()[0].state, Attachment::State::kDetaching);
  EXPECT_TRUE(wanted("n1", "eth0").isolated());
  desk.switch_answers(true);
  EXPECT_TRUE(desk.attachments().empty());
}

TEST_F(RulesOfChanges, AreRefusedToThoseWhoDoNotHoldTheNode) {
  EXPECT_EQ(connect("bob", "n1", "eth0", "bobs"), "forbidden");
  EXPECT_EQ(connect("dora", "n1", "eth0", "net"), "forbidden");
  EXPECT_EQ(connect("audit", "n1", "eth0", "net"), "forbidden");
  EXPECT_EQ(detach("bob", "n1", "eth0", "net"), "forbidden");
  desk.node("n3");
  EXPECT_EQ(connect("alice", "n3", "eth0", "net"), "conflict");  // in no project
  EXPECT_EQ(connect("root", "n3", "eth0", "net"), "conflict");
  EXPECT_EQ(connect("root", "n1", "eth0", "net"), "ok");
}

TEST_F(RulesOfChanges, AreRefusedForNetworksThatTheProjectMayNotUse) {
  EXPECT_EQ(connect("alice", "n1", "eth0", "bobs"), "not found");  // as if there were none
  EXPECT_EQ(connect("alice", "n1", "eth0", "none"), "not found");
  EXPECT_EQ(connect("root", "n1", "eth0", "bobs"), "conflict");
  desk.must(desk.call("root", &Rules::set_member, "alice", "blue", true));
  EXPECT_EQ(connect("alice", "n1", "eth0", "bobs"), "conflict");  // hers, but not this node's project's
  desk.must(desk.call("bob", &Rules::grant, "bobs", "red"));
  EXPECT_EQ(connect("alice", "n1", "eth0", "bobs"), "ok");
  desk.must(desk.call("root", &Rules::create_network, NewNetwork{"all", "", std::nullopt, {}}));
  EXPECT_EQ(connect("alice", "n1", "eth1", "all"), "ok");
}

TEST_F(RulesOfChanges, NeedANicOnAPort) {
  EXPECT_EQ(connect("alice", "n9", "eth0", "net"), "not found");
  EXPECT_EQ(connect("alice", "n1", "eth9", "net"), "not found");
  desk.must(desk.call("root", &Rules::create_nic, "n1", "eth2", "02:00:00:00:00:02"));
  EXPECT_EQ(connect("alice", "n1", "eth2", "net"), "not found");
  EXPECT_EQ(connect("alice", "n1", "eth2", "net", "", true), "not found");
}

TEST_F(RulesOfChanges, KnowTwoChannelsOfANetwork) {
  for (const std::string& channel : Strings{"vlan/101", "vlan/0100", "vlan/", "native", "vlan/4095", "vlan/*"})
    EXPECT_EQ(connect("alice", "n1", "eth0", "net", channel), "invalid") << channel;
  EXPECT_EQ(connect("alice", "n1", "eth0", "net", "vlan/100"), "ok");
  desk.switch_answers(true);
  EXPECT_EQ(connect("alice", "n1", "eth0", "more", "vlan/native"), "ok");
  EXPECT_EQ(wanted("n1", "eth0"), (PortState{102, {100}}));
}

TEST_F(RulesOfChanges, UseEachNetworkAndTheNativeChannelOnceANic) {
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "ok");
  desk.switch_answers(true);
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "conflict");
  EXPECT_EQ(connect("alice", "n1", "eth0", "net", "vlan/100"), "conflict");
  EXPECT_EQ(connect("alice", "n1", "eth0", "more"), "conflict");
  EXPECT_EQ(connect("alice", "n1", "eth0", "more", "vlan/102"), "ok");
  EXPECT_EQ(connect("alice", "n1", "eth1", "net"), "ok");
}

TEST_F(RulesOfChanges, DetachOnlyWhatIsAttached) {
  EXPECT_EQ(detach("alice", "n1", "eth0", "net"), "invalid");
  EXPECT_EQ(detach("alice", "n1", "eth0", "bobs"), "not found");
  EXPECT_EQ(connect("alice", "n1", "eth0", "net", "vlan/100"), "ok");
  desk.switch_answers(true);
  const auto uuid = desk.change("alice", IsolationDesk::detach("n1", "eth0", "net"));
  EXPECT_EQ(seen(uuid).changes[0].change.channel, Channel::kTagged);
}

TEST_F(RulesOfChanges, LetExactlyOneOfTwoConnectsOfANicBePending) {
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "ok");
  EXPECT_EQ(connect("alice", "n1", "eth0", "more", "vlan/102"), "conflict");
  EXPECT_EQ(detach("alice", "n1", "eth0", "net"), "conflict");
  EXPECT_EQ(connect("alice", "n1", "eth1", "more"), "ok");  // another NIC
  desk.switch_answers(true);
  EXPECT_EQ(connect("alice", "n1", "eth0", "more", "vlan/102"), "ok");
}

TEST_F(RulesOfChanges, CountAConnectThatFailedAsAttached) {
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "ok");
  desk.switch_answers(false);
  EXPECT_EQ(desk.attachments()[0].state, Attachment::State::kUncertain);
  EXPECT_TRUE(wanted("n1", "eth0").isolated());
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "conflict");
  EXPECT_EQ(connect("alice", "n1", "eth0", "more"), "conflict");
  EXPECT_EQ(detach("alice", "n1", "eth0", "net"), "ok");  // what a person can do
  desk.switch_answers(true);
  EXPECT_EQ(connect("alice", "n1", "eth0", "more"), "ok");
}

TEST_F(RulesOfChanges, WaitInLineAndTakeTheirTurn) {
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "ok");
  const auto second = desk.change("alice", IsolationDesk::detach("n1", "eth0", "net"), true);
  const auto third = desk.change("alice", IsolationDesk::connect("n1", "eth0", "more"), true);
  EXPECT_EQ(seen(second).changes[0].change.state, Change::State::kWaiting);
  EXPECT_EQ(seen(second).state, OperationView::State::kPending);
  ASSERT_EQ(desk.attachments().size(), 1U);  // those in line have no mark
  EXPECT_EQ(desk.attachments()[0].state, Attachment::State::kConnecting);
  desk.now = 2'000;
  desk.switch_answers(true);
  EXPECT_EQ(seen(second).changes[0].change.state, Change::State::kPending);
  EXPECT_EQ(seen(second).changes[0].change.give_up, 2'000 + desk.settings.give_up_ms);
  EXPECT_EQ(desk.attachments()[0].state, Attachment::State::kDetaching);
  EXPECT_EQ(seen(third).changes[0].change.state, Change::State::kWaiting);
  desk.switch_answers(true);
  EXPECT_EQ(wanted("n1", "eth0"), (PortState{102, {}}));
  desk.switch_answers(true);
  EXPECT_EQ(seen(third).state, OperationView::State::kDone);
}

TEST_F(RulesOfChanges, AreLookedAtAgainWhenTheirTurnComes) {
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "ok");
  const auto twice = desk.change("alice", IsolationDesk::connect("n1", "eth0", "net"), true);
  const auto after = desk.change("alice", IsolationDesk::detach("n1", "eth0", "net"), true);
  desk.switch_answers(true);
  EXPECT_EQ(seen(twice).state, OperationView::State::kError);
  EXPECT_EQ(seen(twice).operation.finished, desk.now);
  EXPECT_NE(seen(twice).changes[0].change.error.find("attached to network \"net\" already"), std::string::npos);
  EXPECT_EQ(seen(after).changes[0].change.state, Change::State::kPending);  // and the next one had its turn
}

TEST_F(RulesOfChanges, AreNotPromotedForAProjectThatLostAccessMeanwhile) {
  desk.must(desk.call("bob", &Rules::grant, "bobs", "red"));
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "ok");
  const auto waiting = desk.change("alice", IsolationDesk::connect("n1", "eth0", "bobs", "vlan/101"), true);
  const Id bobs = desk.network_row("bobs").id, red = desk.project_row("red").id;
  desk.must(desk.store.write([&](Transaction& t) { return t.let_into(bobs, red, false); }));  // no rule allows it
  desk.switch_answers(true);
  EXPECT_EQ(seen(waiting).state, OperationView::State::kError);
  EXPECT_EQ(desk.attachments().size(), 1U);
}

TEST_F(RulesOfChanges, LimitTheLineAtANic) {
  desk.settings.most_waiting = 2;
  EXPECT_EQ(connect("alice", "n1", "eth0", "net", "", true), "ok");  // nobody before it
  EXPECT_EQ(detach("alice", "n1", "eth0", "net", true), "ok");
  EXPECT_EQ(connect("alice", "n1", "eth0", "net", "", true), "ok");
  EXPECT_EQ(detach("alice", "n1", "eth0", "net", true), "conflict");
  EXPECT_EQ(connect("alice", "n1", "eth1", "net", "", true), "ok");
}

TEST_F(RulesOfChanges, AreAllMadeOrNone) {
  const IsolationDesk::Wanted good{IsolationDesk::connect("n1", "eth0", "net"),
                                   IsolationDesk::connect("n1", "eth1", "net")};
  IsolationDesk::Wanted bad = good;
  bad.push_back(IsolationDesk::connect("n1", "eth9", "net"));
  EXPECT_EQ(desk.said("alice", &Rules::change, bad, false), "not found");
  bad.back() = IsolationDesk::connect("n1", "eth0", "more", "vlan/102");  // the NIC twice
  EXPECT_EQ(desk.said("alice", &Rules::change, bad, false), "conflict");
  EXPECT_TRUE(desk.attachments().empty());
  EXPECT_TRUE(desk.store.tables().operations.empty());
  const auto uuid = desk.call("alice", &Rules::change, good, false);
  EXPECT_EQ(seen(uuid).changes.size(), 2U);
  desk.switch_answers(true);
  EXPECT_EQ(desk.attachments().size(), 2U);
  EXPECT_EQ(seen(uuid).state, OperationView::State::kDone);
}

TEST_F(RulesOfChanges, AreLimitedAndOfOneProject) {
  EXPECT_EQ(desk.said("alice", &Rules::change, IsolationDesk::Wanted{}, false), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::change,
                      IsolationDesk::Wanted{IsolationDesk::connect("n1", "eth0", "net"),
                                            IsolationDesk::connect("n2", "eth0", "bobs")},
                      false),
            "invalid");
  desk.settings.most_changes = 1;
  EXPECT_EQ(desk.said("alice", &Rules::change,
                      IsolationDesk::Wanted{IsolationDesk::connect("n1", "eth0", "net"),
                                            IsolationDesk::connect("n1", "eth1", "net")},
                      false),
            "invalid");
}

TEST_F(RulesOfChanges, AreRefusedWhileTheNodeIsReleased) {
  desk.must(desk.call("alice", &Rules::release_node, "n1"));
  EXPECT_EQ(connect("alice", "n1", "eth0", "net"), "conflict");
  EXPECT_EQ(connect("alice", "n1", "eth0", "net", "", true), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::revert_port, "s1", "n1-eth0"), "conflict");
}

TEST_F(RulesOfChanges, AreNamedByRandomUuidsOfVersion4) {
  std::set<std::string> uuids;
  for (const std::string& nic : Strings{"eth0", "eth1"}) {
    const std::string uuid = desk.change("alice", IsolationDesk::connect("n1", nic, "net")).value();
    ASSERT_EQ(uuid.size(), 36U);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) EXPECT_EQ(uuid[dash], '-');
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
    uuids.insert(uuid);
  }
  EXPECT_EQ(uuids.size(), 2U);
}

TEST_F(RulesOfChanges, AreShownToTheProjectThatAskedAlone) {
  const auto hers = desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")).value();
  const auto his = desk.change("bob", IsolationDesk::connect("n2", "eth0", "bobs")).value();
  EXPECT_EQ(desk.said("alice", &Rules::operation, hers), "ok");
  EXPECT_EQ(desk.said("audit", &Rules::operation, hers), "ok");
  EXPECT_EQ(desk.said("bob", &Rules::operation, hers), "not found");
  EXPECT_EQ(desk.said("bob", &Rules::operation, "no-such-uuid"), "not found");
  const auto uuids = [&](const std::string& user, const Page& page) {
    std::vector<std::string> out;
    const std::vector<OperationView> views = desk.call(user, &Rules::operations, page).value();
    for (const OperationView& view : views) out.push_back(view.operation.uuid);
    return out;
  };
  EXPECT_EQ(uuids("root", {}), (Strings{his, hers}));
  EXPECT_EQ(uuids("root", {his, 100}), (Strings{hers}));
  EXPECT_EQ(uuids("alice", {}), (Strings{hers}));
  EXPECT_EQ(uuids("dora", {}), (Strings{}));
  desk.must(desk.call("root", &Rules::set_member, "alice", "blue", true));
  EXPECT_EQ(uuids("alice", {"", 1}), (Strings{his}));
  EXPECT_EQ(uuids("alice", {his, 1}), (Strings{hers}));
}

TEST_F(RulesOfChanges, OutliveWhatTheyWereAbout) {
  const auto uuid = desk.change("alice", IsolationDesk::connect("n1", "eth0", "net"));
  desk.must(desk.call("alice", &Rules::release_node, "n1"));
  desk.finish_releases();
  desk.must(desk.call("alice", &Rules::delete_network, "net"));
  desk.must(desk.call("root", &Rules::part_port, "s1", "n1-eth0"));
  desk.must(desk.call("root", &Rules::delete_nic, "n1", "eth0"));
  const OperationView view = desk.call("alice", &Rules::operation, *uuid).value();
  ASSERT_EQ(view.changes.size(), 1U);
  EXPECT_EQ(view.changes[0].nic + view.changes[0].network, "");
}

}  // namespace
}  // namespace isolation
