// One request from this process: the services that pool::Requester needs, made of a RequesterHome and the real network.
// For `tarn request`, and the demo and benches that make the same request. One thread.
#pragma once

#include <memory>

#include "net/switchboard.h"
#include "pool/requester.h"
#include "tarn/pool_node.h"
#include "tarn/requester_home.h"

namespace tarn {

class PoolRequest final : private pool::CandidateSource, private pool::LeaseKeeper {
 public:
  using OnStep = std::function<void(pool::Requester::Step, const std::string&)>;
  // Joins the hash table; the home outlives it.
  static base::Result<std::unique_ptr<PoolRequest>> open(RequesterHome& home, int one_way_delay_ms, OnStep on_step);

  // Asks once more where a provider did not say that it knows of our signature.
  base::Status run(const pool::Wanted& wanted, pool::RequestResult& result);
  base::Status run_plain(const pool::Wanted& wanted, pool::RequestResult& result) {
    return requester_->run_plain(wanted, result);
  }
  // For the user's second thoughts: ends these leases, as far as their providers can be reached.
  void give_back(const std::vector<pool::HeldLease>& leases);
  PoolNode& node() { return *node_; }

 private:
  explicit PoolRequest(RequesterHome& home) : home_(home) {}
  base::Result<std::vector<pool::Candidate>> nearest(const model::ResourceClass& unit, std::size_t count,
                                                     const std::set<crypto::PublicKey>& left_out,
                                                     int timeout_ms) override;
  base::Status keep(const pool::LeaseDocument& document, const std::string& address, bool confirmed) override;

  RequesterHome& home_;
  std::unique_ptr<store::AcquaintanceFiles> acquaintances_;
  std::unique_ptr<PoolNode> node_;
  std::unique_ptr<net::Switchboard> lines_;
  std::unique_ptr<pool::Requester> requester_;
};

// A lease as kept on this side.
base::Status keep_lease(store::LeaseBook& book, const pool::LeaseDocument& document, const std::string& address,
                        store::LeaseRecord::State state);

}  // namespace tarn
