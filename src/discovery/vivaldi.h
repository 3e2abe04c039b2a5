// Vivaldi: learns one's own network coordinate from round-trip times to peers (Dabek et al., SIGCOMM'04), with the
// height, the 3-sample median filter a peer, the adjustment and the gravity of Ledlie et al. (NSDI'07) as in Serf:
// c_e = c_c = 0.25, window 20, rho 400 ms (Serf's 150 are seconds, that is, no gravity).
// Against lies after Newton's laws (Seibert et al., ICDCS'14), as limits learnt from what all peers do: refused is a
// force on us (2nd law), or a move of the peer since we last met (3rd), beyond median + 4 median deviations of the last
// 64. What a slow common pull can do to the centroid (1st law), gravity bounds. Figures: docs/discovery.md.
// Bounded: the kMaxPeers last heard. One thread at a time.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

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
    std::optional<Coordinate> at;
    std::int64_t heard = 0;
  };
  // The last values of a kind, from all peers, refused ones too: what is usual, and what sticks out of it.
  class Usual {
   public:
    bool sticks_out(double value_ms) const;
    void add(double value_ms);

   private:
    std::vector<double> last_;
    std::size_t oldest_ = 0;
  };
  Peer& remember(const crypto::PublicKey& key);
  bool lawful(const Peer& peer, const Coordinate& theirs, double rtt_ms);
  void pull(const Coordinate& theirs, double rtt_ms);
  void apply(double force_ms, const Coordinate& from);
  void adjust(const Coordinate& theirs, double rtt_ms);
  void gravitate();

  base::Random& random_;
  const Checks checks_;
  Coordinate own_;
  std::map<crypto::PublicKey, Peer> peers_;
  std::deque<double> residuals_ms_;
  Usual forces_, moves_;
  std::size_t refused_ = 0;
};

}  // namespace discovery
