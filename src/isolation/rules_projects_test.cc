// Projects, users, tokens and events: what is refused, and what one hears of others.
#include <gtest/gtest.h>

#include <algorithm>

#include "isolation/rules.h"
#include "support/isolation_desk.h"

namespace isolation {
namespace {

using support::IsolationDesk;
using Strings = std::vector<std::string>;

constexpr std::size_t kMany = 1'000;

TEST(RulesOfProjects, AreMadeOnceWithAProperName) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::create_project, "green"), "ok");
  EXPECT_EQ(desk.said("root", &Rules::create_project, "green"), "conflict");
  for (const std::string& name : {std::string(), std::string("a b"), std::string("-a"), std::string("a/b"),
                                  std::string("gr\xc3\xbcn"), std::string(64, 'a')})
    EXPECT_EQ(desk.said("root", &Rules::create_project, name), "invalid") << name;
  EXPECT_EQ(desk.said("root", &Rules::create_project, std::string(63, 'a')), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::create_project, "mine"), "forbidden");
}

TEST(RulesOfProjects, StayWhileSomethingIsTheirs) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  EXPECT_EQ(desk.said("root", &Rules::delete_project, "red"), "conflict");  // holds a node
  desk.must(desk.call("alice", &Rules::release_node, "n1"));
  EXPECT_EQ(desk.said("root", &Rules::delete_project, "red"), "conflict");  // which is not back yet
  desk.finish_releases();
  desk.must(desk.call("root", &Rules::set_owner, "n1", "red"));
  EXPECT_EQ(desk.said("root", &Rules::delete_project, "red"), "conflict");  // owns a node
  desk.must(desk.call("root", &Rules::set_owner, "n1", ""));
  desk.network("alice", "net", "red");
  EXPECT_EQ(desk.said("root", &Rules::delete_project, "red"), "conflict");  // owns a network
  desk.must(desk.call("alice", &Rules::delete_network, "net"));
  desk.network("bob", "net", "blue");
  desk.must(desk.call("bob", &Rules::grant, "net", "red"));
  EXPECT_EQ(desk.said("root", &Rules::delete_project, "red"), "conflict");  // may use one
  desk.must(desk.call("bob", &Rules::revoke, "net", "red"));
  EXPECT_EQ(desk.said("alice", &Rules::delete_project, "red"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::delete_project, "red"), "ok");
  EXPECT_EQ(desk.said("root", &Rules::delete_project, "red"), "not found");
  EXPECT_EQ(*desk.call("alice", &Rules::projects_of, "alice"), Strings());  // its members were let go
}

TEST(RulesOfProjects, LimitNodesAndNetworksByQuota) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::set_quota, "red", std::optional(1U), std::optional(0U)));
  EXPECT_EQ(desk.said("alice", &Rules::set_quota, "red", std::nullopt, std::nullopt), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n1", "red"), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_node, "n2", "red"), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::allocate_any, NodeFilter{}, "red"), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::create_network, NewNetwork{"net", "red", "red", {}}), "conflict");
  desk.must(desk.call("root", &Rules::set_quota, "red", std::nullopt, std::nullopt));
  EXPECT_EQ(desk.said("alice", &Rules::allocate_any, NodeFilter{}, "red"), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::create_network, NewNetwork{"net", "red", "red", {}}), "ok");
}

TEST(RulesOfProjects, DoNotTellStrangersWhichThereAre) {
  IsolationDesk desk;
  const auto there = desk.call("alice", &Rules::project, "blue");
  const auto not_there = desk.call("alice", &Rules::project, "green");
  ASSERT_EQ(support::verdict(there), "forbidden");
  ASSERT_EQ(support::verdict(not_there), "forbidden");
  EXPECT_EQ(there.error().message, not_there.error().message);
  EXPECT_EQ(desk.said("audit", &Rules::project, "green"), "not found");
  EXPECT_EQ(desk.said("alice", &Rules::project, "red"), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::projects, Page{}), "forbidden");
  EXPECT_EQ(desk.call("audit", &Rules::projects, Page{})->size(), 2U);
}

TEST(RulesOfUsers, AreMadeAndChangedByAdministratorsAlone) {
  IsolationDesk desk;
  const User erin{0, "erin", "hash", Role::kMember};
  EXPECT_EQ(desk.said("alice", &Rules::create_user, erin), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::create_user, erin), "ok");
  EXPECT_EQ(desk.said("root", &Rules::create_user, erin), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::create_user, User{0, "a b", "", Role::kMember}), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_user, User{0, "frank", std::string(2'000, 'x'), Role::kMember}),
            "invalid");
  EXPECT_EQ(desk.said("erin", &Rules::change_user, "erin", std::optional(Role::kAdministrator), std::nullopt),
            "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::change_user, "erin", std::nullopt, std::optional(std::string(2'000, 'x'))),
            "invalid");
  EXPECT_EQ(desk.said("root", &Rules::change_user, "erin", std::optional(Role::kBroker), std::nullopt), "ok");
  EXPECT_EQ(desk.said("root", &Rules::change_user, "fred", std::nullopt, std::nullopt), "not found");
  EXPECT_EQ(desk.said("erin", &Rules::delete_user, "erin"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::delete_user, "erin"), "ok");
  EXPECT_EQ(desk.said("root", &Rules::delete_user, "erin"), "not found");
}

