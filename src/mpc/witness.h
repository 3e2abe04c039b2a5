// Witness: what a conversation remembers of the others' words, so that a third party can check it, and the word that a
// party gives when a session has failed and is looked into (inquest.h).
// Heard is a run of frames of one sender to one receiver: their headers and the digests of their bodies. Each frame's
// signature is over a digest that contains the one before, so the last signature vouches for all of them, and nothing
// large has to be kept.
// A testimony is a frame of its own kind, at most one from each party. It ends the ordinary conversation: whoever reads
// it in place of a message gets kSomebodyMisbehaved, and called() says why. One thread.
#pragma once

#include <array>
#include <vector>

#include "crypto/identity.h"
#include "crypto/sha256.h"
#include "mpc/channel.h"

namespace mpc {

enum class FrameKind : std::uint8_t { kData = 0, kAbort = 1, kTestimony = 2 };

struct Heard {
  struct Frame {
    std::array<std::uint8_t, 9> header{};  // as on the wire: kind, depth, online depth, sequence
    crypto::Digest body{};
  };
  crypto::Digest before{};  // the chain ahead of the first frame
  std::vector<Frame> frames;
  crypto::Signature signature{};  // of the last frame
};

// The digest that a frame's signature is over, and that the next frame is chained to.
crypto::Digest chain_digest(const crypto::Digest& context, const crypto::PublicKey& from, const crypto::PublicKey& to,
                            base::ByteView header, const crypto::Digest& before, const crypto::Digest& body);
// Whether the owner of `from` said just this to the owner of `to`, in frames of this kind that follow each other.
bool was_said(const Heard& heard, FrameKind kind, const crypto::Digest& context, const crypto::PublicKey& from,
              const crypto::PublicKey& to);

class Witness {
 public:
  static constexpr std::size_t kRecorded = 7;  // data frames of a peer: those of the preprocessing

  struct Testimony {
    base::Bytes body;
    Heard frame;  // the one that carried it
  };

  virtual ~Witness() = default;
  virtual const std::vector<crypto::PublicKey>& keys() const = 0;
  virtual const crypto::Digest& context() const = 0;
  virtual void record() = 0;  // from here on
  virtual const Heard& heard(std::size_t peer) const = 0;
  virtual base::Status testify(std::size_t peer, base::Bytes body) = 0;
  virtual bool called() const = 0;  // a testimony has come
  // Skips what the peer said before it knew; `max_bytes` bounds those messages.
  virtual base::Result<Testimony> testimony(std::size_t peer, std::size_t max_bytes) = 0;
};

// The longest testimony among n parties.
constexpr std::size_t testimony_limit(std::size_t parties) { return parties * 13'000; }

}  // namespace mpc
