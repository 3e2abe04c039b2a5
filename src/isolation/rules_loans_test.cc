// Whose a node is: allocation, release, owners, brokers and loans.
#include <gtest/gtest.h>

#include "isolation/release.h"
#include "isolation/rules.h"
#include "support/isolation_desk.h"

namespace isolation {
namespace {

using support::IsolationDesk;
using Strings = std::vector<std::string>;

constexpr std::int64_t kLater = 5'000;

TEST(RulesOfAllocation, LetExactlyOneOfTwoHaveANode) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "red"), "ok");
  EXPECT_EQ(desk.said("bob", &Rules::allocate_node, "n1", "blue"), "conflict");
  EXPECT_EQ(desk.node_row("n1").project, desk.project_row("red").id);
}

TEST(RulesOfAllocation, AreForTheProjectThatAsks) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "blue"), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_any, NodeFilter{}, "blue"), "forbidden");
  EXPECT_EQ(desk.said("audit", &Rules::allocate_node, "n1", "red"), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n3", "red"), "not found");
  EXPECT_EQ(desk.said("root", &Rules::allocate_node, "n1", "blue"), "ok");
}

TEST(RulesOfAllocation, TakeTheFirstFreeNodeThatMatches) {
  IsolationDesk desk;
  desk.node("n0", "blue");  // an owner's: not in the pool
  desk.must(desk.call("root", &Rules::set_metadata, "n2", "gpu", "2"));
  NodeFilter gpu;
  gpu.metadata = {{"gpu", "2"}};
  EXPECT_EQ(*desk.call("alice", &Rules::allocate_any, gpu, "red"), "n2");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_any, gpu, "red"), "conflict");
  EXPECT_EQ(*desk.call("alice", &Rules::allocate_any, NodeFilter{}, "red"), "n1");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_any, NodeFilter{}, "red"), "conflict");
}

TEST(RulesOfAllocation, GiveNobodyANodeWhosePortsWereNotSeenIsolated) {
  IsolationDesk desk;
  desk.node("n3", "red");
  for (const std::optional<PortState>& seen :
       {std::optional<PortState>(), {PortState{100, {}}}, {PortState{{}, {7}}}}) {
    for (const char* port : {"n1-eth1", "n3-eth0"}) desk.see(port, seen);
    const auto refused = desk.call("alice", &Rules::allocate_node, "n1", "red");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Code::kConflict);
    for (const char* secret : {"s1", "eth1", "100"})  // no topology
      EXPECT_EQ(refused.error().message.find(secret), std::string::npos) << refused.error().message;
    EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n3", "red"), "conflict");
    EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n3", "blue", kLater), "conflict");
  }
  EXPECT_EQ(*desk.call("bob", &Rules::allocate_any, NodeFilter{}, "blue"), "n2") << "passes over n1";
  EXPECT_EQ(desk.said("bob", &Rules::allocate_any, NodeFilter{}, "blue"), "conflict");
  for (const char* port : {"n1-eth1", "n3-eth0"}) desk.see(port, PortState{});
  EXPECT_EQ(*desk.call("bob", &Rules::allocate_any, NodeFilter{}, "blue"), "n1");
  EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n3", "blue", kLater), "ok");
}

TEST(RulesOfAllocation, PassOverAnyNumberOfNodesThatAreNotReady) {
  IsolationDesk desk;
  for (int i = 0; i < 40; ++i) {
    desk.node("m" + std::to_string(i));
    desk.see("m" + std::to_string(i) + "-eth0", std::nullopt);
  }
  EXPECT_EQ(*desk.call("bob", &Rules::allocate_any, NodeFilter{}, "blue"), "n1");
}

TEST(RulesOfAllocation, CountNothingThatWasSeenBeforeTheNicWasOnThePort) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::create_port, "s1", "other"));
  desk.see("other", PortState{});
  desk.must(desk.call("root", &Rules::part_port, "s1", "n1-eth0"));
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "red"), "ok") << "eth0 is on no wire";
  desk.must(desk.call("alice", &Rules::release_node, "n1"));
  desk.finish_releases();
  desk.must(desk.call("root", &Rules::connect_port, "s1", "other", "n1", "eth0"));
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "red"), "conflict");
  desk.see("other", PortState{});
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "red"), "ok");
}

