// LeaseCalls: a requester's later dealings with the providers of its leases: show, renew, release, confirm, ask. What the
// provider says is checked (its signature, the same lease, nothing changed but what was asked for) before it is kept.
// Errors: kInvalidInput (unknown here, or the provider refuses, with its reason), kUnreachable, kPeerMisbehaved.
// One thread; a call takes at most kCallMs.
#pragma once

#include <functional>

#include "net/switchboard.h"
#include "pool/lease_access.h"
#include "tarn/requester_home.h"

namespace tarn {

class LeaseCalls {
 public:
  static constexpr int kCallMs = 10'000;

  LeaseCalls(RequesterHome& home, std::function<bool()> cancelled, int one_way_delay_ms = 0);

  // A lease by its id or the beginning of it.
  base::Result<store::LeaseRecord> named(const std::string& text);
  // As the provider has it; nothing if it has ended there. What it has is kept here.
  base::Result<std::optional<pool::LeaseDocument>> show(const pool::LeaseId& id);
  base::Result<pool::LeaseDocument> renew(const pool::LeaseId& id, std::uint32_t seconds);
  base::Status release(const pool::LeaseId& id);
  base::Status confirm(const pool::LeaseId& id);
  // What was bought with each of these leases (kAccess or kUsage), all providers asked at once.
  struct Bought {
    pool::LeaseAccess access;
    crypto::SecretBytes credentials;  // opened; empty where there are none
  };
  std::vector<base::Result<Bought>> ask(const std::vector<store::LeaseRecord>& records, pool::LeaseCall about,
                                        int timeout_ms);

 private:
  struct Answer {
    base::Bytes message;
    std::unique_ptr<pool::Line> line;
  };
  base::Result<store::LeaseRecord> record(const pool::LeaseId& id);
  base::Result<Bought> bought(const store::LeaseRecord& record, const base::Bytes& message);
  base::Status over(store::LeaseRecord record);
  base::Result<Answer> call(const store::LeaseRecord& record, const pool::LeaseMessage& message);

  RequesterHome& home_;
  net::LineOptions options_;
};

}  // namespace tarn