TEST(RulesOfUsers, KeepTheLastAdministrator) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::delete_user, "root"), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::change_user, "root", std::optional(Role::kMember), std::nullopt), "conflict");
  desk.user("second", Role::kAdministrator);
  EXPECT_EQ(desk.said("root", &Rules::change_user, "root", std::optional(Role::kMember), std::nullopt), "ok");
  EXPECT_EQ(desk.said("second", &Rules::delete_user, "second"), "conflict");
}

TEST(RulesOfUsers, TellNoHashToAnybody) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::create_user, User{0, "erin", "secret", Role::kMember}));
  const std::vector<User> users = desk.call("root", &Rules::users, Page{}).value();
  EXPECT_EQ(users.size(), 7U);
  for (const User& user : users) EXPECT_EQ(user.password_hash, "");
  EXPECT_EQ(desk.said("alice", &Rules::users, Page{}), "forbidden");
  desk.must(desk.call("alice", &Rules::add_token, ApiToken{0, 0, "laptop", base::Bytes(32, 7), 0, {}}));
  EXPECT_TRUE(desk.call("alice", &Rules::tokens)->front().hash.empty());
}

TEST(RulesOfUsers, JoinAndLeaveProjectsOnce) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::set_member, "alice", "red", true), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::set_member, "alice", "blue", false), "conflict");
  EXPECT_EQ(desk.said("alice", &Rules::set_member, "alice", "blue", true), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::set_member, "nobody", "red", true), "not found");
  EXPECT_EQ(desk.said("root", &Rules::set_member, "alice", "green", true), "not found");
  EXPECT_EQ(desk.said("root", &Rules::set_member, "bob", "red", true), "ok");
  EXPECT_EQ(*desk.call("alice", &Rules::members, "red"), (Strings{"alice", "bob"}));
  EXPECT_EQ(desk.said("dora", &Rules::members, "red"), "forbidden");
  EXPECT_EQ(*desk.call("bob", &Rules::projects_of, "bob"), (Strings{"blue", "red"}));
  EXPECT_EQ(desk.said("bob", &Rules::projects_of, "alice"), "forbidden");
  EXPECT_EQ(desk.said("bob", &Rules::projects_of, "nobody"), "forbidden");  // alike
  EXPECT_EQ(desk.said("root", &Rules::set_member, "bob", "red", false), "ok");
}

TEST(RulesOfUsers, HaveTokensOfTheirOwnAlone) {
  IsolationDesk desk;
  ApiToken token{0, 0, "laptop", base::Bytes(32, 7), 0, {}};
  const auto id = desk.call("alice", &Rules::add_token, token);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(desk.call("alice", &Rules::tokens)->front().created, desk.now);
  EXPECT_EQ(desk.said("bob", &Rules::add_token, token), "conflict");  // the same token
  EXPECT_EQ(desk.said("bob", &Rules::drop_token, *id), "not found");
  EXPECT_EQ(desk.said("root", &Rules::drop_token, *id), "not found");
  EXPECT_EQ(desk.said("alice", &Rules::drop_token, *id), "ok");
  token.expires = desk.now;
  EXPECT_EQ(desk.said("alice", &Rules::add_token, token), "invalid");
  token.expires = desk.now + 1;
  token.hash.pop_back();
  EXPECT_EQ(desk.said("alice", &Rules::add_token, token), "invalid");
  token.hash.assign(32, 8);
  token.label = "a b";
  EXPECT_EQ(desk.said("alice", &Rules::add_token, token), "invalid");
  token.label = "laptop";
  for (std::uint8_t i = 0; i < 100; ++i) {
    token.hash.assign(32, i);
    ASSERT_EQ(desk.said("alice", &Rules::add_token, token), "ok");
  }
  token.hash.assign(32, 200);
  EXPECT_EQ(desk.said("alice", &Rules::add_token, token), "conflict");
}

TEST(RulesOfEvents, ShowEachProjectItsOwn) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  const auto count = [&](const std::string& user, const std::string& kind) {
    const auto events = desk.call(user, &Rules::events, Id{0}, kMany).value();
    return std::ranges::count(events, kind, &Event::kind);
  };
  EXPECT_EQ(count("alice", "node.allocated"), 1);
  EXPECT_EQ(count("bob", "node.allocated"), 0);
  EXPECT_EQ(count("audit", "node.allocated"), 1);
  EXPECT_EQ(count("audit", "switch.created"), 1);
  EXPECT_EQ(count("alice", "switch.created"), 0);
  EXPECT_TRUE(desk.call("dora", &Rules::events, Id{0}, kMany)->empty());
  const Event last = desk.call("alice", &Rules::events, Id{0}, kMany)->back();
  EXPECT_EQ(last.subject, "node/n1");
  EXPECT_EQ(last.by, "alice");
  EXPECT_EQ(last.at, desk.now);
  EXPECT_TRUE(desk.call("alice", &Rules::events, last.id, kMany)->empty());
}

}  // namespace
}  // namespace isolation
