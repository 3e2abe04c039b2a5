// What every store of the isolation service promises, each promise kept by each of them.
#include "store/isolation_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <thread>

#include "support/isolation_stores.h"

namespace store {
namespace {

using namespace isolation;
using base::Code;
using base::Status;
using support::Engine;
using support::IsolationStores;

INSTANTIATE_TEST_SUITE_P(All, IsolationStores, testing::Values(Engine::kMemory, Engine::kSqlite, Engine::kPostgres),
                         support::name_of);

// ok: nothing
std::optional<Code> code(const Status& status) {
  return status.ok() ? std::nullopt : std::optional(status.error().code);
}
template <class T>
std::optional<Code> code(const base::Result<T>& result) {
  return result.ok() ? std::nullopt : std::optional(result.error().code);
}
#define EXPECT_OK(expression) EXPECT_EQ(code(expression), std::nullopt)
#define EXPECT_CODE(expression, wanted) EXPECT_EQ(code(expression), std::optional(wanted))

const Page kAll{"", 1'000};

template <class T>
std::vector<std::string> names(const Rows<T>& rows) {
  std::vector<std::string> out;
  EXPECT_TRUE(rows.ok()) << (rows.ok() ? "" : rows.error().message);
  if (!rows.ok()) return out;
  for (const T& row : *rows) out.push_back(row.name);
  return out;
}
using Names = std::vector<std::string>;

Project project(const std::string& name) { return {0, name, {}, {}}; }
Node node(const std::string& name) {
  Node out;
  out.name = name;
  return out;
}
Network network(const std::string& name, VlanId vlan) { return {0, name, {}, false, vlan, true}; }
Operation operation(const std::string& uuid) { return {0, uuid, {}, "ann", 1, 0}; }
Change change(Id operation, Id nic, Change::State state) {
  Change out;
  out.operation = operation;
  out.nic = nic;
  out.kind = Change::Kind::kRevert;
  out.state = state;
  return out;
}

// A server with a NIC at a port, and two networks.
struct Rack {
  Id project = 0, node = 0, nic = 0, switch_id = 0, port = 0, blue = 0, red = 0, operation = 0;
  static Rack in(Transaction& t) {
    Rack r;
    r.project = *t.insert_project(store::project("p"));
    r.node = *t.insert_node(store::node("n"));
    r.switch_id = *t.insert_switch({0, "s", "ovsdb", "{}"});
    r.port = *t.insert_port({0, r.switch_id, "eth1", {}, 0});
    r.nic = *t.insert_nic({0, r.node, "nic", "aa:bb:cc:dd:ee:ff", r.port});
    r.blue = *t.insert_network(network("blue", 100));
    r.red = *t.insert_network(network("red", 101));
    r.operation = *t.insert_operation(store::operation("u1"));
    return r;
  }
};

TEST_P(IsolationStores, KeepEveryFieldOfANode) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Id owner = *t.insert_project({0, "owner", 3U, 0U}), holder = *t.insert_project(project("holder"));
    Node wanted{0,
                "n1",
                {"ipmi", "10.0.0.1:623", "root", {0, 1, 0xff, '\'', '?'}},
                NodeState::kHeld,
                holder,
                owner,
                1'800'000'000'000,
                true,
                "it’s \"hot\"; ?",
                -5,
                4'000'000'000U};
    wanted.id = *t.insert_node(wanted);
    for (int twice = 0; twice < 2; ++twice) {
      const auto found = t.find_node("n1");
      EXPECT_TRUE(found.ok() && *found);
      const Node& got = **found;
      EXPECT_EQ(got.id, wanted.id);
      EXPECT_EQ(got.bmc.type, wanted.bmc.type);
      EXPECT_EQ(got.bmc.address, wanted.bmc.address);
      EXPECT_EQ(got.bmc.user, wanted.bmc.user);
      EXPECT_EQ(got.bmc.sealed_password, wanted.bmc.sealed_password);
      EXPECT_EQ(got.state, wanted.state);
      EXPECT_EQ(got.project, wanted.project);
      EXPECT_EQ(got.owner, wanted.owner);
      EXPECT_EQ(got.lent_until, wanted.lent_until);
      EXPECT_EQ(got.bmc_enabled, wanted.bmc_enabled);
      EXPECT_EQ(got.problem, wanted.problem);
      EXPECT_EQ(got.try_again, wanted.try_again);
      EXPECT_EQ(got.attempts, wanted.attempts);
      wanted.state = NodeState::kIdle;
      wanted.project.reset();
      wanted.lent_until.reset();
      wanted.bmc.sealed_password.clear();
      wanted.problem.clear();
      wanted.bmc_enabled = false;
      EXPECT_OK(t.update_node(wanted));
    }
    EXPECT_EQ((*t.find_project("owner"))->node_quota, 3U);
    EXPECT_EQ((*t.find_project("owner"))->network_quota, 0U);
    EXPECT_EQ((*t.find_project(holder))->node_quota, std::nullopt);
    return {};
  }));
}