TEST(RulesOfRelease, RefuseToDetachWhatIsInUse) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.network("alice", "net", "red");
  EXPECT_EQ(desk.said("bob", &Rules::detach_node, "n1", "blue"), "not found");  // not in that project
  EXPECT_EQ(desk.said("bob", &Rules::detach_node, "n1", "red"), "forbidden");
  desk.must(desk.call("alice", &Rules::set_bmc_enabled, "n1", true));
  EXPECT_EQ(desk.said("alice", &Rules::detach_node, "n1", "red"), "conflict");  // BMC on
  desk.must(desk.call("alice", &Rules::set_bmc_enabled, "n1", false));
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")));
  EXPECT_EQ(desk.said("alice", &Rules::detach_node, "n1", "red"), "conflict");  // pending
  desk.switch_answers(true);
  EXPECT_EQ(desk.said("alice", &Rules::detach_node, "n1", "red"), "conflict");  // attached
  desk.must(desk.change("alice", IsolationDesk::detach("n1", "eth0", "net")));
  EXPECT_EQ(desk.said("alice", &Rules::detach_node, "n1", "red"), "conflict");  // pending again
  desk.switch_answers(true);
  EXPECT_EQ(desk.said("alice", &Rules::detach_node, "n1", "red"), "ok");
  EXPECT_EQ(desk.node_row("n1").state, NodeState::kReleasing);
  EXPECT_EQ(desk.said("alice", &Rules::detach_node, "n1", "red"), "conflict");  // on its way
}

TEST(RulesOfRelease, DoNotFreeANodeWhoseConnectEndedInErrorWhileItsVlanMayBeLive) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.network("alice", "net", "red");
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")));
  desk.switch_answers(false);
  ASSERT_EQ(desk.attachments().front().state, Attachment::State::kUncertain);
  EXPECT_EQ(desk.said("alice", &Rules::detach_node, "n1", "red"), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "net"), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::release_node, "n1"), "ok");
  EXPECT_EQ(desk.node_row("n1").state, NodeState::kReleasing);
  ASSERT_EQ(desk.attachments().size(), 1U);  // until the switch was read
  EXPECT_EQ(desk.attachments().front().state, Attachment::State::kDetaching);
  EXPECT_EQ(desk.said("bob", &Rules::allocate_node, "n1", "blue"), "conflict");
}

TEST(RulesOfRelease, EndWhatIsPendingOrInLineAndTheBmc) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.must(desk.call("alice", &Rules::set_bmc_enabled, "n1", true));
  desk.network("alice", "net", "red");
  const auto first = desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")).value();
  const auto second = desk.change("alice", IsolationDesk::detach("n1", "eth0", "net"), true).value();
  desk.now = 2'000;
  EXPECT_EQ(desk.said("bob", &Rules::release_node, "n1"), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::release_node, "n1"), "ok");
  for (const std::string& uuid : {first, second}) {
    const OperationView view = desk.call("alice", &Rules::operation, uuid).value();
    EXPECT_EQ(view.state, OperationView::State::kError);
    EXPECT_EQ(view.operation.finished, 2'000);
    EXPECT_TRUE(view.changes[0].change.error.starts_with("the node was released")) << view.changes[0].change.error;
  }
  const Node node = desk.node_row("n1");
  EXPECT_EQ(node.state, NodeState::kReleasing);
  EXPECT_EQ(node.project, desk.project_row("red").id);  // until it is idle
  EXPECT_FALSE(node.bmc_enabled);
  EXPECT_EQ(node.try_again, 2'000);
  EXPECT_EQ(desk.said("alice", &Rules::use_bmc, "n1", BmcUse::kAct), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::set_bmc_enabled, "n1", true), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::release_node, "n1"), "ok");  // on its way already
  desk.finish_releases();
  EXPECT_EQ(desk.said("alice", &Rules::release_node, "n1"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::release_node, "n1"), "conflict");
}

