// What a session carries from hop to hop; private to session*.cc.
#pragma once

#include <optional>

#include "crypto/random.h"
#include "mpc/extension.h"
#include "mpc/garbling.h"
#include "mpc/inquest.h"
#include "mpc/session.h"
#include "mpc/triples.h"

namespace mpc {

// Sizes that everybody can compute from the circuit: every message has exactly one length.
struct Layout {
  Layout(const Circuit& circuit, unsigned k);

  std::size_t n, ands, inputs;
  unsigned k;
  Bucketing shape;
  std::size_t leaky() const { return shape.leaky(); }
  std::size_t masks() const { return 3 * leaky(); }           // where λ of AND gates begin in a pool
  std::size_t input_masks() const { return masks() + ands; }  // and the λ of the party's own inputs
  std::size_t pool_bits(const Circuit& circuit, std::size_t party) const {
    return input_masks() + circuit.inputs_of(party);
  }

  std::size_t proof() const { return (n - 1) * 32 + 16 + 32; }  // digests of what went to whom, ũ, column hash
  std::size_t cross() const { return packed_size(leaky()) + 8 * leaky() + 32; }
  std::size_t bucket() const { return 32 + packed_size(shape.buckets * (shape.size - 1)) + 32; }
  std::size_t tables() const { return ands * gate_table_size(n) + inputs * 16; }
};

struct Session::State {
  // Without meetings there is no hop 1: an inquest puts what came of it in place and replays the rest.
  State(const Circuit& c, const crypto::Digest& sid, unsigned extension_k, std::optional<Meetings> m, Conversation& ch,
        const crypto::SeededRandom& own);

  const Circuit& circuit;
  Layout layout;
  Tagger tags;
  std::optional<Meetings> meetings;
  Conversation& channel;
  crypto::SeededRandom random;  // for what no inquest may ever open: meetings, labels
  const std::size_t n, self;
  enum class Stage { kNew, kAcquainted, kPrepared, kGarbled, kOver } stage = Stage::kNew;
  unsigned hop = 0;

  // Hop 1, and all randomness of hops 1–7: opened if the preprocessing fails (inquest.h).
  base::Secret<32> seed;
  crypto::SecretBlock delta;
  std::vector<base::Bytes> announced;  // by party: what it told everybody in this hop, to be echoed in the next
  crypto::Digest said_before{};        // the echo of it
  base::Bytes coin;                    // our salt ‖ seed, committed in hop 1
  std::vector<crypto::Digest> coin_commitments;
  std::vector<base::Bytes> base_messages;  // by peer: its hop 1
  std::vector<Bases> bases;                // by peer: what hop 1 gave

  PoolBits pool;
  std::optional<LeakyTriples> leaky;
  std::vector<Bits> announced_e;  // by party
  std::vector<std::uint64_t> sum_weights;
  BucketOpening buckets;
  Bits differences;      // what the buckets open: ours, then everybody's
  base::Bytes own_sum;   // salt ‖ S
  bool noticed = false;  // what nobody can be named for without an inquest
  Verdict verdict;

  std::optional<Triples> triples;
  std::optional<WireMasks> masks;
  Bits input_masks;                    // λ of our input wires
  std::optional<Shares> output_masks;  // by output; zero where it is a constant
  Garbled garbled;
  Bits masked_inputs;               // Λ of all input wires
  std::vector<base::Bytes> tables;  // evaluator: hop 9's bodies, by garbler
  crypto::Digest masked_digest{};

  // Hops, in order; those of the preprocessing in two halves, between which an inquest looks at what was said.
  base::Status base_hop();
  base::Status say(unsigned next_hop);
  base::Status hear();
  base::Status say_bits();
  base::Status hear_bits();
  base::Status say_cross();
  base::Status hear_cross();
  base::Status say_announcement();
  base::Status hear_announcements();
  base::Status hear_coins();
  crypto::Blocks difference_weights(std::size_t from, base::ByteView bits) const;
  base::Status say_buckets();
  base::Status hear_buckets();
  base::Status say_sum();
  base::Status hear_sums();
  void make_triples();
  base::Status input_hop(const Bits& inputs);
  base::Status garble_hop();
  base::Result<Bits> output_hop();

  // Parts of them.
  crypto::SeededRandom draws(std::string_view purpose) const;  // from the seed
  crypto::Blocks draw_base();
  base::Status check_base(std::size_t peer, Meetings::Verdict& proof, crypto::Blocks& keys);
  Bases make_bases(std::size_t peer, const crypto::Blocks& keys, const crypto::Blocks& macs) const;
  crypto::Digest sent_digest(std::size_t from, std::size_t to, base::ByteView body) const;
  void prove(std::vector<base::Bytes>& bodies, const std::vector<crypto::Blocks>& columns, const crypto::Blocks& u);
  base::Result<crypto::Blocks> check_proof(std::size_t peer, const PuncturedTrees& trees, std::size_t blocks,
                                           std::size_t trees_size, base::ByteView message);
  crypto::Block start_of_stream(std::size_t prover, std::size_t verifier) const;
  crypto::Digest echo() const;
  void make_masks();
  base::Status open_products(const std::vector<base::Bytes>& received, const Bits& own);
  base::Result<Evaluated> evaluate_circuit();
  base::Result<Bits> accept_outputs(const std::vector<base::Bytes>& received,
                                    const std::optional<Evaluated>& evaluated);
  base::Bytes output_message(std::size_t owner, const std::optional<Evaluated>& evaluated);

  // Messages.
  base::Result<base::Bytes> receive(std::size_t peer, std::size_t size);  // exactly this long
  base::Status broadcast(const base::Bytes& message);
  base::Error misbehaved(std::size_t peer, const std::string& what) const;
  base::Error somebody(const std::string& what) const;
  base::Error unattributed(std::size_t peer, const std::string& what);  // a name only if there is one other
  struct Testimonies {                                                  // of an inquest, by party
    std::vector<Opening> openings;
    std::vector<Heard> frames;
    Evidence evidence;  // but for the accused
    bool complete = true;
  };
  base::Error inquire(base::Error error);
  base::Status gather(Witness& witness, Testimonies& all);
  base::Error settle(const std::vector<std::pair<std::size_t, std::size_t>>& disputes, base::Error error);
  Opening open(const Witness& witness) const;
  base::Error fail(base::Error error);
  template <class F>
  void each_peer(F&& f) const {
    for (std::size_t j = 0; j < n; ++j)
      if (j != self) f(j);
  }
};

}  // namespace mpc
