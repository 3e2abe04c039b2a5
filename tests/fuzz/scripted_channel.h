// A channel whose peers say what a harness puts into `incoming` and then leave, three parties for it, and the signatures
// of one that lies: frames of mpc::SignedChannel with any header, properly signed.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "crypto/start.h"
#include "mpc/conversation.h"

namespace fuzz {

class ScriptedChannel final : public mpc::Channel {
 public:
  ScriptedChannel(std::size_t parties, std::size_t self) : incoming(parties), outgoing(parties), self_(self) {}
  std::size_t parties() const override { return incoming.size(); }
  std::size_t self() const override { return self_; }
  base::Status send(std::size_t peer, base::Bytes message) override {
    outgoing[peer].push_back(std::move(message));
    return {};
  }
  base::Result<base::Bytes> receive(std::size_t peer, std::size_t max_bytes) override {
    if (incoming[peer].empty()) return base::Error{base::Code::kUnreachable, "left", peer};
    base::Bytes message = std::move(incoming[peer].front());
    incoming[peer].pop_front();
    if (message.size() > max_bytes) return base::Error{base::Code::kPeerMisbehaved, "sent too much", peer};
    return message;
  }

  std::vector<std::deque<base::Bytes>> incoming, outgoing;

 private:
  std::size_t self_;
};

struct Town {
  explicit Town(std::size_t parties) {
    CHECK(crypto::start());
    for (std::size_t i = 0; i < parties; ++i) {
      crypto::SeededRandom random(base::view("party " + std::to_string(i)));
      ids.push_back(crypto::Identity::generate(random));
      keys.push_back(ids.back().public_key());
    }
  }
  std::vector<crypto::Identity> ids;
  std::vector<crypto::PublicKey> keys;
};

struct FrameHeader {
  std::uint8_t kind;
  std::uint16_t depth, online;
  std::uint32_t sequence;
};

class Signer {
 public:
  Signer(const Town& town, std::size_t from, std::size_t to) : id_(town.ids[from]), to_(town.keys[to]) {}
  // The frame that the receiver must expect next is one with `sequence` after accepted() as often.
  base::Bytes frame(const FrameHeader& h, base::ByteView body) {
    const base::Bytes header = base::Writer().u8(h.kind).u16(h.depth).u16(h.online).u32(h.sequence).take();
    const crypto::Digest body_digest = crypto::sha256(body);
    crypto::Sha256 hash;
    hash.update(base::view("tarn message v1")).update(context).update(id_.public_key()).update(to_);
    last_ = hash.update(header).update(chain_).update(body_digest).finish();
    return base::Writer().raw(body).raw(header).raw(id_.sign(last_)).take();
  }
  void accepted() {
    chain_ = last_;
    ++sequence;
  }

  crypto::Digest context{};
  std::uint32_t sequence = 0;

 private:
  const crypto::Identity& id_;
  crypto::PublicKey to_;
  crypto::Digest chain_{}, last_{};
};

}  // namespace fuzz
