// Vivaldi: learns one's own network coordinate from round-trip times to peers (Dabek et al., SIGCOMM'04), with the
// height, the 3-sample median filter a peer, the adjustment and the gravity of Ledlie et al. (NSDI'07) as in Serf:
// c_e = c_c = 0.25, window 20, rho 150.
// Against lies the laws of Newton (Seibert et al., ICDCS'14), as limits learnt from what all peers do: a peer's force on
// us (2nd law) and its own movement since we last met (3rd) must not stick out of the others'; and together, forces on a
// body at rest cancel out (1st): a direction into which we have been pulled steadily is refused for a while.
// Bounded: the kMaxPeers last heard. One thread at a time.
#pragma once

#include <deque>
#include <map>

#include "base/random.h"
#include "crypto/identity.h"
#include "discovery/coordinate.h"

namespace discovery {

class Vivaldi {
 public:
  static constexpr std::size_t kMaxPeers = 512;
  enum class Checks { kNewton, kNone };  // none: for comparison only

  // `start`: what was learnt before. The generator outlives it.
  explicit Vivaldi(base::Random& random, const Coordinate& start = {}, Checks checks = Checks::kNewton);

  // One measurement to `peer`, which says that it is at `theirs`. False: refused, and nothing has changed.
  bool observe(const crypto::PublicKey& peer, const Coordinate& theirs, double rtt_ms, std::int64_t now);
  const Coordinate& own() const { return own_; }
  bool settled() const { return own_.error < 0.5; }  // good enough to choose by
  std::size_t refused() const { return refused_; }

 private:
  struct Peer {
    std::deque<double> rtts_ms;
    Coordinate at;
    std::int64_t heard = 0;
  };
  double filtered(Peer& peer, double rtt_ms) const;
  void pull(const Coordinate& theirs, double rtt_ms);
  void apply(double force_ms, const Coordinate& from);
  void adjust(const Coordinate& theirs, double rtt_ms);
  void gravitate();

  base::Random& random_;
  const Checks checks_;
  Coordinate own_;
  std::map<crypto::PublicKey, Peer> peers_;
  std::deque<double> residuals_ms_;
  std::size_t refused_ = 0;
};

}  // namespace discovery
