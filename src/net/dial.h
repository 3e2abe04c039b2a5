// Dial: one party's way to another that announced a key and an address: name, TCP, TLS with the key pinned, and the
// first message on its way. It never waits: the caller polls. Where a name has several endpoints the next is tried when
// one failed or a quarter of a second later, and the first that proves the key is it (in the manner of RFC 8305).
// Errors: kUnreachable, and the message says why: also where somebody with another key answers, because an address
// says nothing about the key's owner.
// one_way_delay_ms imitates distance: messages are delayed by Link, and for the round trips of TCP and TLS, which are
// not messages, a dial rests two round trips (four times the delay) before it begins.
// Threads: one. Invariants: fails or succeeds once; the caller bounds the time. watch() and serve() go in pairs.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/lookup.h"
#include "net/tls_line.h"

namespace net {

class Dial {
 public:
  Dial(const TlsContext& context, pool::Peer peer, base::Bytes first, const LineOptions& options);

  void watch(std::vector<pollfd>& watched) const;
  // The part of `watched` that watch() added, after poll(); advances its pointer past it.
  void serve(const pollfd*& ready);
  Time next_event() const;  // when serve() wants to be called although nothing is ready

  const std::optional<base::Error>& error() const { return error_; }
  std::unique_ptr<TlsLine> take() { return std::move(line_); }  // null until it is there

 private:
  struct Attempt {
    Endpoint endpoint;
    Fd socket;  // until it is connected
    std::unique_ptr<TlsStream> stream;
    int fd() const { return stream ? stream->fd() : socket.get(); }
  };
  void look_up();
  void start_attempts();
  bool advance(Attempt& attempt);
  void connected(Attempt& attempt);
  bool over() const { return error_ || finished_; }
  void fail(const std::string& why);

  const TlsContext& context_;
  pool::Peer peer_;
  base::Bytes first_;
  const LineOptions& options_;
  Time now_, next_start_;
  std::optional<Lookup> lookup_;
  std::vector<Endpoint> endpoints_;  // not tried yet
  std::vector<Attempt> attempts_;
  std::string reason_;  // why the last attempt failed
  std::unique_ptr<TlsLine> line_;
  bool finished_ = false;
  std::optional<base::Error> error_;
};

}  // namespace net
