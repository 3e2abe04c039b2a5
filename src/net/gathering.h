// Gathering: how the parties of a mesh come together. Dials the lower-numbered, accepts the higher-numbered, shakes
// hands, and tries again whatever failed, until everybody is there or time is up.
// A dialler's TLS handshake ends before the listener has judged its key, so the listener's first frame is a greeting
// (version, status); a link counts for the dialler only after it.
// Strangers (unknown keys, no TLS, silence) have five seconds each and at most 32 places, where a new one displaces the
// oldest; they cost us a handshake and change nothing else. A second connection of a present party is turned away.
// Threads: the caller's only. Blocks besides in getaddrinfo (net/address.h), at most once in ten seconds a party.
// A party that says goodbye had connected to everybody and has left already: it counts as present, and its last words
// are kept. One that merely breaks off is awaited again.
// Invariants: a link in links_ has proved the key of its party; all waits are bounded by wait_ms.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/mesh.h"

namespace net {

class Gathering {
 public:
  Gathering(const TlsContext& context, MeshOptions options, const OnMissing& on_missing);
  base::Result<std::vector<std::unique_ptr<Link>>> run(int wait_ms);

 private:
  struct Dial {  // one of our attempts to reach a lower-numbered party; by turns a socket, a stream, a link
    Address address;
    std::vector<Endpoint> endpoints;
    std::size_t attempts = 0;
    Time resolved, next_attempt, limit;
    std::chrono::milliseconds back_off{0};
    Fd socket;
    std::unique_ptr<TlsStream> stream;
    std::unique_ptr<Link> link;  // waits for the greeting
    bool active() const { return socket.valid() || stream || link; }
    int fd() const;
  };
  struct Stranger {
    std::unique_ptr<TlsStream> stream;
    std::string from;
    Time limit;
  };

  base::Status prepare();
  base::Status open_listener();
  bool complete() const;
  void start_dials();
  void start_dial(std::size_t party);
  void drop_late();
  void report();
  Time next_event() const;
  void wait();

  void advance_dial(std::size_t party);
  void read_greeting(std::size_t party);
  void dial_failed(std::size_t party, const std::string& reason);
  void accept_strangers();
  void advance_stranger(Stranger& stranger);
  void admit(std::unique_ptr<TlsStream> stream);
  void serve_link(std::size_t party, short events);
  base::Error missing_error(int wait_ms) const;
  std::vector<MissingParty> missing() const;

  const TlsContext& context_;
  MeshOptions options_;
  const OnMissing& on_missing_;
  std::size_t self_;
  std::vector<Dial> dials_;                  // one a lower-numbered party
  std::vector<crypto::PublicKey> expected_;  // keys that may dial us
  std::vector<Stranger> strangers_;          // oldest first
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::string> reasons_;
  std::string last_stranger_;
  Fd listener_;
  Time now_, end_, listen_again_, report_from_, last_report_;
  std::vector<std::size_t> reported_;
};

}  // namespace net
