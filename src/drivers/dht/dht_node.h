// DhtNode: one node of the distributed hash table that providers are found through: discovery::Directory over UDP, with
// sockets and threads of its own. Everybody runs one: a provider, a requester while it looks, and `tarn dht`, which does
// nothing else and is where the others begin.
// A node without acquaintances keeps trying: a get() before the first contact waits for it as long as there is time, and
// what was put is announced as soon as there is somebody. A value is announced again and again for kKeep after its last
// put(), and stored elsewhere for at most kKeep after that. The node's id is random at every start, so it tells nothing.
// Of values, one publisher's in one slot, the last one put counts; slot 2^64 − 1 alone never replaces.
// Threads: any; get() may run on several at once. Nothing may run when the node is destroyed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "discovery/directory.h"

namespace drivers {

struct DhtOptions {
  std::string bind_host;               // numeric; empty: all addresses of both families
  std::uint16_t port = 0;              // UDP; 0: the kernel chooses
  std::vector<std::string> bootstrap;  // host:port of nodes to begin with; none: others begin with us
  std::uint32_t network = 0x5441524e;  // nodes of different networks ignore each other
  std::string nodes_file;              // known nodes are kept here, so a restart needs no bootstrap; empty: nowhere
  int one_way_delay_ms = 0;            // what we send leaves so much later; for benches
  // Asked for what others want to store here: `replaced` is null, or what is in the slot now. Empty: anything goes.
  // Called on the node's thread: a pure function. Without it anybody can overwrite anybody's slot at this node.
  std::function<bool(std::uint64_t slot, base::ByteView value, const base::ByteView* replaced)> may_store;
};

class DhtNode : public discovery::Directory {
 public:
  static constexpr std::chrono::minutes kKeep{10};

  struct Nodes {
    std::size_t good = 0;      // answered lately
    std::size_t dubious = 0;   // heard of
    std::size_t searches = 0;  // remembered, each with the nodes around its key: an hour and more
  };

  virtual std::uint16_t bound_port() const = 0;
  virtual Nodes nodes() const = 0;
  // Saves the known nodes, ends every get() and joins the threads. Afterwards nothing is put or found. Idempotent.
  virtual void stop() = 0;
};

}  // namespace drivers