TEST_P(IsolationStores, KeepWhatAPortWasSeenToHold) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Rack r = Rack::in(t);
    const std::vector<std::optional<PortState>> states{std::nullopt, PortState{}, PortState{7, {}},
                                                       PortState{{}, {1, 4094}}, PortState{4094, {2, 3, 100}}};
    for (const auto& state : states) {
      EXPECT_OK(t.update_port({r.port, r.switch_id, "eth1", state, 9}));
      EXPECT_EQ((*t.find_port(r.port))->observed, state);
      EXPECT_EQ((*t.find_port(r.switch_id, "eth1"))->observed_at, 9);
    }
    return {};
  }));
}

TEST_P(IsolationStores, KeepUsersTokensAndReplies) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Id ann = *t.insert_user({0, "ann", "$argon2id$", Role::kBroker});
    const Id token = *t.insert_token({0, ann, "laptop", {0, 9, 0xfe}, 5, 7});
    EXPECT_OK(t.insert_token({0, ann, "desk", {1}, 5, {}}));
    EXPECT_EQ((*t.find_user("ann"))->role, Role::kBroker);
    EXPECT_EQ((*t.find_user(ann))->password_hash, "$argon2id$");
    EXPECT_EQ((*t.find_token(base::Bytes{0, 9, 0xfe}))->id, token);
    EXPECT_EQ((*t.find_token(base::Bytes{0, 9, 0xfe}))->expires, 7);
    EXPECT_FALSE((*t.find_token(base::Bytes{0, 9})).has_value());
    EXPECT_EQ(t.tokens_of(ann)->size(), 2U);
    EXPECT_CODE(t.insert_token({0, ann, "again", {1}, 5, {}}), Code::kConflict);
    EXPECT_OK(t.erase_token(token));
    EXPECT_OK(t.keep_reply(ann, "key", {{1, 2}, 202, "{\"a\": \"ü\"}", 9}));
    EXPECT_OK(t.keep_reply(ann, "other", {{3}, 200, "", 8}));
    EXPECT_OK(t.keep_reply(ann, "other", {{3, 4}, 201, "{}", 11}));
    const auto replaced = *t.find_reply(ann, "other");
    EXPECT_TRUE(replaced && replaced->status == 201 && replaced->body == "{}" && replaced->at == 11);
    EXPECT_EQ(replaced->request_hash, (base::Bytes{3, 4}));
    const auto kept = *t.find_reply(ann, "key");
    EXPECT_TRUE(kept && kept->status == 202 && kept->body == "{\"a\": \"ü\"}" && kept->at == 9);
    EXPECT_EQ(kept->request_hash, (base::Bytes{1, 2}));
    EXPECT_OK(t.erase_replies_before(9));
    EXPECT_TRUE(t.find_reply(ann, "key")->has_value());
    EXPECT_OK(t.erase_replies_before(10));
    EXPECT_FALSE(t.find_reply(ann, "key")->has_value());
    EXPECT_TRUE(t.find_reply(ann, "other")->has_value());
    return {};
  }));
}

TEST_P(IsolationStores, UndoAllOfABodyThatFails) {
  EXPECT_CODE(store_->write([&](Transaction& t) -> Status {
    Rack::in(t);
    return base::Error{Code::kForbidden, "no"};
  }),
              Code::kForbidden);
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_EQ(names(t.projects(kAll)), Names());
    EXPECT_EQ(names(t.nodes({}, kAll)), Names());
    return {};
  }));
}

