// The nouns of the isolation service, as values: who owns which server and network, and what hangs on what.
// Names are unique within their kind (a NIC's within its node, a port's within its switch), 1–63 of a-z A-Z 0-9 . _ -,
// the first a letter or digit (a port's, which its switch chose, also / and :); ids are the store's rows. Times are Unix
// milliseconds. VLAN ids are 1–4094.
// Desired state is what Attachments say; observed state is what a Port was last seen to hold. Both are kept.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace isolation {

using Id = std::int64_t;
using VlanId = std::uint16_t;
inline constexpr VlanId kMaxVlan = 4094;

struct Project {
  Id id = 0;
  std::string name;
  std::optional<std::uint32_t> node_quota, network_quota;  // at most so many; none: no limit
};

// An out-of-band management controller. The password is sealed (crypto/seal.h) with the node's name as its context.
struct BmcAccess {
  std::string type;     // "ipmi"; which others there are, the drivers know
  std::string address;  // HOST or HOST:PORT
  std::string user;
  base::Bytes sealed_password;
};

// What its owner gets back is never in the free pool: a node with an owner is at home (kIdle) or lent.
enum class NodeState : std::uint8_t {
  kIdle,       // in no project: in the free pool, or at home with its owner
  kHeld,       // in `project`
  kReleasing,  // on its way back: power off → detach → read back → clean (release.h); still counts as in `project`
};

struct Node {
  Id id = 0;
  std::string name;
  BmcAccess bmc;
  NodeState state = NodeState::kIdle;
  std::optional<Id> project;               // kHeld, kReleasing
  std::optional<Id> owner;                 // a project; none: the pool's
  std::optional<std::int64_t> lent_until;  // kHeld by another than its owner
  bool bmc_enabled = false;                // its project may use the BMC now
  std::string problem;                     // why a release does not get on, for a person to act on; else empty
  std::int64_t try_again = 0;              // kReleasing: not before
  std::uint32_t attempts = 0;              // kReleasing: steps that failed in a row
};

struct Nic {
  Id id = 0, node = 0;
  std::string name, mac;  // aa:bb:cc:dd:ee:ff
  std::optional<Id> port;
};

struct SwitchRecord {
  Id id = 0;
  std::string name;
  std::string type;      // "ovsdb"
  std::string settings;  // the driver's, a JSON object; no secrets in it
};

// What a port lets through. Nothing set: nothing at all, in either direction, not even to ports in the same state.
struct PortState {
  std::optional<VlanId> native;  // untagged frames belong to it
  std::set<VlanId> tagged;       // frames with these tags
  bool isolated() const { return !native && tagged.empty(); }
  bool operator==(const PortState&) const = default;
};

struct Port {
  Id id = 0, switch_id = 0;
  std::string name;
  std::optional<PortState> observed;  // as last read from the switch; none: never, or not known since a failure
  std::int64_t observed_at = 0;
};

struct Network {
  Id id = 0;
  std::string name;
  std::optional<Id> owner;  // a project; none: the administrator's
  bool is_public = false;   // any project may connect to it. Private: those of the access list, the owner always
  VlanId vlan = 0;
  bool vlan_from_pool = true;  // false: fixed by the administrator
};

enum class Channel : std::uint8_t { kNative, kTagged };  // vlan/native, vlan/<id of that network>

// A NIC's place in a network. Everything but a row that is gone may be live on the switch.
struct Attachment {
  enum class State : std::uint8_t {
    kConnecting,  // wanted; not yet seen on the switch
    kConnected,   // seen
    kDetaching,   // not wanted any more; may still be live
    kUncertain,   // its change failed: may be live. Counts as attached until the switch was read
  };
  Id nic = 0, network = 0;
  Channel channel = Channel::kNative;
  State state = State::kConnecting;
};

// One change of one NIC, part of an operation. At most one of a NIC is pending; others may wait in line.
struct Change {
  enum class Kind : std::uint8_t { kConnect, kDetach, kRevert };  // revert: everything off the port
  enum class State : std::uint8_t { kWaiting, kPending, kDone, kError };
  Id id = 0, operation = 0, nic = 0;
  Kind kind = Kind::kConnect;
  std::optional<Id> network;  // not for kRevert
  Channel channel = Channel::kNative;
  State state = State::kPending;
  std::string error;           // kError: what went wrong and what to do (telling.h)
  std::int64_t try_again = 0;  // kPending: not before
  std::int64_t give_up = 0;    // then kError
  std::uint32_t attempts = 0;
};

// A long-running change that somebody asked for: done when all its changes are, in error when one is.
struct Operation {
  Id id = 0;
  std::string uuid;  // RFC 4122, version 4
  std::optional<Id> project;
  std::string by;  // the user
  std::int64_t created = 0, finished = 0;
};

enum class Role : std::uint8_t {
  kMember,         // of its projects, nothing else
  kBroker,         // and may lend nodes that their owner listed for it
  kAuditor,        // reads everything, changes nothing
  kAdministrator,  // everything
};

struct User {
  Id id = 0;
  std::string name;
  std::string password_hash;  // Argon2id, encoded; empty: tokens only
  Role role = Role::kMember;
};

struct ApiToken {
  Id id = 0, user = 0;
  std::string label;
  base::Bytes hash;  // SHA-256 of the token, which is random
  std::int64_t created = 0;
  std::optional<std::int64_t> expires;
};

struct Event {
  Id id = 0;  // grows; the cursor
  std::int64_t at = 0;
  std::string kind;           // "node.allocated"
  std::optional<Id> project;  // whose members may see it; none: administrators and auditors
  std::string subject;        // "node/n1"
  std::string by;             // user, or "tarn"
  std::string detail;         // a sentence at most, no secrets (telling.h)
};

// From where to go on, and how much: rows after `after` in the order of names (or ids), at most `limit`.
struct Page {
  std::string after;
  std::size_t limit = 100;
};

}  // namespace isolation
