// Rules: every call of the isolation service, decided within one transaction of its store. Each checks first that the
// caller may (access.h), then that the state allows it, then changes rows and notes an event; so a call that returns an
// error has changed nothing, and no order of calls breaks an invariant:
//   1 a node is in at most one project; freed only with its BMC off-limits, nothing attached, nothing pending
//   2 a NIC is connected only to a network that its project may use, when it is asked and when it is applied (engine.h)
//   3 at most one pending change a NIC        4 port and NIC are parted only while the node is idle
//   5 a VLAN id is unique, and free again only with nothing attached or pending
//   6 a tenant chooses no VLAN id, makes no network public, sees no switch
//   8 BMC access ends before a node changes hands      9 no release without a look at the switch (release.h)
// Names in, values out. Long changes (a NIC's) become an Operation, which the engine carries out.
// Errors: kForbidden, kNotFound, kConflict, kInvalidInput (a name, VLAN, address that cannot be), kStorage. What a caller
// may not even know of is kNotFound to it, except where `/v0` says otherwise (api).
// Threads: none of its own; as its Transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "isolation/access.h"
#include "isolation/store.h"
#include "isolation/types.h"

namespace isolation {

struct Settings {
  VlanId first_vlan = 100, last_vlan = 4000;  // the pool; a fixed VLAN may be any of 1–4094
  std::int64_t give_up_ms = 60'000;           // a change that the switch did not take by then is in error
  std::uint32_t most_changes = 4'096;         // in one operation
  std::uint32_t most_waiting = 8;             // changes in line at one NIC
};

struct Context {
  std::int64_t now = 0;
  base::Random* random = nullptr;  // operations' uuids
  const Settings* settings = nullptr;
};

struct WantedChange {
  std::string node, nic;
  Change::Kind kind = Change::Kind::kConnect;
  std::string network;  // not for kRevert
  std::string channel;  // connect: "vlan/native", "vlan/ID"; empty: native
};

// A node as one may see it: without what it may not see.
struct NodeView {
  struct NicView {
    Nic nic;
    std::string switch_name, port_name;  // administrators and auditors only
    std::vector<std::pair<Attachment, Network>> attachments;
    bool busy = false;  // a change is pending
  };
  Node node;                   // bmc.sealed_password is empty
  std::string project, owner;  // names, or empty
  std::vector<NicView> nics;
  std::vector<std::pair<std::string, std::string>> metadata;
};
struct NetworkView {
  Network network;
  std::string owner;                // name; empty: the administrator's
  std::vector<std::string> access;  // the access list with the owner; empty for a public one
};
struct OperationView {
  enum class State : std::uint8_t { kPending, kDone, kError };
  Operation operation;
  State state = State::kPending;
  struct ChangeView {
    Change change;
    std::string node, nic, network;
  };
  std::vector<ChangeView> changes;
};
struct NewNetwork {
  std::string name, owner;            // owner: "" the administrator's
  std::optional<std::string> access;  // a project's name; none: public
  std::optional<VlanId> vlan;         // fixed
};
// What somebody wants of a controller: read it; turn its server off; anything else.
enum class BmcUse : std::uint8_t { kLook, kTurnOff, kAct };
struct NewNode {
  std::string name;
  BmcAccess bmc;
  std::string owner;  // "" the pool's
};

class Rules {
 public:
  Rules(Transaction& store, Caller caller, const Context& context);

  // Projects and users (rules_projects.cc, rules_users.cc)
  Rows<Project> projects(const Page& page);
  base::Result<Project> project(std::string_view name);
  base::Status create_project(std::string_view name);
  base::Status delete_project(std::string_view name);
  base::Status set_quota(std::string_view name, std::optional<std::uint32_t> nodes,
                         std::optional<std::uint32_t> networks);
  Rows<User> users(const Page& page);
  base::Status create_user(const User& user);  // password_hash made by the caller (api)
  base::Status change_user(std::string_view name, std::optional<Role> role, std::optional<std::string> password_hash);
  base::Status delete_user(std::string_view name);  // never the last administrator
  base::Status set_member(std::string_view user, std::string_view project, bool member);  // kConflict: is so already
  base::Result<std::vector<std::string>> members(std::string_view project);
  base::Result<std::vector<std::string>> projects_of(std::string_view user);
  base::Result<Id> add_token(const ApiToken& token);  // for the caller itself
  Rows<ApiToken> tokens();
  base::Status drop_token(Id id);

