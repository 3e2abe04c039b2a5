// Fulfiller: what makes a lease real and takes it away again: a cluster's namespaces, servers, or a person (manual). It is
// told what is to be, and looked at until it is; the market alone decides what state that makes (leases.h).
// Every call is idempotent and does not wait for what takes the other side's time: begin() is made again after a restart,
// end() until the lease is gone. A lease's end may move, with a renewal; it is end() that ends it. What a fulfiller
// knows it finds again where it delivers.
// Threads: one at a time. Errors: kUnreachable, kDeadline, kStorage: ask again; any other: this lease cannot be delivered,
// or taken away, and `message` says why.
#pragma once

#include <string>

#include "base/result.h"
#include "market/types.h"

namespace market {

struct Sight {
  enum class State : std::uint8_t {
    kWaiting,  // for what was asked last, or for somebody who marks it
    kReady,
    kGone,
  };
  State state = State::kWaiting;
  std::string detail = {};  // what is waited for; for a person
};

class Fulfiller {
 public:
  virtual ~Fulfiller() = default;
  virtual base::Status begin(const Lease& lease) = 0;
  virtual base::Status end(const Lease& lease) = 0;
  virtual base::Result<Sight> look(const Lease& lease) = 0;
};

// The operator delivers by hand, and marks what is ready, failed and gone.
class ManualFulfiller final : public Fulfiller {
 public:
  base::Status begin(const Lease&) override { return {}; }
  base::Status end(const Lease&) override { return {}; }
  base::Result<Sight> look(const Lease&) override { return Sight{Sight::State::kWaiting, "the operator"}; }
};

}  // namespace market
