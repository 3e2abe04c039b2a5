// PoolNode: what everybody in a pool runs, provider or requester: a node of the hash table, a prober, and the own
// network coordinate, learned by probing others and kept in the state directory from run to run.
// Threads: coordinate() any; all else one at a time.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "crypto/random.h"
#include "discovery/finder.h"
#include "drivers/dht/load.h"
#include "net/udp_prober.h"
#include "tarn/pool_config.h"

namespace tarn {

class PoolNode {
 public:
  struct Setup {
    DhtConfig dht;
    std::string state_dir;  // exists
    std::optional<discovery::Coordinate> coordinate;
    int one_way_delay_ms = 0;  // benches
  };
  static base::Result<std::unique_ptr<PoolNode>> open(const Setup& setup, const base::Clock& clock);

  drivers::DhtNode& dht() { return *dht_; }
  discovery::Prober& prober() { return prober_; }
  // Probes these and learns from the answers; how many answered.
  std::size_t learn(const std::vector<discovery::Announcement>& others, int timeout_ms);
  std::vector<discovery::Candidate> find(const discovery::Query& query,
                                         const std::function<void(const discovery::Candidate&)>& on_found = {});
  discovery::Coordinate coordinate() const;
  bool settled() const { return fixed_ || vivaldi_.settled(); }
  base::Status save() const;  // the coordinate

 private:
  PoolNode(const Setup& setup, const base::Clock& clock, std::unique_ptr<drivers::DhtNode> dht,
           const discovery::Coordinate& start);
  void publish();

  const base::Clock& clock_;
  const std::string file_;
  const bool fixed_;
  std::unique_ptr<drivers::DhtNode> dht_;
  crypto::OsRandom random_;
  net::UdpProber prober_;
  discovery::Vivaldi vivaldi_;
  mutable std::mutex mutex_;
  discovery::Coordinate own_;  // of vivaldi_, for other threads
};

// The hash table's part of it alone. An empty state_dir: nothing is kept.
base::Result<std::unique_ptr<drivers::DhtNode>> open_dht_node(const PoolNode::Setup& setup);

}  // namespace tarn