TEST_P(IsolationStores, SayConflictForWhatIsTakenAndGoOn) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Rack r = Rack::in(t);
    EXPECT_CODE(t.insert_project(project("p")), Code::kConflict);
    EXPECT_CODE(t.insert_node(node("n")), Code::kConflict);
    EXPECT_CODE(t.insert_switch({0, "s", "", "{}"}), Code::kConflict);
    EXPECT_CODE(t.insert_port({0, r.switch_id, "eth1", {}, 0}), Code::kConflict);
    EXPECT_CODE(t.insert_nic({0, r.node, "nic", "", {}}), Code::kConflict);
    EXPECT_CODE(t.insert_nic({0, r.node, "other", "", r.port}), Code::kConflict);
    const Id second = *t.insert_nic({0, r.node, "second", "", {}});
    EXPECT_CODE(t.update_nic({second, r.node, "second", "", r.port}), Code::kConflict);
    EXPECT_CODE(t.insert_network(network("blue", 7)), Code::kConflict);
    EXPECT_CODE(t.insert_network(network("green", 100)), Code::kConflict);
    EXPECT_CODE(t.insert_operation(operation("u1")), Code::kConflict);
    EXPECT_OK(t.insert_attachment({r.nic, r.blue, Channel::kNative}));
    EXPECT_CODE(t.insert_attachment({r.nic, r.blue, Channel::kTagged}), Code::kConflict);
    EXPECT_CODE(t.insert_attachment({r.nic, r.red, Channel::kNative}), Code::kConflict);
    EXPECT_OK(t.insert_attachment({r.nic, r.red, Channel::kTagged}));
    EXPECT_CODE(t.update_attachment({r.nic, r.red, Channel::kNative}), Code::kConflict);
    const Id first = *t.insert_change(change(r.operation, r.nic, Change::State::kPending));
    EXPECT_CODE(t.insert_change(change(r.operation, r.nic, Change::State::kPending)), Code::kConflict);
    Change next = change(r.operation, r.nic, Change::State::kWaiting);
    next.id = *t.insert_change(next);
    next.state = Change::State::kPending;
    EXPECT_CODE(t.update_change(next), Code::kConflict);
    Change over = **t.find_change(first);
    over.state = Change::State::kDone;
    EXPECT_OK(t.update_change(over));
    EXPECT_OK(t.update_change(next));
    return {};
  }));
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {  // the rest of that body is there
    EXPECT_EQ(names(t.networks(kAll)), (Names{"blue", "red"}));
    EXPECT_EQ(t.changes({})->size(), 2U);
    return {};
  }));
}

TEST_P(IsolationStores, RefuseToEraseWhatIsInUse) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Rack r = Rack::in(t);
    Node held = **t.find_node(r.node);
    held.state = NodeState::kHeld;
    held.project = r.project;
    EXPECT_OK(t.update_node(held));
    EXPECT_OK(t.insert_attachment({r.nic, r.blue, Channel::kNative}));
    for (const auto& status : {t.erase_project(r.project), t.erase_node(r.node), t.erase_switch(r.switch_id),
                               t.erase_port(r.port), t.erase_nic(r.nic), t.erase_network(r.blue)})
      EXPECT_CODE(status, Code::kConflict);
    EXPECT_OK(t.erase_attachment(r.nic, r.blue));
    Change open = change(r.operation, r.nic, Change::State::kWaiting);
    open.network = r.blue;
    open.id = *t.insert_change(open);
    EXPECT_CODE(t.erase_nic(r.nic), Code::kConflict);
    EXPECT_CODE(t.erase_network(r.blue), Code::kConflict);
    open.state = Change::State::kError;  // history holds nothing back
    EXPECT_OK(t.update_change(open));
    EXPECT_OK(t.erase_network(r.blue));
    EXPECT_OK(t.erase_nic(r.nic));
    EXPECT_EQ((*t.find_change(open.id))->nic, r.nic);
    return {};
  }));
}

TEST_P(IsolationStores, RefuseWhatLeadsNowhere) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    EXPECT_CODE(t.insert_nic({0, 77, "nic", "", {}}), Code::kStorage);
    EXPECT_CODE(t.update_node(node("none")), Code::kStorage);
    EXPECT_CODE(t.erase_user(77), Code::kStorage);
    EXPECT_CODE(t.erase_attachment(1, 2), Code::kStorage);
    EXPECT_CODE(t.set_metadata(77, "rack", "1"), Code::kStorage);
    return {};
  }));
}

