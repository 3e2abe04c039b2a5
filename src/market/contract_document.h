// The document of a contract: what was agreed and both orders that agreed to it, each as its organisation signed it, in
// one canonical encoding that the market signs. Three signatures, so whoever holds it can show to anybody that buyer and
// seller had asked for something that allows these terms, at this market, and none of the three can deny it:
// verify_contract(). They do not show that the market matched as its rules say (its transcripts do), nor how many contracts
// it made of one order.
// A renewal has the orders of the contract that it renews, whose offer allowed it; that its buyer asked for it is the
// market's word, by the call that it authenticated. What both contracts together show is verify_renewal().
// Times are Unix milliseconds, amounts micro-credits. Pure, any thread.
// Errors: kPeerMisbehaved, saying which signature or which term is wrong.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/identity.h"
#include "market/terms.h"
#include "market/types.h"

namespace market {

struct ContractTerms {
  Id contract = 0;
  std::string market;  // its name
  Id clearing = 0;     // in which it was matched; 0: at once
  std::optional<Id> resale_of, renewal_of;
  OrganisationId buyer, seller;
  std::uint32_t units = 0, slots = 0;
  std::int64_t start = 0, end = 0;
  std::int64_t pays = 0, gets = 0;
  std::uint32_t fee_bp = 0;
  std::int64_t notice_ms = 0;
  bool renewable = false;
  Penalties penalties;
  std::int64_t made = 0;
  bool operator==(const ContractTerms&) const = default;
};

struct ContractDocument {
  ContractTerms terms;
  SignedTerms bid, offer;

  base::Bytes encode() const;
  static std::optional<ContractDocument> decode(base::ByteView bytes);
};

Signature sign_contract(base::ByteView document, const crypto::Identity& market);

// That the document is what `market` signed, both orders are signed by its buyer and seller for that market, and they allow
// its terms.
base::Result<ContractTerms> verify_contract(base::ByteView document, const Signature& signature,
                                            const crypto::PublicKey& market);

// That `renewal` goes on right behind `renewed`, for the same two, as that one said and at its price; of two contracts that
// were verified.
base::Status verify_renewal(const ContractTerms& renewal, const ContractTerms& renewed);

}  // namespace market
