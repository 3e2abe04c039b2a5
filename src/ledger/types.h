// The nouns of the ledger, as values. Double entry: every transfer moves an amount from the account that is debited to the
// one that is credited, both in one currency, so everything always adds up to zero. A transfer is never changed or
// removed; what corrects it is another transfer.
//   posted                                   at once
//   pending → posted in parts → …            an escrow: the amount is set aside; each post moves a part of it,
//           → voided                         a void releases all that is left
// An account's balance = credits_posted − debits_posted; available = balance + credit_limit − debits_pending, and no
// transfer may make that negative. Issuers (credit_limit kUnlimited) are where a currency comes from.
// Amounts are micro-credits (model/money.h), 1 … kMaxAmount. Times are Unix milliseconds. A value, any thread.
// Source: the model of TigerBeetle (accounts, two-phase transfers, linked chains), with posting in parts added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "model/organisation.h"

namespace ledger {

using Id = std::int64_t;  // a row; grows, so the journal's order is its ids'
// The caller's name of a transfer, unique for ever: what it is about and which step of it, as "ctr_12/delivery/7". So
// whoever tries again does nothing twice, two steps never share one by accident, and people can read it in the journal.
// 1 … kLongestKey of printable ASCII without blanks.
using Key = std::string;
inline constexpr std::size_t kLongestKey = 64;

inline constexpr std::int64_t kMaxAmount = 1'000'000'000'000'000'000;
inline constexpr std::int64_t kUnlimited = kMaxAmount;
// What an account may have been debited in all, posted and pending, and likewise credited: no sum of these overflows.
inline constexpr std::int64_t kMaxTotal = 4'000'000'000'000'000'000;

struct Currency {
  Id id = 0;
  std::string name;  // "credits", unique
  bool operator==(const Currency&) const = default;
};

enum class AccountKind : std::uint8_t {
  kMember = 1,  // an organisation's
  kIssuer,      // where a currency comes from and goes back to: the sum of all others, negative
  kMarket,      // what a market keeps (fees, surplus, penalties of its own) and adds (deficits)
};

struct Account {
  Id id = 0;
  Id currency = 0;
  AccountKind kind = AccountKind::kMember;
  std::string name;                                   // unique within its currency; an organisation's: its id's text
  std::optional<model::OrganisationId> organisation;  // kMember
  std::int64_t credit_limit = 0;                      // how far below zero it may go; kUnlimited: any
  std::int64_t highest_limit = 0;                     // that it ever had: what an audit holds its past to
  std::int64_t debits_pending = 0, debits_posted = 0, credits_pending = 0, credits_posted = 0;
  std::int64_t created = 0;
  bool frozen = false;  // nothing new is debited; what is pending may still be posted or voided
  bool operator==(const Account&) const = default;
};
inline std::int64_t balance(const Account& account) { return account.credits_posted - account.debits_posted; }

enum class TransferKind : std::uint8_t { kPosted = 1, kPending, kPost, kVoid };

// Why, as a closed set, so that statements and audits can add up by reason.
enum class Reason : std::uint8_t {
  kEndowment = 1,   // issuer → member, once
  kRecharge,        // issuer → member, each period
  kGrant,           // issuer → member, by the operator
  kEscrow,          // buyer → seller, pending: a contract's price, or an open bid's limit
  kDelivery,        // posts a part of the escrow: slots that were delivered
  kRelease,         // voids what is left of it
  kSurplus,         // buyer → market: what a mechanism keeps
  kDeficit,         // market → seller: what it adds
  kFee,             // member → market
  kFailurePenalty,  // owner → buyer: did not deliver
  kReclaimPenalty,  // owner → buyer: called back early
  kCancelPenalty,   // buyer → owner: cancelled
  kCorrection,      // by the operator, with a reference to what it corrects
};

struct Transfer {
  Id id = 0;  // the store's
  Key key = {};
  TransferKind kind = TransferKind::kPosted;
  Id debit = 0, credit = 0;        // accounts; of kPost and kVoid: the pending one's
  std::int64_t amount = 0;         // kVoid: what was left, which it releases
  std::optional<Id> pending = {};  // kPost, kVoid: which
  Id batch = 0;                    // transfers of one batch were made together: all or none. The id of its first
  Reason reason = Reason::kGrant;
  std::string reference = {};  // "ctr_12": what it is about
  std::int64_t at = 0;
  bool operator==(const Transfer&) const = default;
};

// What is left of a pending transfer. Follows from the journal; kept so that posting need not add up.
struct Pending {
  Id transfer = 0;
  std::int64_t left = 0;  // 0: posted whole, or voided
  bool operator==(const Pending&) const = default;
};

}  // namespace ledger
