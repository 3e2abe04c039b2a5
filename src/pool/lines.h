// Lines: how a party of the pool reaches the others: authenticated connections, message by message, and the mesh of a
// session made of them. net/ implements it over TLS, tests over memory.
// The first message over a line says what it is for; whoever answers does so over the same line.
// Errors: kUnreachable, kDeadline, kCancelled, kPeerMisbehaved (a message longer than allowed, another key than asked
// for). Messages of errors name addresses and reasons, never contents.
// Threads: a Line and a SessionMesh belong to one thread at a time; Lines may be used by many.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "crypto/identity.h"
#include "crypto/sha256.h"
#include "mpc/channel.h"

namespace pool {

struct Peer {
  crypto::PublicKey key{};
  std::string address;  // host:port
};

class Line {
 public:
  virtual ~Line() = default;
  virtual const crypto::PublicKey& peer() const = 0;  // proved
  virtual std::string from() const = 0;               // where the peer connects from, numeric; for logs
  virtual base::Status send(base::Bytes message) = 0;
  virtual base::Result<base::Bytes> receive(std::size_t max_bytes, int timeout_ms) = 0;
};

class SessionMesh : public mpc::Channel {
 public:
  virtual void set_deadline_ms(int from_now) = 0;  // for every receive() from now on
  virtual base::Status flush() = 0;                // until all that was sent is the kernel's
  virtual std::uint64_t sent_bytes() const = 0;
};

struct MeshPlan {
  crypto::Digest session{};  // peers that connect name it
  std::size_t self = 0;
  std::vector<Peer> parties;  // the public order
};

class Lines {
 public:
  virtual ~Lines() = default;

  struct Reply {
    std::size_t peer = 0;               // index into `peers`
    base::Result<base::Bytes> message;  // the peer's first message, or why there is none
    std::unique_ptr<Line> line;         // null without a message; keep it to keep the line open
  };
  // Dials all peers at once, sends each its message as the first one, and streams the replies as they come, until
  // `on_reply` returns false, everybody has replied or failed, or time is up (the rest then fails with kDeadline).
  virtual void call(std::span<const Peer> peers, std::span<const base::Bytes> messages, std::size_t max_reply,
                    int timeout_ms, const std::function<bool(Reply)>& on_reply) = 0;

  // The mesh of a session. lines[i], where there is one, is used for party i; of the others those before self are
  // dialled and those behind it awaited. Fails with the party that is missing when time is up or a dial is refused;
  // `lines` are taken only on success.
  virtual base::Result<std::unique_ptr<SessionMesh>> mesh(const MeshPlan& plan,
                                                          std::vector<std::unique_ptr<Line>>& lines,
                                                          int timeout_ms) = 0;
};

}  // namespace pool
