// Two TLS streams over a real socket pair, for fuzzers of what comes over a connection: ours, which listens, and a peer's.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "crypto/random.h"
#include "crypto/start.h"
#include "net/tls.h"

namespace fuzz {

struct Ends {
  crypto::Identity ours, theirs;
  net::TlsContext our_context, their_context;
};

inline const Ends& ends() {
  static const Ends made = [] {
    CHECK(crypto::start());
    crypto::SeededRandom random(base::view("link"));
    auto ours = crypto::Identity::generate(random), theirs = crypto::Identity::generate(random);
    auto our_context = net::TlsContext::create(ours), their_context = net::TlsContext::create(theirs);
    CHECK(our_context.ok() && their_context.ok());
    return Ends{std::move(ours), std::move(theirs), std::move(*our_context), std::move(*their_context)};
  }();
  return made;
}

struct Wire {
  Wire() {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    here = net::Fd(pair[0]);
    there = net::Fd(pair[1]);
  }
  net::Fd here, there;
};

inline std::unique_ptr<net::TlsStream> listener(net::Fd socket) {
  return std::make_unique<net::TlsStream>(ends().our_context, std::move(socket), net::Role::kListens,
                                          std::vector{ends().theirs.public_key()});
}

struct Shaken {
  std::unique_ptr<net::TlsStream> ours, peers;
};
inline Shaken shaken() {
  Wire wire;
  Shaken out{listener(std::move(wire.here)),
             std::make_unique<net::TlsStream>(ends().their_context, std::move(wire.there), net::Role::kDials,
                                              std::vector{ends().ours.public_key()})};
  net::Io here = net::Io::kAgain, there = net::Io::kAgain;
  for (int flight = 0; flight < 8 && (here == net::Io::kAgain || there == net::Io::kAgain); ++flight) {
    out.peers->socket_readable();
    if (there == net::Io::kAgain) there = out.peers->handshake();
    out.ours->socket_readable();
    if (here == net::Io::kAgain) here = out.ours->handshake();
  }
  CHECK(here == net::Io::kDone && there == net::Io::kDone);
  return out;
}

}  // namespace fuzz