TEST(RulesOfOwners, ChangeOnlyWhileANodeIsIdle) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("alice", &Rules::set_owner, "n1", "red"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::set_owner, "n1", "green"), "not found");
  EXPECT_EQ(desk.said("root", &Rules::set_owner, "n3", "red"), "not found");
  desk.must(desk.call("bob", &Rules::allocate_node, "n1", "blue"));
  EXPECT_EQ(desk.said("root", &Rules::set_owner, "n1", "red"), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::set_owner, "n2", "red"), "ok");
  EXPECT_EQ(desk.said("root", &Rules::set_owner, "n2", "red"), "ok");  // is so already
}

TEST(RulesOfOwners, KeepAnOwnersNodeOutOfThePoolAndForItself) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  NodeFilter free;
  free.free = true;
  EXPECT_EQ(desk.call("bob", &Rules::nodes, free, Page{})->size(), 1U);
  EXPECT_EQ(desk.said("bob", &Rules::allocate_node, "n1", "blue"), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "red"), "ok");
  EXPECT_FALSE(desk.node_row("n1").lent_until);
  EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n1", "blue", kLater), "conflict");  // in use
  EXPECT_EQ(desk.said("alice", &Rules::return_node, "n1"), "conflict");                // not lent
}

TEST(RulesOfOwners, ForgetTheBrokersOfTheOwnerBefore) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  desk.must(desk.call("alice", &Rules::list_for_broker, "n1", "carl", true));
  desk.must(desk.call("root", &Rules::set_owner, "n1", "blue"));
  EXPECT_EQ(desk.said("carl", &Rules::lend_node, "n1", "red", kLater), "forbidden");
}

TEST(RulesOfBrokers, AreListedByTheOwner) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::list_for_broker, "n1", "carl", true), "conflict");  // nobody's
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  EXPECT_EQ(desk.said("bob", &Rules::list_for_broker, "n1", "carl", true), "forbidden");
  EXPECT_EQ(desk.said("carl", &Rules::list_for_broker, "n1", "carl", true), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::list_for_broker, "n1", "carl", false), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::list_for_broker, "n1", "carl", true), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::list_for_broker, "n1", "carl", true), "conflict");
  desk.must(desk.call("root", &Rules::change_user, "carl", std::optional(Role::kMember), std::nullopt));
  EXPECT_EQ(desk.said("carl", &Rules::lend_node, "n1", "blue", kLater), "forbidden");  // no broker any more
  EXPECT_EQ(desk.said("alice", &Rules::list_for_broker, "n1", "carl", false), "ok");
}

TEST(RulesOfBrokers, TellAnOwnerNothingOfOtherUsers) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  EXPECT_EQ(desk.said("alice", &Rules::list_for_broker, "n1", "bob", true), "not found");  // is there, but no broker
  EXPECT_EQ(desk.said("alice", &Rules::list_for_broker, "n1", "zoe", true), "not found");
}

TEST(RulesOfBrokers, LendWhatIsListedAndNothingElse) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  EXPECT_EQ(desk.said("carl", &Rules::lend_node, "n1", "blue", kLater), "forbidden");
  EXPECT_EQ(desk.said("carl", &Rules::lend_node, "n2", "blue", kLater), "forbidden");  // the pool's
  desk.must(desk.call("alice", &Rules::list_for_broker, "n1", "carl", true));
  EXPECT_EQ(desk.said("carl", &Rules::lend_node, "n1", "blue", kLater), "ok");
  EXPECT_EQ(desk.said("carl", &Rules::return_node, "n1"), "forbidden");
  EXPECT_EQ(desk.said("carl", &Rules::node, "n1"), "forbidden");
}

