// Session: one party in the secure evaluation of a circuit by n parties, of whom all but one may be malicious and
// colluding; security with abort (docs/protocols/mpc.md: protocol, messages, sizes, arguments).
//   acquaint()  first meetings, two hops, only where needed        prepare()   hops 1–7, without anybody's input
//   garble()    hops 8–9, takes our input                          evaluate()  hop 10, gives our output
// Phases run in this order, each once. Any error ends the session: everybody is told (a phase code, no more), and what
// was prepared is gone. A peer is named (kPeerMisbehaved) only where this party is certain by itself.
// If the preprocessing fails, an inquest (inquest.h) names who deviated; no input was used by then.
// Bytes on the wire depend on `random`, inputs and peers alone. One thread; references must outlive the session.
#pragma once

#include <memory>
#include <vector>

#include "base/random.h"
#include "mpc/circuit.h"
#include "mpc/conversation.h"
#include "mpc/inquest.h"
#include "mpc/meetings.h"

namespace mpc {

class Session {
 public:
  // `sid` binds the manifest and everybody's nonces; `k` is the extension's rate, one of 1, 2, 4, 8: bytes against work.
  Session(const Circuit& circuit, const crypto::Digest& sid, unsigned k, Meetings meetings, Conversation& channel,
          base::Random& random);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  base::Status acquaint();
  base::Status prepare();
  base::Status garble(const Bits& inputs);  // this party's input bits, in the circuit's order
  base::Result<Bits> evaluate();            // this party's output bits, in the circuit's order
  base::Result<Bits> run(const Bits& inputs);
  const Verdict& verdict() const;  // of the inquest, after a failed prepare()

  // The longest message that anybody may send in this session, for the limits of a link.
  static std::size_t longest_message(const Circuit& circuit, unsigned k);

  struct State;  // session_state.h

 private:
  std::unique_ptr<State> state_;
};

}  // namespace mpc