TEST_P(IsolationStores, EraseWithARowWhatBelongsToIt) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Id p = *t.insert_project(project("p")), n = *t.insert_node(node("n")), m = *t.insert_node(node("m"));
    const Id ann = *t.insert_user({0, "ann", "", Role::kBroker});
    const Id blue = *t.insert_network(network("blue", 5));
    for (int twice = 0; twice < 2; ++twice) {
      EXPECT_OK(t.set_listed(n, ann, true));
      EXPECT_OK(t.set_listed(m, ann, true));
      EXPECT_OK(t.set_member(ann, p, true));
      EXPECT_OK(t.let_into(blue, p, true));
      EXPECT_OK(t.set_metadata(n, "rack", std::to_string(twice)));
    }
    EXPECT_OK(t.keep_reply(ann, "key", {{1}, 200, "", 1}));
    EXPECT_OK(t.insert_token({0, ann, "", {1}, 0, {}}));
    EXPECT_EQ(*t.brokers_of(n), std::vector{ann});
    EXPECT_EQ(*t.projects_of(ann), std::vector{p});
    EXPECT_EQ(*t.users_of(p), std::vector{ann});
    EXPECT_EQ(*t.projects_let_into(blue), std::vector{p});
    EXPECT_TRUE(*t.is_let_into(blue, p));
    EXPECT_EQ(t.metadata(n)->at(0).second, "1");
    EXPECT_CODE(t.erase_project(p), Code::kConflict);
    EXPECT_OK(t.erase_network(blue));
    EXPECT_OK(t.erase_node(n));
    EXPECT_TRUE(t.metadata(n)->empty());
    EXPECT_OK(t.erase_user(ann));
    EXPECT_TRUE(t.brokers_of(m)->empty());
    EXPECT_FALSE(t.find_token(base::Bytes{1})->has_value());
    EXPECT_FALSE(t.find_reply(ann, "key")->has_value());
    EXPECT_OK(t.erase_project(p));
    EXPECT_OK(t.set_metadata(m, "rack", "2"));
    EXPECT_TRUE(*t.erase_metadata(m, "rack"));
    EXPECT_FALSE(*t.erase_metadata(m, "rack"));
    return {};
  }));
}

TEST_P(IsolationStores, PageThroughNamesByteByByte) {
  const Names sorted{"1", "A-2", "A.1", "A1", "B", "Z", "a", "a-b", "a.b", "aB", "a_b", "ab", "z"};
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    for (auto name = sorted.rbegin(); name != sorted.rend(); ++name) EXPECT_OK(t.insert_node(node(*name)));
    return {};
  }));
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    Names found;
    for (Page page{"", 2};; page.after = found.back()) {
      const Names some = names(t.nodes({.free = true}, page));
      found.insert(found.end(), some.begin(), some.end());
      if (some.size() < page.limit) break;
    }
    EXPECT_EQ(found, sorted);
    return {};
  }));
}

TEST_P(IsolationStores, FindNodesByWhatIsAskedOfThem) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Id p = *t.insert_project(project("p")), q = *t.insert_project(project("q"));
    const auto put = [&](const std::string& name, NodeState state, std::optional<Id> in, std::optional<Id> owner,
                         std::optional<std::int64_t> until, std::int64_t try_again) {
      Node out = node(name);
      out.state = state;
      out.project = in;
      out.owner = owner;
      out.lent_until = until;
      out.try_again = try_again;
      return *t.insert_node(out);
    };
    const Id free = put("free", NodeState::kIdle, {}, {}, {}, 0);
    put("home", NodeState::kIdle, {}, q, {}, 0);
    put("held", NodeState::kHeld, p, {}, {}, 0);
    put("lent2", NodeState::kHeld, p, q, 20, 0);
    put("lent1", NodeState::kHeld, p, q, 10, 0);
    const Id back = put("back", NodeState::kReleasing, p, q, 5, 30);
    put("back2", NodeState::kReleasing, q, q, {}, 7);
    EXPECT_EQ(names(t.nodes({.free = true}, kAll)), (Names{"free"}));
    EXPECT_EQ(names(t.nodes({.free = false, .owner = q}, kAll)), (Names{"back", "back2", "home", "lent1", "lent2"}));
    EXPECT_EQ(names(t.nodes({.project = p}, kAll)), (Names{"back", "held", "lent1", "lent2"}));
    EXPECT_EQ(names(t.nodes({.project = p, .state = NodeState::kReleasing}, kAll)), (Names{"back"}));
    EXPECT_EQ(names(t.nodes_lent_until(15, 9)), (Names{"lent1"}));
    EXPECT_EQ(names(t.nodes_lent_until(20, 9)), (Names{"lent1", "lent2"}));
    EXPECT_EQ(names(t.nodes_lent_until(20, 1)), (Names{"lent1"}));
    EXPECT_EQ(names(t.nodes_releasing(29, 9)), (Names{"back2"}));
    EXPECT_EQ(names(t.nodes_releasing(30, 9)), (Names{"back2", "back"}));
    EXPECT_EQ(*t.count_nodes_of(p), 4U);
    EXPECT_EQ(*t.count_nodes_of(q), 1U);
    EXPECT_OK(t.set_metadata(free, "gpu", "true"));
    EXPECT_OK(t.set_metadata(back, "gpu", "false"));
    EXPECT_OK(t.set_metadata(back, "rack", "\"r1\""));
    EXPECT_EQ(names(t.nodes({.metadata = {{"gpu", ""}}}, kAll)), (Names{"back", "free"}));
    EXPECT_EQ(names(t.nodes({.metadata = {{"gpu", "true"}}}, kAll)), (Names{"free"}));
    EXPECT_EQ(names(t.nodes({.metadata = {{"gpu", ""}, {"rack", "\"r1\""}}}, kAll)), (Names{"back"}));
    EXPECT_EQ(names(t.nodes({.metadata = {{"gpu", "true"}, {"rack", ""}}}, kAll)), Names());
    return {};
  }));
}

