// Channel: one party's links to all the others, message by message. The engine is synchronous: it queues what it has
// to say in a hop, then waits for what the others say. net/ implements it over TLS, tests over memory.
//
// Parties are numbered 0 … n − 1 in the session's public order; party 0 evaluates.
// send() never waits for the peer: everybody speaks before anybody listens, so waiting would lock all up. receive()
// returns messages of one peer in the order sent. Deadlines belong to the implementation: receive() always returns.
// Errors: kUnreachable (the link broke), kDeadline, kCancelled, kPeerMisbehaved (a message longer than announced
// as possible); each with the party. Used from one thread.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"

namespace mpc {

class Channel {
 public:
  virtual ~Channel() = default;
  virtual std::size_t parties() const = 0;
  virtual std::size_t self() const = 0;
  virtual base::Status send(std::size_t peer, base::Bytes message) = 0;
  virtual base::Result<base::Bytes> receive(std::size_t peer, std::size_t max_bytes) = 0;
};

}  // namespace mpc
