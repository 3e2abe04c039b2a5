// UdpProber: discovery::Prober over UDP, IPv4 and IPv6. Names are looked up before a target's clock starts, none makes
// another wait, and one that is not found in time is as silent. A request that is not answered is sent anew, with a new nonce
// and to the next of the target's endpoints; the round-trip time is that of the nonce that was answered. Only a nonce on
// its way is worth verifying a signature, and only a few times: who cannot see our requests costs us nothing.
// Threads: a prober belongs to one at a time (its Random does).
#pragma once

#include "base/random.h"
#include "discovery/prober.h"

namespace net {

class UdpProber final : public discovery::Prober {
 public:
  // `random` outlives the prober. Requests leave `one_way_delay_ms` later, for benches.
  explicit UdpProber(base::Random& random, int one_way_delay_ms = 0)
      : random_(random), one_way_delay_ms_(one_way_delay_ms) {}

  void probe(std::span<const discovery::ProbeTarget> targets, int timeout_ms,
             const std::function<bool(const discovery::ProbeAnswer&)>& on_answer) override;

 private:
  base::Random& random_;
  const int one_way_delay_ms_;
};

}  // namespace net