TEST(RulesOfLoans, LendANodeToOneUntilATimeToCome) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::lend_node, "n1", "blue", kLater), "conflict");  // nobody's
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  EXPECT_EQ(desk.said("bob", &Rules::lend_node, "n1", "blue", kLater), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n1", "green", kLater), "not found");
  EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n1", "red", kLater), "invalid");
  EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n1", "blue", desk.now), "invalid");
  desk.must(desk.call("root", &Rules::set_quota, "blue", std::optional(0U), std::nullopt));
  EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n1", "blue", kLater), "conflict");  // the borrower's quota
  desk.must(desk.call("root", &Rules::set_quota, "blue", std::optional(1U), std::nullopt));
  EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n1", "blue", kLater), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n1", "blue", kLater), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "red"), "conflict");
  EXPECT_EQ(desk.node_row("n1").project, desk.project_row("blue").id);
  EXPECT_EQ(desk.node_row("n1").lent_until, kLater);
}

TEST(RulesOfLoans, ReturnANodeToItsOwnerNeverToThePool) {
  for (const std::string& how : Strings{"borrower", "release", "owner"}) {
    IsolationDesk desk;
    desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
    desk.must(desk.call("alice", &Rules::lend_node, "n1", "blue", kLater));
    EXPECT_EQ(desk.said("alice", &Rules::return_node, "n1"), "conflict");  // not before its time
    EXPECT_EQ(desk.said("alice", &Rules::release_node, "n1"), "forbidden");
    EXPECT_EQ(desk.said("dora", &Rules::return_node, "n1"), "forbidden");
    desk.now = how == "owner" ? kLater : desk.now;
    const std::string answer = how == "borrower"  ? desk.said("bob", &Rules::return_node, "n1")
                               : how == "release" ? desk.said("bob", &Rules::release_node, "n1")
                                                  : desk.said("alice", &Rules::return_node, "n1");
    EXPECT_EQ(answer, "ok") << how;
    EXPECT_EQ(desk.node_row("n1").state, NodeState::kReleasing);
    EXPECT_EQ(desk.said("alice", &Rules::return_node, "n1"), "ok");                          // on its way already
    EXPECT_EQ(desk.said("alice", &Rules::lend_node, "n1", "blue", 2 * kLater), "conflict");  // not cleaned yet
    desk.finish_releases();
    EXPECT_EQ(desk.node_row("n1").owner, desk.project_row("red").id);
    EXPECT_EQ(desk.said("bob", &Rules::allocate_node, "n1", "blue"), "conflict");
    EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "red"), "ok");
  }
}

TEST(RulesOfLoans, ShowTheOwnerItsServerAndNotWhatTheBorrowerDoes) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  desk.must(desk.call("alice", &Rules::lend_node, "n1", "blue", kLater));
  desk.network("bob", "net", "blue");
  desk.must(desk.change("bob", IsolationDesk::connect("n1", "eth0", "net")));
  EXPECT_EQ(desk.call("bob", &Rules::node, "n1")->nics[0].attachments.size(), 1U);
  EXPECT_TRUE(desk.call("bob", &Rules::node, "n1")->nics[0].busy);
  const NodeView view = desk.call("alice", &Rules::node, "n1").value();
  EXPECT_EQ(view.project, "blue");
  EXPECT_TRUE(view.nics[0].attachments.empty());
  EXPECT_FALSE(view.nics[0].busy);
  EXPECT_EQ(desk.said("alice", &Rules::set_bmc_enabled, "n1", true), "forbidden");
  EXPECT_EQ(support::verdict(desk.change("alice", IsolationDesk::detach("n1", "eth0", "net"))), "forbidden");
}

TEST(RulesOfLoans, ThatEndByTimeAreReleasedByTheServiceItself) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  desk.must(desk.call("alice", &Rules::lend_node, "n1", "blue", kLater));
  desk.must(desk.store.write([&](Transaction& t) -> base::Status {
    TARN_ASSIGN(std::vector<Node> due, t.nodes_lent_until(kLater, 10));
    return begin_release(t, due.at(0), kLater, "tarn");
  }));
  EXPECT_EQ(desk.node_row("n1").state, NodeState::kReleasing);
  EXPECT_FALSE(desk.node_row("n1").lent_until);
  const Event last = desk.call("bob", &Rules::events, Id{0}, std::size_t{1'000})->back();
  EXPECT_EQ(last.kind + " by " + last.by, "node.returned by tarn");
}

}  // namespace
}  // namespace isolation
