// Rendezvous: where links of sessions wait between the door, which accepts them, and the mesh that they belong to.
// A link that no mesh expects (yet: its party may be quicker than ours) waits until its limit among at most
// kMaxWaiting, and at most kMaxOfSession of one session: a new one displaces the oldest. A mesh takes a Seat for its
// session and the keys that it awaits; what arrives for a seat does not count and cannot be displaced. Of two links of
// one key and session the later counts.
// Threads: any; a Seat belongs to one, its fd() becomes readable when there is something to take.
// Invariants: the rendezvous outlives its seats; take() gives a link only for the session and key that it was proved for.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "crypto/identity.h"
#include "crypto/sha256.h"
#include "net/link.h"
#include "net/socket.h"

namespace net {

class Rendezvous {
 public:
  static constexpr std::size_t kMaxWaiting = 128, kMaxOfSession = 16;

  void arrive(const crypto::Digest& session, const crypto::PublicKey& key, std::unique_ptr<Link> link, Time limit);
  Time drop_late(Time now);  // and when it has to be called again
  void close();              // drops whoever waits; whoever arrives later is dropped at once
  std::size_t waiting() const;

  class Seat {
   public:
    Seat(Rendezvous& rendezvous, const crypto::Digest& session, std::vector<crypto::PublicKey> keys);
    ~Seat();
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    int fd() const { return wake_.get(); }
    // Null if it is not there. After it the key is expected no more.
    std::unique_ptr<Link> take(const crypto::PublicKey& key);
    void woken();  // before the next poll()

   private:
    friend class Rendezvous;
    Rendezvous& rendezvous_;
    crypto::Digest session_;
    std::vector<crypto::PublicKey> expected_;
    Fd wake_;
  };

 private:
  struct Waiting {
    crypto::Digest session;
    crypto::PublicKey key;
    std::unique_ptr<Link> link;
    Time limit;
  };
  using List = std::list<Waiting>;  // oldest first
  Seat* seat_for(const Waiting& waiting) const;
  void make_place(const crypto::Digest& session);

  mutable std::mutex mutex_;
  List waiting_;
  std::vector<Seat*> seats_;
  bool closed_ = false;
};

}  // namespace net