TEST_P(IsolationStores, GiveTheLowestFreeVlan) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    EXPECT_EQ(*t.lowest_free_vlan(100, 102), 100);
    const Id p = *t.insert_project(project("p"));
    EXPECT_OK(t.insert_network(network("a", 100)));
    EXPECT_OK(t.insert_network(network("c", 102)));
    EXPECT_OK(t.insert_network({0, "own", p, false, 99, false}));
    const Id shown = *t.insert_network({0, "shown", {}, true, 4094, false});
    EXPECT_EQ(*t.lowest_free_vlan(100, 102), 101);
    EXPECT_OK(t.insert_network(network("b", 101)));
    EXPECT_EQ(*t.lowest_free_vlan(100, 102), std::nullopt);
    EXPECT_EQ(*t.lowest_free_vlan(100, 103), 103);
    EXPECT_EQ(*t.lowest_free_vlan(4094, 4094), std::nullopt);
    EXPECT_TRUE(*t.vlan_taken(4094));
    EXPECT_FALSE(*t.vlan_taken(4093));
    EXPECT_OK(t.let_into((*t.find_network("b"))->id, p, true));
    EXPECT_EQ(names(t.networks_for(p, kAll)), (Names{"b", "own", "shown"}));
    EXPECT_EQ(names(t.networks_for(p, {"b", 1})), (Names{"own"}));
    EXPECT_EQ(*t.count_networks_of(p), 1U);
    EXPECT_TRUE((*t.find_network(shown))->is_public);
    EXPECT_FALSE((*t.find_network("own"))->vlan_from_pool);
    return {};
  }));
}

