// Prober: measures the round-trip time to peers, and hears their coordinates on the way. A probe carries a fresh nonce;
// the answer is signed over it by the peer's identity, so nobody can answer for another or ahead of time (but anybody
// can answer late: a time is an upper bound). net/ implements it over UDP, the bench over a matrix of measured times.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "crypto/identity.h"
#include "discovery/coordinate.h"

namespace discovery {

struct ProbeTarget {
  crypto::PublicKey key{};
  std::string address;  // host:port, UDP
};

struct ProbeAnswer {
  std::size_t target = 0;  // index
  double rtt_ms = 0;
  Coordinate coordinate;  // where the peer believes to be
};

class Prober {
 public:
  virtual ~Prober() = default;
  // Probes all targets at once (again after 200 ms without an answer) and streams answers, at most one a target, on the
  // caller's thread, until `on_answer` returns false, all have answered or time is up.
  virtual void probe(std::span<const ProbeTarget> targets, int timeout_ms,
                     const std::function<bool(const ProbeAnswer&)>& on_answer) = 0;
};

}  // namespace discovery
