// LeaseAccess: a provider's answer to the requester of a lease that asks for what it bought: how far the delivery is,
// the way in, and how much of it is used. The way in is a secret of the requester and of whoever lets it in: it is sealed
// for the requester's Ed25519 key (crypto/sealed_box.h), so that nobody reads it who reads the provider's traffic, memory
// dumps of a proxy, or a kept answer. All of it is signed by the provider, for this lease and requester.
// Texts are printable ASCII here, so what a provider says can go to a terminal. Strict and canonical. Pure, any thread.
#pragma once

#include "crypto/sealed_box.h"
#include "pool/delivery_desk.h"
#include "pool/lease.h"

namespace pool {

inline constexpr std::size_t kMaxCredentials = 64 * 1024;    // a kubeconfig with a bundle of certificates
inline constexpr std::size_t kMaxAccessMessage = 96 * 1024;  // the whole answer

struct LeaseAccess {
  static constexpr std::size_t kMaxDetail = 300, kMaxResources = 64, kMaxName = 100, kMaxQuantity = 40;
  enum class State : std::uint8_t {
    kUndelivered = 1,  // this provider hands nothing over here: the lease is the document
    kComing,
    kReady,
  };
  // Whose answer to whom about what.
  struct Parties {
    LeaseId lease{};
    crypto::PublicKey provider{}, requester{};
  };

  State state = State::kUndelivered;
  std::string detail;
  base::Bytes sealed;  // credentials; empty: none were asked for, or there are none now
  std::int64_t expires_unix_ms = 0;
  inventory::Usage usage;

  // Cleans and shortens what the answer says, and seals and wipes its credentials.
  static base::Result<LeaseAccess> make(DeliveryDesk::Answer answer, const Parties& parties, base::Random& random);
  base::Result<crypto::SecretBytes> open(const Parties& parties, const crypto::Identity& requester) const;

  base::Bytes seal(const Parties& parties, const crypto::Identity& provider) const;
  static std::optional<LeaseAccess> decode(base::ByteView message, const Parties& parties);

 private:
  base::Bytes body() const;
};

}  // namespace pool