TEST_P(IsolationStores, FindChangesByWhereTheyBelong) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Rack r = Rack::in(t);
    const Id loose = *t.insert_nic({0, r.node, "loose", "", {}});
    const Id later = *t.insert_operation(operation("u2"));
    Change due = change(r.operation, r.nic, Change::State::kPending);
    due.network = r.blue;
    due.try_again = 10;
    const Id first = *t.insert_change(due), second = *t.insert_change(change(later, loose, Change::State::kPending));
    const Id third = *t.insert_change(change(later, r.nic, Change::State::kWaiting));
    const Id fourth = *t.insert_change(change(later, r.nic, Change::State::kDone));
    const auto found = [&](const ChangeFilter& filter) {
      std::vector<Id> ids;
      const auto rows = t.changes(filter);
      for (const Change& one : rows.value()) ids.push_back(one.id);
      return ids;
    };
    using Ids = std::vector<Id>;
    EXPECT_EQ(found({}), (Ids{first, second, third, fourth}));
    EXPECT_EQ(found({.limit = 2}), (Ids{first, second}));
    EXPECT_EQ(found({.operation = later}), (Ids{second, third, fourth}));
    EXPECT_EQ(found({.nic = r.nic}), (Ids{first, third, fourth}));
    EXPECT_EQ(found({.nic = r.nic, .open = true}), (Ids{first, third}));
    EXPECT_EQ(found({.node = r.node, .open = true}), (Ids{first, second, third}));
    EXPECT_EQ(found({.network = r.blue}), (Ids{first}));
    EXPECT_EQ(found({.network = r.red, .open = true}), Ids());
    EXPECT_EQ(found({.switch_id = r.switch_id}), (Ids{first, third, fourth}));
    EXPECT_EQ(found({.switch_id = r.switch_id, .state = Change::State::kWaiting}), (Ids{third}));
    EXPECT_EQ(t.changes_due(r.switch_id, 9, 9)->size(), 0U);
    EXPECT_EQ(t.changes_due(r.switch_id, 10, 9)->at(0).id, first);
    EXPECT_EQ(t.changes_due(r.switch_id, 10, 9)->size(), 1U);
    EXPECT_EQ(t.operations({}, {"", 9})->at(0).uuid, "u2");
    EXPECT_EQ(t.operations({}, {"u2", 9})->at(0).uuid, "u1");
    EXPECT_EQ(t.operations(r.project, {"", 9})->size(), 0U);
    EXPECT_EQ(t.operations({}, {"nobody's", 9})->size(), 0U);
    return {};
  }));
}

TEST_P(IsolationStores, ForgetOldOperationsButNoneThatIsOpen) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const Rack r = Rack::in(t);  // u1: never finished
    const auto add = [&](const char* uuid, std::int64_t finished, Change::State state) {
      Operation one = operation(uuid);
      one.finished = finished;
      one.id = *t.insert_operation(one);
      return *t.insert_change(change(one.id, r.nic, state));
    };
    const Id over = add("over", 9, Change::State::kDone), failed = add("failed", 9, Change::State::kError);
    const Id fresh = add("fresh", 10, Change::State::kDone), open = add("open", 9, Change::State::kWaiting);
    const auto left = [&] {
      std::string out;
      const auto rows = t.operations({}, kAll);
      for (const Operation& one : rows.value()) out += one.uuid + " ";
      return out;
    };
    EXPECT_OK(t.erase_operations_before(9));
    EXPECT_EQ(left(), "open fresh failed over u1 ");
    EXPECT_OK(t.erase_operations_before(10));
    EXPECT_EQ(left(), "open fresh u1 ");
    for (const Id gone : {over, failed}) EXPECT_FALSE(t.find_change(gone)->has_value());
    for (const Id stays : {fresh, open}) EXPECT_TRUE(t.find_change(stays)->has_value());
    EXPECT_OK(t.erase_operations_before(1'000));
    EXPECT_EQ(left(), "open u1 ");
    return {};
  }));
}

// Of one body, whether it comes alone or with others: nobody else hears of it, and nothing is locked up by it.
TEST_P(IsolationStores, GoOnAfterABodyThatThrew) {
  const auto throwing = [](Transaction& t) -> Status {
    (void)t.insert_project(project("half"));
    throw std::runtime_error("a mistake");
  };
  std::atomic<int> caught = 0, written = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i)
    clients.emplace_back([&, i] {
      for (int j = 0; j < 4; ++j) {
        try {
          const bool reads = j % 2 == 1;
          if (i % 4 == 0) (void)(reads ? store_->read(throwing) : store_->write(throwing));
          const std::string name = "p" + std::to_string(i) + "-" + std::to_string(j);
          const Status done = store_->write([&](Transaction& t) -> Status {
            TARN_TRY(t.insert_project(project(name)));
            return {};
          });
          if (done.ok()) ++written;
        } catch (const std::runtime_error& mistake) {
          if (std::string(mistake.what()) == "a mistake") ++caught;
        }
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(caught, 16);
  EXPECT_EQ(written, 48);
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_EQ(names(t.projects(kAll)).size(), 48U);
    EXPECT_FALSE(t.find_project("half")->has_value());
    return {};
  }));
}

