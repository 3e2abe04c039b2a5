// Random transactions on a database and on its slow twin in memory have the same results and leave the same rows. Rows are
// named and not numbered in what is compared, as the ids differ.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <functional>
#include <random>
#include <sstream>

#include "support/isolation_stores.h"

namespace store {
namespace {

using namespace isolation;
using base::Status;

const Page kAll{"", 1'000};

// One body, drawn from a seed: it asks and tells a transaction by names alone, and notes what that says.
class Player {
 public:
  Player(Transaction& transaction, std::uint64_t seed, std::ostream& said)
      : t_(transaction), random_(seed), said_(said) {}

  Status play() {
    for (std::uint64_t left = 1 + draw(6); left > 0; --left) {
      const std::uint64_t which = draw(steps().size());
      said_ << which << ": ";
      steps()[which](*this);
      said_ << "\n";
    }
    return draw(5) == 0 ? base::Error{base::Code::kCancelled, "on second thoughts"} : Status();
  }

 private:
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  std::string name(const char* kind) { return kind + std::to_string(draw(4)); }
  void note(const Status& status) { said_ << (status.ok() ? -1 : static_cast<int>(status.error().code)) << " "; }
  template <class T>
  void note(const base::Result<T>& result) {
    note(result.ok() ? Status() : Status(result.error()));
  }
  template <class T>
  std::optional<T> noted(Found<T> found) {
    note(found);
    return found.ok() ? std::move(*found) : std::nullopt;
  }
  template <class T>
  std::optional<Id> id_of(const Found<T>& found) {
    return noted(found) ? std::optional((**found).id) : std::nullopt;
  }
  std::optional<Id> some_project() { return draw(3) == 0 ? std::nullopt : id_of(t_.find_project(name("p"))); }
  std::optional<Nic> some_nic() {
    const auto node = id_of(t_.find_node(name("n")));
    return node ? noted(t_.find_nic(*node, name("i"))) : std::nullopt;
  }
  std::optional<Port> some_port() {
    const auto at = id_of(t_.find_switch(name("s")));
    return at ? noted(t_.find_port(*at, name("e"))) : std::nullopt;
  }

  void projects() {
    const auto found = noted(t_.find_project(name("p")));
    if (draw(3) == 0 || !found) return note(t_.insert_project({0, name("p"), {}, 1U}));
    if (draw(2) == 0) return note(t_.erase_project(found->id));
    note(t_.update_project({found->id, name("p"), 7U, {}}));
  }
  void users() {
    const auto found = noted(t_.find_user(name("u")));
    if (!found) return note(t_.insert_user({0, name("u"), "hash", Role::kBroker}));
    if (draw(4) == 0) return note(t_.erase_user(found->id));
    if (draw(2) == 0) return note(t_.update_user({found->id, name("u"), "", Role::kAuditor}));
    if (const auto project = some_project()) note(t_.set_member(found->id, *project, draw(2) == 0));
    note(t_.insert_token({0, found->id, "label", {static_cast<std::uint8_t>(draw(4))}, 1, {}}));
    note(t_.keep_reply(found->id, name("k"), {{1}, 200, "{}", static_cast<std::int64_t>(draw(9))}));
  }
  void tokens() {
    if (const auto token = noted(t_.find_token(base::Bytes{static_cast<std::uint8_t>(draw(4))})))
      note(t_.erase_token(token->id));
    note(t_.erase_replies_before(static_cast<std::int64_t>(draw(9))));
  }
  void nodes() {
    const auto found = noted(t_.find_node(name("n")));
    Node node = found.value_or(Node());
    if (found && draw(4) == 0) return note(t_.erase_node(found->id));
    if (!found || draw(4) == 0) node.name = name("n");
    node.project = some_project();
    node.owner = some_project();
    node.state = !node.project ? NodeState::kIdle : draw(2) == 0 ? NodeState::kHeld : NodeState::kReleasing;
    node.lent_until.reset();
    if (draw(2) == 0) node.lent_until = static_cast<std::int64_t>(draw(5));
    node.try_again = static_cast<std::int64_t>(draw(5));
    if (found) return note(t_.update_node(node));
    note(t_.insert_node(node));
  }
  void metadata() {
    const auto node = id_of(t_.find_node(name("n")));
    if (!node) return;
    note(t_.set_metadata(*node, name("l"), name("")));
    note(t_.erase_metadata(*node, name("l")));
    if (const auto broker = id_of(t_.find_user(name("u")))) note(t_.set_listed(*node, *broker, draw(2) == 0));
  }
  void switches() {
    const auto found = id_of(t_.find_switch(name("s")));
    if (!found) return note(t_.insert_switch({0, name("s"), "ovsdb", "{}"}));
    if (draw(6) == 0) return note(t_.erase_switch(*found));
    note(t_.insert_port({0, *found, name("e"), {}, 0}));
    if (const auto port = some_port())
      note(draw(3) == 0 ? t_.erase_port(port->id)
                        : t_.update_port({port->id, port->switch_id, name("e"), PortState{3, {1, 2}}, 4}));
  }
  void nics() {
    const auto node = id_of(t_.find_node(name("n")));
    if (!node) return;
    const auto found = noted(t_.find_nic(*node, name("i")));
    const auto port = some_port();
    const auto at = port ? std::optional(port->id) : std::nullopt;
    if (!found) return note(t_.insert_nic({0, *node, name("i"), "mac", at}));
    note(draw(4) == 0 ? t_.erase_nic(found->id) : t_.update_nic({found->id, *node, name("i"), "mac2", at}));
  }
  void networks() {
    const auto found = id_of(t_.find_network(name("w")));
    const auto vlan = t_.lowest_free_vlan(1, 3);
    note(vlan);
    const VlanId wanted = vlan.ok() && *vlan && draw(2) == 0 ? **vlan : static_cast<VlanId>(1 + draw(4));
    if (!found) return note(t_.insert_network({0, name("w"), some_project(), draw(2) == 0, wanted, draw(2) == 0}));
    if (draw(4) == 0) return note(t_.erase_network(*found));
    if (const auto project = some_project()) note(t_.let_into(*found, *project, draw(3) != 0));
  }
  void attachments() {
    const auto nic = some_nic();
    const auto network = id_of(t_.find_network(name("w")));
    if (!nic || !network) return;
    const Attachment wanted{nic->id, *network, static_cast<Channel>(draw(2)), static_cast<Attachment::State>(draw(4))};
    note(draw(2) == 0   ? t_.insert_attachment(wanted)
         : draw(2) == 0 ? t_.update_attachment(wanted)
                        : t_.erase_attachment(nic->id, *network));
  }
  void changes() {
    const auto nic = some_nic();
    const auto network = id_of(t_.find_network(name("w")));
    const std::string uuid = name("o");
    note(t_.insert_operation({0, uuid, {}, "ann", 1, static_cast<std::int64_t>(draw(9))}));
    if (draw(5) == 0) note(t_.erase_operations_before(static_cast<std::int64_t>(draw(9))));
    const auto operation = noted(t_.find_operation(uuid));
    if (!nic || !operation) return;
    note(t_.insert_change({0, operation->id, nic->id, Change::Kind::kConnect, network, Channel::kTagged,
                           static_cast<Change::State>(draw(3)), "", static_cast<std::int64_t>(draw(4)), 9, 0}));
  }
  void change() {
    auto open = t_.changes({.open = true});
    note(open);
    if (!open.ok() || open->empty()) return;
    Change one = (*open)[draw(open->size())];
    one.state = static_cast<Change::State>(draw(4));
    one.error = one.state == Change::State::kError ? "why" : "";
    ++one.attempts;
    note(t_.update_change(one));
  }
  void events() {
    note(t_.insert_event({0, static_cast<std::int64_t>(draw(20)), name("kind"), some_project(), "node/n", "ann", ""}));
    if (draw(5) == 0) note(t_.erase_events_before(static_cast<std::int64_t>(draw(20))));
  }

  using Step = void (*)(Player&);
  static const std::array<Step, 11>& steps() {
    static constexpr std::array<Step, 11> kSteps{[](Player& p) { p.projects(); },
                                                 [](Player& p) { p.users(); },
                                                 [](Player& p) { p.tokens(); },
                                                 [](Player& p) { p.nodes(); },
                                                 [](Player& p) { p.metadata(); },
                                                 [](Player& p) { p.switches(); },
                                                 [](Player& p) { p.nics(); },
                                                 [](Player& p) { p.networks(); },
                                                 [](Player& p) { p.attachments(); },
                                                 [](Player& p) {
                                                   p.changes();
                                                   p.change();
                                                 },
                                                 [](Player& p) { p.events(); }};
    return kSteps;
  }

  Transaction& t_;
  std::mt19937_64 random_;
  std::ostream& said_;
};

// All that a store holds, as it tells it.
class Picture {
 public:
  Picture(Transaction& transaction, std::ostream& out) : t_(transaction), out_(out) {}
  void draw() {
    for (const Project& p : all(t_.projects(kAll))) project(p);
    for (const User& user : all(t_.users(kAll))) draw_user(user);
    for (const Node& node : all(t_.nodes({}, kAll))) draw_node(node);
    for (const SwitchRecord& record : all(t_.switches(kAll))) draw_switch(record);
    for (const Network& network : all(t_.networks(kAll))) draw_network(network);
    for (const Operation& operation : all(t_.operations({}, kAll))) draw_operation(operation);
    for (const Event& event : all(t_.events(0, {}, 1'000)))
      out_ << "event " << event.at << event.kind << event.project.has_value() << "\n";
    for (const Node& node : all(t_.nodes_lent_until(3, 2))) out_ << "lent " << *node.lent_until << "\n";
    for (const Node& node : all(t_.nodes_releasing(3, 2))) out_ << "releasing " << node.try_again << "\n";
    for (const NodeFilter& filter : {NodeFilter{.free = true}, NodeFilter{.free = false},
                                     NodeFilter{.metadata = {{"l1", ""}}}, NodeFilter{.metadata = {{"l2", "1"}}}})
      names(all(t_.nodes(filter, {"n0", 2})));
  }

 private:
  template <class T>
  static std::vector<T> all(Rows<T> rows) {
    EXPECT_TRUE(rows.ok()) << (rows.ok() ? "" : rows.error().message);
    return rows.ok() ? std::move(*rows) : std::vector<T>();
  }
  std::string named(std::optional<Id> project) { return project ? (*t_.find_project(*project))->name : "-"; }
  std::string network_named(Id id) {
    const auto found = t_.find_network(id);
    return *found ? (*found)->name : "gone";
  }
  template <class T>
  void names(const std::vector<T>& rows) {
    for (const T& row : rows) out_ << row.name << " ";
    out_ << "\n";
  }
  void project(const Project& p) {
    out_ << "project " << p.name << p.node_quota.value_or(99) << p.network_quota.value_or(99)
         << *t_.count_nodes_of(p.id) << *t_.count_networks_of(p.id) << t_.users_of(p.id)->size() << "\n";
    names(all(t_.networks_for(p.id, kAll)));
    out_ << all(t_.events(0, std::vector{p.id}, 3)).size() << "\n";
  }
  void draw_user(const User& user) {
    out_ << "user " << user.name << user.password_hash << static_cast<int>(user.role);
    for (const Id project : all(t_.projects_of(user.id))) out_ << " in " << named(project);
    for (const ApiToken& token : all(t_.tokens_of(user.id))) out_ << " token " << base::to_hex(token.hash);
    for (int key = 0; key < 4; ++key) out_ << t_.find_reply(user.id, "k" + std::to_string(key))->has_value();
    out_ << "\n";
  }
  void draw_node(const Node& node) {
    out_ << "node " << node.name << static_cast<int>(node.state) << named(node.project) << named(node.owner)
         << node.lent_until.value_or(-1) << node.try_again << t_.brokers_of(node.id)->size();
    for (const auto& [label, json] : all(t_.metadata(node.id))) out_ << " " << label << "=" << json;
    for (const Nic& nic : all(t_.nics_of(node.id))) {
      out_ << "\n  nic " << nic.name << nic.mac << (nic.port ? (*t_.find_port(*nic.port))->name : "-");
      for (const Attachment& a : all(t_.attachments_of_nic(nic.id)))
        out_ << " " << network_named(a.network) << static_cast<int>(a.channel) << static_cast<int>(a.state);
      out_ << all(t_.changes({.nic = nic.id})).size();
    }
    out_ << all(t_.attachments_of_node(node.id)).size() << all(t_.changes({.node = node.id, .open = true})).size()
         << "\n";
  }
  void draw_switch(const SwitchRecord& record) {
    out_ << "switch " << record.name << record.type;
    for (const Port& port : all(t_.ports_of(record.id, kAll)))
      out_ << " " << port.name << port.observed.has_value() << port.observed_at << t_.find_nic_at(port.id)->has_value();
    for (const Change& due : all(t_.changes_due(record.id, 2, 3))) out_ << " due " << due.try_again;
    out_ << all(t_.changes({.switch_id = record.id})).size() << "\n";
  }
  void draw_network(const Network& network) {
    out_ << "network " << network.name << named(network.owner) << network.is_public << network.vlan
         << network.vlan_from_pool << t_.projects_let_into(network.id)->size()
         << all(t_.attachments_of_network(network.id)).size()
         << all(t_.changes({.network = network.id, .open = true})).size() << "\n";
  }
  void draw_operation(const Operation& operation) {
    out_ << "operation " << operation.uuid;
    for (const Change& c : all(t_.changes({.operation = operation.id})))
      out_ << " " << static_cast<int>(c.state) << c.error << c.try_again << c.attempts
           << (c.network ? network_named(*c.network) : "-");
    out_ << "\n";
  }

  Transaction& t_;
  std::ostream& out_;
};

std::string played(Store& store, std::uint64_t seed) {
  std::ostringstream said;
  const Status done = store.write([&](Transaction& t) { return Player(t, seed, said).play(); });
  said << (done.ok() ? "kept" : done.error().message) << "\n";
  EXPECT_TRUE(store
                  .read([&](Transaction& t) -> Status {
                    Picture(t, said).draw();
                    return {};
                  })
                  .ok());
  return said.str();
}

TEST(IsolationStoreOnSqlite, DoesAsItsTwinWhateverIsAsked) {
  EXPECT_TRUE(rc::check([] {
    const support::Scratch scratch;
    support::MemoryIsolationStore twin;
    const auto store = open_isolation_store({.path = scratch.file("isolation.db"), .connection = {}});
    RC_ASSERT(store.ok());
    const auto seeds = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::arbitrary<std::uint32_t>());
    for (const std::uint32_t seed : seeds) RC_ASSERT(played(**store, seed) == played(twin, seed));
  }));
}

class RandomTransactions : public support::IsolationStores {};
INSTANTIATE_TEST_SUITE_P(Sql, RandomTransactions, testing::Values(support::Engine::kSqlite, support::Engine::kPostgres),
                         support::name_of);

TEST_P(RandomTransactions, InALongLifeLeaveWhatTheyLeaveInTheTwin) {
  support::MemoryIsolationStore twin;
  std::size_t attachments = 0, changes = 0, access = 0, members = 0, listings = 0;  // most at a time
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    ASSERT_EQ(played(*store_, seed), played(twin, seed)) << seed;
    const auto tables = twin.tables();
    attachments = std::max(attachments, tables.attachments.size());
    changes = std::max(changes, tables.changes.size());
    access = std::max(access, tables.access.size());
    members = std::max(members, tables.members.size());
    listings = std::max(listings, tables.listings.size());
  }
  EXPECT_GT(std::min({attachments, changes, access, members, listings}), 0U) << "nothing was tried";
}

}  // namespace
}  // namespace store
