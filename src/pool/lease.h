// Lease documents: what a winner owes and a requester pays, in one canonical encoding, signed by the provider and then
// countersigned by the requester; both keep the whole. A renewal is a new revision of the same lease with a later end.
// Also the calls about leases that a requester makes later over a pool::Line.
// Payment: micro-credits for one hour of all units together. Times: Unix milliseconds. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auction/placement/mechanism.h"
#include "crypto/identity.h"
#include "crypto/sha256.h"
#include "model/resource_class.h"
#include "pool/invitation.h"

namespace pool {

using LeaseId = std::array<std::uint8_t, 16>;

struct LeaseTerms {
  LeaseId id{};
  crypto::PublicKey provider{}, requester{};
  model::ResourceClass unit;
  std::uint64_t units = 0;
  std::uint64_t hourly_payment = 0;
  std::int64_t start_unix_ms = 0, end_unix_ms = 0;
  std::uint32_t revision = 0;
  std::string mechanism;
  crypto::Digest session{};  // the placement that it comes from

  base::Bytes encode() const;
  crypto::Digest hash() const;  // what both sign
  bool operator==(const LeaseTerms&) const = default;
};

struct LeaseDocument {
  LeaseTerms terms;
  crypto::Signature provider{};
  std::optional<crypto::Signature> requester;

  static LeaseDocument offer(LeaseTerms terms, const crypto::Identity& provider);
  void countersign(const crypto::Identity& requester);
  // Every signature that is there is right.
  bool valid() const;
  bool complete() const { return requester.has_value() && valid(); }
  base::Bytes encode() const;
  static std::optional<LeaseDocument> decode(base::ByteView bytes);
};

// What a result means in money: for all units together. Amounts of at most 32 bits, as invitations have.
std::uint64_t hourly_payment(const auction::Payment& payment, std::uint64_t units);

// An id as users type it: "lease_" and 32 hexadecimal digits.
std::string text(const LeaseId& id);
std::optional<LeaseId> parse_lease_id(std::string_view text);

// Requester → provider. Most need only the lease; renew says for how long beyond its end.
enum class LeaseCall : std::uint8_t {
  kShow = 1,
  kRenew,
  kRelease,
  kConfirm,
  kAccess,  // how to get in, when it is ready, and how much is used (lease_access.h)
  kUsage,   // the same without the way in
};
struct LeaseMessage {
  LeaseCall call = LeaseCall::kShow;
  LeaseId lease{};
  std::uint32_t seconds = 0;                     // renew
  std::optional<crypto::Signature> signature{};  // confirm: of the document that the provider offered last

  base::Bytes encode() const;
  static std::optional<LeaseMessage> decode(base::ByteView message);
};

// Provider → requester: the document as it stands (kLeaseOffer), that it is over or settled (kLeaseDone), or a
// LeaseAccess.
base::Bytes lease_offer(const LeaseDocument& document);
std::optional<LeaseDocument> read_lease_offer(base::ByteView message);
base::Bytes lease_answer(const std::optional<crypto::Signature>& signature);  // nothing: declined
struct LeaseAnswer {
  std::optional<crypto::Signature> signature;
};
std::optional<LeaseAnswer> read_lease_answer(base::ByteView message);
base::Bytes lease_done();
bool is_lease_done(base::ByteView message);

}  // namespace pool