TEST_P(IsolationStores, ShowEventsInOrderToThoseWhoMaySeeThem) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    for (const std::optional<Id> whose :
         {std::optional<Id>(1), std::optional<Id>(2), std::optional<Id>(), std::optional<Id>(1), std::optional<Id>(3)})
      EXPECT_OK(t.insert_event({0, whose.value_or(9), "node.allocated", whose, "node/n1", "ann", "at last"}));
    return {};
  }));
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    const auto seen = [&](Id after, const std::optional<std::vector<Id>>& by, std::size_t limit) {
      std::vector<std::optional<Id>> out;
      const auto rows = t.events(after, by, limit);
      for (const Event& event : rows.value()) out.push_back(event.project);
      return out;
    };
    using Seen = std::vector<std::optional<Id>>;
    EXPECT_EQ(seen(0, {}, 9), (Seen{1, 2, {}, 1, 3}));
    EXPECT_EQ(seen(0, std::vector<Id>{}, 9), Seen());
    EXPECT_EQ(seen(0, std::vector<Id>{3, 1, 3}, 9), (Seen{1, 1, 3}));
    EXPECT_EQ(seen(0, std::vector<Id>{3, 1}, 2), (Seen{1, 1}));
    const std::vector<Event> all = *t.events(0, {}, 9);
    EXPECT_EQ(seen(all[1].id, std::vector<Id>{1, 2, 3}, 9), (Seen{1, 3}));
    EXPECT_EQ(all[0].detail, "at last");
    EXPECT_OK(t.erase_events_before(3));
    EXPECT_EQ(seen(0, {}, 9), (Seen{{}, 3}));
    EXPECT_OK(t.erase_events_before(100));
    EXPECT_OK(t.insert_event({0, 1, "", {}, "", "", ""}));
    EXPECT_GT(t.events(0, {}, 9)->at(0).id, all.back().id);  // a cursor stays behind what is new
    return {};
  }));
}

TEST_P(IsolationStores, ShowAReaderOneStateWhileOthersWrite) {
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_EQ(names(t.projects(kAll)), Names());
    std::thread writer([&] {
      EXPECT_OK(store_->write([](Transaction& other) -> Status {
        TARN_TRY(other.insert_project(project("p")));
        return {};
      }));
    });
    writer.join();
    EXPECT_EQ(names(t.projects(kAll)), Names());
    EXPECT_CODE(t.insert_project(project("q")), Code::kStorage);
    return {};
  }));
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_EQ(names(t.projects(kAll)), (Names{"p"}));
    return {};
  }));
}

void in_parallel(int threads, const std::function<void(int)>& body) {
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) all.emplace_back(body, i);
  for (std::thread& thread : all) thread.join();
}

TEST_P(IsolationStores, LetExactlyOneOfSixteenWin) {
  Rack rack;
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    rack = Rack::in(t);
    return {};
  }));
  const std::function<Status(Transaction&)> prizes[] = {
      [](Transaction& t) -> Status {
        TARN_TRY(t.insert_project(project("prize")));
        return {};
      },
      [](Transaction& t) -> Status {
        static std::atomic<int> number = 0;
        TARN_TRY(t.insert_network(network("net" + std::to_string(++number), 2'000)));
        return {};
      },
      [&](Transaction& t) -> Status {
        TARN_TRY(t.insert_change(change(rack.operation, rack.nic, Change::State::kPending)));
        return {};
      }};
  for (const auto& prize : prizes) {
    std::atomic<int> winners = 0, losers = 0;
    in_parallel(16, [&](int) {
      const Status done = store_->write(prize);
      ++(done.ok() ? winners : losers);
      EXPECT_TRUE(done.ok() || done.error().code == Code::kConflict);
    });
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(losers, 15);
  }
}

TEST_P(IsolationStores, DecideOneAfterTheOther) {
  in_parallel(16, [&](int thread) {
    for (int i = 0; i < 4; ++i) {
      const std::string name = std::to_string(thread) + "-" + std::to_string(i);
      const bool meant = i != 2;
      const Status done = store_->write([&](Transaction& t) -> Status {
        const auto vlan = *t.lowest_free_vlan(100, 4'000);
        TARN_TRY(t.insert_network(network(name, *vlan)));
        return meant ? Status() : base::Error{Code::kCancelled, "on second thoughts"};
      });
      EXPECT_EQ(code(done), meant ? std::nullopt : std::optional(Code::kCancelled));
    }
  });
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_EQ(t.networks(kAll)->size(), 48U);
    EXPECT_EQ(*t.lowest_free_vlan(100, 4'000), 148);  // no gap: what was undone was nobody's
    return {};
  }));
}

}  // namespace
}  // namespace store
