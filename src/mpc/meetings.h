// Meetings: how a party stands with each of the others before a session computes: acquainted from an earlier session, or
// to be met now. Introductions travel with the manifest (ahead of the session's id); a first meeting then costs two
// hops: base transfers in one direction (base_ot.h; the lower index sends seeds), and the other direction by extension
// with the roles reversed. Malicious peers; a wrong message names its sender.
//   hop "choose", higher → lower index: 128 points (4,096 bytes)
//   hop "trees", lower → higher: trees of the first direction, and an extension of the lower's lasting choice δ
// The trees of the second direction travel with the session's first hop (Peer::tree_message).
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "mpc/acquaintance.h"
#include "mpc/base_ot.h"
#include "mpc/conversation.h"
#include "mpc/tagging.h"

namespace mpc {

// Numbers of the messages, in tags and in aborts. The ten of the session itself are 1 … 10.
enum Hop : unsigned {
  kHopBase = 1,
  kHopBits,
  kHopCross,
  kHopAnnounce,
  kHopCoin,
  kHopBucket,
  kHopSum,
  kHopInput,
  kHopGarble,
  kHopOutput,
  kHopChoose = 21,
  kHopTrees = 22,
};

class Meetings {
 public:
  struct Peer {
    bool known = false;  // both remember the same meeting
    Introduction ours, theirs;
    OtSecret ot;
    Acquaintance acquaintance;  // as of the counter on which both agree
    ChosenSeeds reversed;       // lower index, new pair: its side of the second direction until the trees come
    base::Bytes tree_message;   // higher index, new pair: the trees of the second direction
  };

  // Loads what is remembered; draws what a meeting would need.
  static base::Result<Meetings> open(AcquaintanceStore& store, std::vector<crypto::PublicKey> keys, std::size_t self,
                                     base::Random& random);

  base::Bytes introduction(std::size_t peer) const { return peers_[peer].ours.encode(); }
  base::Status introduced(std::size_t peer, base::ByteView introduction);
  bool all_known() const;

  // The two hops with every new peer; nothing is sent to the others. Bumps counters of the known to the common value.
  base::Status meet(Conversation& channel, const Tagger& tags, base::Random& random);

  Peer& peer(std::size_t j) { return peers_[j]; }
  const Peer& peer(std::size_t j) const { return peers_[j]; }
  // Durably, before anything of the session is sent: counters + 1, ratcheted, marked.
  base::Status mark_known();
  // What hop 1 showed of each peer: proven acquaintances are kept without a mark; where nothing was proven or refuted
  // the mark goes too; refuted ones are destroyed. New pairs are stored only once proven.
  enum class Verdict { kNothing, kProven, kRefuted };
  base::Status settle(const std::vector<Verdict>& verdicts);

 private:
  Meetings(AcquaintanceStore& store, std::vector<crypto::PublicKey> keys, std::size_t self)
      : store_(&store), keys_(std::move(keys)), self_(self), peers_(keys_.size()) {}
  base::Status refuse(std::size_t peer, const std::string& what);
  base::Status choose(Conversation& channel, const Tagger& tags, base::Random& random, std::size_t peer);
  base::Status send_trees(Conversation& channel, const Tagger& tags, base::Random& random, std::size_t peer);
  base::Status receive_trees(Conversation& channel, const Tagger& tags, std::size_t peer);

  AcquaintanceStore* store_;
  std::vector<crypto::PublicKey> keys_;
  std::size_t self_;
  std::vector<Peer> peers_;
  std::vector<ChosenSeeds> chosen_;  // higher index: its side of the first direction until the trees come
};

// H(row), and H(row ⊕ δ) for the other seed of a pair: extended rows as seeds of fresh trees.
crypto::Blocks seeds_of_rows(base::ByteView tag, const crypto::Blocks& rows, const crypto::Block& offset);

}  // namespace mpc
