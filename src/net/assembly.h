// Assembly: the work of one Switchboard::mesh: lines that there are, dials, and links that arrive at the door become
// the links of a session. All are served while the last is waited for, so what was sent over a line leaves, and what
// arrives early is kept.
// Threads: one. Invariants: run() gives a link a party but for self, each proved by its dial, line or the rendezvous.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/dial.h"
#include "net/rendezvous.h"

namespace net {

class Assembly {
 public:
  Assembly(const LineOptions& options, std::size_t parties) : options_(options), places_(parties) {}

  void add(std::size_t party, TlsLine& line);
  void dial(std::size_t party, std::unique_ptr<Dial> dial) { places_[party].dial = std::move(dial); }
  void await(Rendezvous& rendezvous, const pool::MeshPlan& plan, std::vector<crypto::PublicKey> keys);
  base::Result<std::vector<std::unique_ptr<Link>>> run(int timeout_ms);

 private:
  struct Place {  // of a party: what is there of its link
    std::unique_ptr<Link> link;
    std::unique_ptr<Dial> dial;
    std::optional<crypto::PublicKey> awaited;
    bool missing() const { return dial || awaited; }
  };
  base::Status fill();
  base::Error missing_error(int timeout_ms) const;
  void wait(Time until);

  const LineOptions& options_;
  std::vector<Place> places_;
  std::optional<Rendezvous::Seat> seat_;
};

}  // namespace net
