// Mesh: TLS links between all parties of a session, one TCP connection a pair; the Channel of the engine, made by
// connect() or by a Switchboard out of lines.
// The engine is synchronous (hops: everybody speaks, then listens), so everything here happens inside the caller's
// calls, with poll(): no thread, no Boost, nothing to lock. A waiting call serves ALL links, so nobody locks up.
// Party i dials j when i > j; only connect() listens. A link that breaks during connect() is made anew; later it stays
// broken: receive() first hands out what had arrived, then says kUnreachable with the party.
// one_way_delay_ms imitates distance where the kernel cannot: each message is held back that long before it is written
// (and longer, if the caller is not in a call of the mesh then). It delays messages, not TCP's or TLS's own packets,
// and does not limit bandwidth.
// Threads: one thread a mesh. `cancelled` and OnMissing run on it and must not call the mesh.
// Invariants: every wait ends by the deadline, by cancellation (seen within 100 ms) or with the link's failure.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/identity.h"
#include "net/link.h"
#include "net/socket.h"
#include "pool/lines.h"

namespace net {

inline constexpr std::size_t kMaxParties = 16;
inline constexpr int kDefaultDeadlineMs = 60'000;  // from the end of connect(), until set_deadline_ms

struct MeshParty {
  crypto::PublicKey key{};
  std::string address;  // host:port
};

struct MeshOptions {
  std::size_t self = 0;
  std::vector<MeshParty> parties;
  std::string listen;  // where to listen, if not at the own address
  Fd listener;         // a bound socket to use instead (tests, socket activation)
  int one_way_delay_ms = 0;
  std::size_t max_message = std::size_t{32} << 20;  // from 64 bytes to 1 GiB
  std::function<bool()> cancelled;
};

struct MissingParty {
  std::size_t party;
  std::string reason;  // why it was not there when last looked at
};
// Called when the set of missing parties changes and every two seconds, but not in the first quarter of a second and
// never with an empty set.
using OnMissing = std::function<void(const std::vector<MissingParty>&)>;

class Mesh final : public pool::SessionMesh {
 public:
  // Listens, dials and shakes hands with everybody, again and again until wait_ms has passed.
  // Errors: kInvalidInput (options, or the own address cannot be listened at), kUnreachable (who is missing, and why;
  // party is the first), kCancelled.
  static base::Result<std::unique_ptr<Mesh>> connect(const crypto::Identity& identity, MeshOptions options, int wait_ms,
                                                     const OnMissing& on_missing);
  // Of links that are there already, one a party but for `self`.
  Mesh(std::size_t self, std::vector<std::unique_ptr<Link>> links, int delay_ms, std::function<bool()> cancelled);
  ~Mesh() override { close(); }

  void set_deadline_ms(int from_now) override;  // for all later receive() and flush()

  std::size_t parties() const override { return links_.size(); }
  std::size_t self() const override { return self_; }
  base::Status send(std::size_t peer, base::Bytes message) override;
  base::Result<base::Bytes> receive(std::size_t peer, std::size_t max_bytes) override;

  base::Status flush()
      override;  // until the kernel has all that was sent. Needed before close() where there is a delay.
  void close();  // hands over what is due and says goodbye, within a quarter of a second
  std::uint64_t sent_bytes() const override { return sent_bytes_; }  // messages and their length fields, before TLS

 private:
  base::Status may_wait(std::size_t party) const;
  void pump(Time until);
  bool read_and_write_now();
  Time send_time() const;

  std::size_t self_;
  std::vector<std::unique_ptr<Link>> links_;  // links_[self_] is null
  std::chrono::milliseconds delay_;
  std::function<bool()> cancelled_;
  Time deadline_;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace net
