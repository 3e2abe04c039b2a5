// Conversation: what a session needs beyond a bare Channel: saying that it gives up, and how long the longest chain of
// messages is that led here (Lamport's clock, carried in each message; the number of hops, measured not assumed).
// SignedChannel makes one of any Channel: each message is signed with the sender's identity and chained by hash to all
// that it sent before, so that what a party said is beyond dispute: Ed25519 over
//   SHA-256("tarn message v1" ‖ context ‖ sender ‖ receiver ‖ kind ‖ depths ‖ sequence ‖ previous digest ‖ SHA-256(body)).
// The context is 32 zero bytes until the manifest is agreed on, then its hash. A bad signature names the peer.
// An abort carries one byte, the phase, and nothing else; a testimony is the last that a party says (witness.h).
#pragma once

#include <optional>
#include <vector>

#include "crypto/identity.h"
#include "crypto/sha256.h"
#include "mpc/channel.h"
#include "mpc/witness.h"

namespace mpc {

class Conversation : public Channel {
 public:
  virtual void abort(std::uint8_t phase) = 0;  // tells everybody, once; errors are of no interest any more
  virtual std::uint32_t depth() const = 0;
  // From here on inputs are on their way: online_depth() is the longest chain of messages since anybody said so.
  virtual void go_online() = 0;
  virtual std::uint32_t online_depth() const = 0;
  virtual Witness* witness() { return nullptr; }  // none: what was said is not kept
};

class SignedChannel final : public Conversation, public Witness {
 public:
  static constexpr std::size_t kOverhead = 1 + 2 + 2 + 4 + 64;  // bytes that framing adds to a message

  // `keys` in the public order; both references must outlive this.
  SignedChannel(Channel& channel, const crypto::Identity& identity, std::vector<crypto::PublicKey> keys);
  // From the next frame on, of ours or of the others: apart, because what others still send may come from before.
  void bind_sent(const crypto::Digest& context) { sent_context_ = context; }
  void bind_received(const crypto::Digest& context) { received_context_ = context; }

  std::size_t parties() const override { return channel_.parties(); }
  std::size_t self() const override { return channel_.self(); }
  base::Status send(std::size_t peer, base::Bytes message) override;
  base::Result<base::Bytes> receive(std::size_t peer, std::size_t max_bytes) override;
  void abort(std::uint8_t phase) override;
  std::uint32_t depth() const override { return depth_; }
  void go_online() override { online_ = true; }
  std::uint32_t online_depth() const override { return online_depth_; }

  Witness* witness() override { return this; }
  const std::vector<crypto::PublicKey>& keys() const override { return keys_; }
  const crypto::Digest& context() const override { return received_context_; }
  void record() override { heard_.assign(keys_.size(), {}); }
  const Heard& heard(std::size_t peer) const override { return heard_[peer]; }
  base::Status testify(std::size_t peer, base::Bytes body) override;
  bool called() const override { return called_; }
  base::Result<Testimony> testimony(std::size_t peer, std::size_t max_bytes) override;

 private:
  struct Direction {
    std::uint32_t sequence = 0;
    crypto::Digest chain{};
  };
  struct Incoming {
    FrameKind kind;
    base::Bytes body;
  };
  base::Bytes frame(std::size_t peer, FrameKind kind, base::Bytes body);
  base::Result<Incoming> next(std::size_t peer, std::size_t max_bytes);
  void remember(std::size_t peer, FrameKind kind, const crypto::Digest& before, const Heard::Frame& frame,
                const crypto::Signature& signature);

  Channel& channel_;
  const crypto::Identity& identity_;
  std::vector<crypto::PublicKey> keys_;
  crypto::Digest sent_context_{}, received_context_{};
  std::vector<Direction> sent_, received_;
  std::uint32_t depth_ = 0, online_depth_ = 0;
  bool online_ = false;
  bool aborted_ = false;
  std::vector<Heard> heard_;                           // by peer, once recording; empty before
  std::vector<std::optional<Testimony>> testimonies_;  // by peer
  bool called_ = false;
};

}  // namespace mpc
