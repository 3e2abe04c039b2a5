// isolation::Store in memory, the slow and obvious twin of store/isolation_store.h: a table is a map from ids to rows,
// write() copies everything, and keeps the copy only if the body liked it. What the header of isolation::Store promises
// is checked row by row, as a database would.
// References: erasing a project is kConflict while a node, a network, an access list or a membership names it; a node,
// while it has NICs; a NIC, while it is attached or a change of it is open; a network, likewise; a switch, while it has
// ports; a port, while a NIC hangs on it. History (operations, finished changes, events) refers to nothing.
// die_at() is the process that dies at the n-th write: that write is lost (or kept, but nobody hears of it), and so is all
// that is tried later, until revive().
// Threads: any.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "isolation/store.h"

namespace support {

template <class Row>
using MemoryTable = std::map<isolation::Id, Row>;

struct MemoryTables {
  isolation::Id last_id = 0;
  MemoryTable<isolation::Project> projects;
  MemoryTable<isolation::Node> nodes;
  std::map<std::pair<isolation::Id, std::string>, std::string> metadata;  // (node, label) → JSON
  std::set<std::pair<isolation::Id, isolation::Id>> listings;             // (node, broker)
  MemoryTable<isolation::Nic> nics;
  MemoryTable<isolation::SwitchRecord> switches;
  MemoryTable<isolation::Port> ports;
  MemoryTable<isolation::Network> networks;
  std::set<std::pair<isolation::Id, isolation::Id>> access;                              // (network, project)
  std::map<std::pair<isolation::Id, isolation::Id>, isolation::Attachment> attachments;  // (NIC, network)
  MemoryTable<isolation::Operation> operations;
  MemoryTable<isolation::Change> changes;
  MemoryTable<isolation::User> users;
  std::set<std::pair<isolation::Id, isolation::Id>> members;  // (user, project)
  MemoryTable<isolation::ApiToken> tokens;
  MemoryTable<isolation::Event> events;
  std::map<std::pair<isolation::Id, std::string>, isolation::KeptReply> replies;  // (user, key)
};

class MemoryIsolationStore : public isolation::Store {
 public:
  using Body = std::function<base::Status(isolation::Transaction&)>;
  enum class Death { kBeforeCommit, kAfterCommit };

  base::Status write(const Body& body) override;
  base::Status read(const Body& body) override;

  // The n-th write that would succeed from now on (1: the next one) is the last thing that happens.
  void die_at(std::size_t n, Death death = Death::kBeforeCommit) {
    const std::lock_guard lock(mutex_);
    die_at_ = writes_ + n;
    death_ = death;
  }
  void revive() {
    const std::lock_guard lock(mutex_);
    die_at_.reset();
    dead_ = false;
  }
  bool dead() const {
    const std::lock_guard lock(mutex_);
    return dead_;
  }
  std::size_t writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  // Everything, to be looked at.
  MemoryTables tables() const {
    const std::lock_guard lock(mutex_);
    return tables_;
  }

 private:
  base::Status alive() const {
    if (!dead_) return {};
    return base::Error{base::Code::kStorage, "The process is dead."};
  }

  mutable std::mutex mutex_;
  MemoryTables tables_;
  std::size_t writes_ = 0;
  std::optional<std::size_t> die_at_;
  Death death_ = Death::kBeforeCommit;
  bool dead_ = false;
};

}  // namespace support
