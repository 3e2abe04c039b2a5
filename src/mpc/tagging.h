// Tagger: every hash, commitment and derived key of a session starts with (sid, hop, sender, receiver, purpose), so that
// nothing computed for one place is valid in another.
#pragma once

#include <string_view>

#include "base/encoding.h"
#include "crypto/block.h"
#include "crypto/sha256.h"

namespace mpc {

inline constexpr std::size_t kEverybody = 0xffff;

class Tagger {
 public:
  explicit Tagger(const crypto::Digest& sid) : sid_(sid) {}
  const crypto::Digest& sid() const { return sid_; }

  base::Bytes prefix(unsigned hop, std::size_t sender, std::size_t receiver, std::string_view purpose) const {
    return base::Writer()
        .text("tarn mpc v1")
        .raw(sid_)
        .u16(static_cast<std::uint16_t>(hop))
        .u16(static_cast<std::uint16_t>(sender))
        .u16(static_cast<std::uint16_t>(receiver))
        .text(purpose)
        .take();
  }
  crypto::Digest digest(unsigned hop, std::size_t sender, std::size_t receiver, std::string_view purpose,
                        base::ByteView content) const {
    return crypto::Sha256().update(prefix(hop, sender, receiver, purpose)).update(content).finish();
  }
  crypto::Block key(unsigned hop, std::size_t sender, std::size_t receiver, std::string_view purpose) const {
    return crypto::block_from(base::ByteView(digest(hop, sender, receiver, purpose, {})).first(16));
  }

 private:
  crypto::Digest sid_;
};

}  // namespace mpc
