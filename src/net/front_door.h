// FrontDoor: a provider's listener, for calls of requesters and for the links of sessions. Anybody who proves a key may
// come in (TLS 1.3) and has stranger_ms for the handshake and the first message (arrival.h), which says what he wants:
// a call is handed to on_call, a link of a session waits in the rendezvous until a mesh takes it.
// Strangers cost a handshake each and no more: at most max_strangers at a time, at most max_from_one_place of one
// neighbourhood (address.h); a new one displaces the oldest. What does not keep to the rules is dropped without a word.
// Threads: run() on one; on_call runs there and must return at once. The door outlives the switchboards that use it,
// not the lines that it gave. Errors of open(): kInvalidInput (the address cannot be listened at).
// Invariants: the thread never waits for a peer; after run() nobody waits and nobody is accepted.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "net/rendezvous.h"
#include "net/tls_line.h"

namespace net {

struct FrontDoorOptions {
  std::string listen;  // host:port; port 0 is not an address: bind a listener oneself
  Fd listener;         // a bound socket to use instead
  LineOptions lines;
  int stranger_ms = 5000;  // from being accepted to the end of the first message
  int join_ms = 5000;      // that a link of a session waits to be expected
  std::size_t max_strangers = 64;
  std::size_t max_from_one_place = 8;  // more where many parties share an address: a test machine, a NAT
  // A line whose peer has sent its first message, and this message. It may be answered from any thread.
  std::function<void(std::unique_ptr<pool::Line>, base::Bytes)> on_call;
};

class FrontDoor {
 public:
  static base::Result<std::unique_ptr<FrontDoor>> open(const crypto::Identity& identity, FrontDoorOptions options);
  void run(const std::stop_token& stop);

  const Endpoint& at() const { return at_; }
  Rendezvous& rendezvous() { return rendezvous_; }

 private:
  struct Stranger {
    std::unique_ptr<TlsStream> stream;  // until it has shaken hands
    std::unique_ptr<Link> link;         // then
    crypto::PublicKey key{};
    Endpoint from;
    Time limit;
    int fd() const { return link ? link->fd() : stream->fd(); }
  };
  FrontDoor(TlsContext context, FrontDoorOptions options, const Endpoint& at, Fd wake);
  void accept();
  void make_place(const Endpoint& from);
  void serve(Time until);
  bool advance(Stranger& stranger);
  void admit(Stranger& stranger, const base::Bytes& message);

  TlsContext context_;
  FrontDoorOptions options_;
  Endpoint at_;
  Fd wake_;                          // an eventfd
  std::vector<Stranger> strangers_;  // oldest first
  Rendezvous rendezvous_;
  Time now_, accept_again_;
};

}  // namespace net