  // Nodes (rules_nodes.cc) and whose they are (rules_loans.cc)
  Rows<Node> nodes(const NodeFilter& filter, const Page& page);  // names, states; no BMC
  base::Result<NodeView> node(std::string_view name);
  base::Status create_node(const NewNode& node);
  base::Status delete_node(std::string_view name);
  base::Status set_metadata(std::string_view node, std::string_view label, std::string_view json);
  base::Status drop_metadata(std::string_view node, std::string_view label);
  base::Status create_nic(std::string_view node, std::string_view nic, std::string_view mac);
  base::Status delete_nic(std::string_view node, std::string_view nic);
  // Nobody gets a node, by any of these, before each port that it is on was seen to be isolated since it is on it: what a
  // switch's port does before this service has set it up, is anything. kConflict until then.
  base::Status allocate_node(std::string_view node, std::string_view project);  // a free one, or its owner's
  // The first of the free pool that is like that, in the order of names, and that can be had now.
  base::Result<std::string> allocate_any(const NodeFilter& like, std::string_view project);
  // /v0: refused (kConflict) while anything is attached or pending or the BMC is enabled. Then as release_node.
  base::Status detach_node(std::string_view node, std::string_view project);
  // Whatever state it is in: changes that are pending end in error, the BMC goes off-limits; release.h does the rest.
  base::Status release_node(std::string_view node);
  base::Status set_bmc_enabled(std::string_view node, bool enabled);
  // kConflict: not enabled, but the administrator always may; kAct: nobody while the node is on its way back, for that is
  // to end with the server off. Who acts has the node's turn (turns.h).
  base::Result<BmcAccess> use_bmc(std::string_view node, BmcUse use);
  base::Status set_owner(std::string_view node, std::string_view owner);  // "" the pool's; only while idle
  base::Status list_for_broker(std::string_view node, std::string_view broker, bool listed);
  base::Status lend_node(std::string_view node, std::string_view project, std::int64_t until);  // owner; listed broker
  base::Status return_node(std::string_view node);  // borrower, owner (not before its time), administrator

  // Networks (rules_networks.cc)
  Rows<Network> networks(const Page& page);  // those that the caller may see
  base::Result<std::vector<Network>> networks_of(std::string_view project);
  base::Result<NetworkView> network(std::string_view name);
  base::Status create_network(const NewNetwork& network);
  base::Status delete_network(std::string_view name);
  base::Status grant(std::string_view network, std::string_view project);
  base::Status revoke(std::string_view network, std::string_view project);  // a private network stays private
  struct AttachmentView {
    std::string node, nic, project, channel;
    Attachment::State state;
  };
  Rows<AttachmentView> attachments(std::string_view network, std::optional<std::string> project);

  // NICs and networks (rules_changes.cc). wait: get in line at a busy NIC instead of kConflict.
  base::Result<std::string> change(const std::vector<WantedChange>& wanted, bool wait);  // the operation's uuid
  base::Result<OperationView> operation(std::string_view uuid);
  Rows<OperationView> operations(const Page& page);

  // Switches (rules_switches.cc)
  Rows<SwitchRecord> switches(const Page& page);
  base::Result<SwitchRecord> switch_record(std::string_view name);
  base::Status create_switch(const SwitchRecord& record);
  base::Status delete_switch(std::string_view name);  // kConflict: it has ports
  Rows<Port> ports(std::string_view switch_name, const Page& page);
  struct PortView {
    Port port;
    std::string node, nic;  // what hangs on it, if anything
    PortState wanted;
  };
  base::Result<PortView> port(std::string_view switch_name, std::string_view port);
  base::Status create_port(std::string_view switch_name, std::string_view port);
  base::Status delete_port(std::string_view switch_name, std::string_view port);  // kConflict: a NIC hangs on it
  // A node that somebody holds gets no port that was not seen isolated. To the next one that does not count any more.
  base::Status connect_port(std::string_view switch_name, std::string_view port, std::string_view node,
                            std::string_view nic);
  base::Status part_port(std::string_view switch_name, std::string_view port);
  base::Result<std::string> revert_port(std::string_view switch_name, std::string_view port);

  base::Result<std::vector<Event>> events(Id after, std::size_t limit);

 private:
  base::Status note(std::string kind, std::optional<Id> project, std::string subject, std::string detail = {});
  bool sees_everything() const { return may(caller_, Action::kShowTopology); }
  // The project of that name, if the caller may; whether there is one, only those hear who may list them.
  base::Result<Project> project_for(Action action, std::string_view name);
  base::Result<Network> visible_network(std::string_view name);
  base::Result<Node> node_for(Action action, std::string_view name);  // about the project that it is in
  base::Status never_the_last_administrator(const User& user);
  base::Status hold(Node node, const Project& project, std::optional<std::int64_t> until);
  void hide(Node& node) const;  // what the caller may not see of it
  base::Result<NodeView::NicView> nic_view(const Nic& nic, bool inside);
  base::Result<OperationView> view(Operation operation);
  base::Result<std::pair<SwitchRecord, Port>> port_for(Action action, std::string_view switch_name,
                                                       std::string_view port);

  Transaction& store_;
  Caller caller_;
  Context context_;
};

// What a port should let through, by the attachments of the NIC on it: those kConnecting or kConnected.
base::Result<PortState> wanted_state(Transaction& store, Id nic);

}  // namespace isolation
