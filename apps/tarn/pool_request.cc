#include "tarn/pool_request.h"

#include "tarn/lease_calls.h"
#include "tarn/signals.h"

namespace tarn {

base::Result<std::unique_ptr<PoolRequest>> PoolRequest::open(RequesterHome& home, int one_way_delay_ms,
                                                             OnStep on_step) {
  std::unique_ptr<PoolRequest> out(new PoolRequest(home));
  TARN_ASSIGN(out->acquaintances_, home.acquaintances());
  TARN_ASSIGN(
      out->node_,
      PoolNode::open({home.config().dht, home.directory(), home.config().coordinate, one_way_delay_ms}, home.clock()));
  net::LineOptions options;
  options.one_way_delay_ms = one_way_delay_ms;
  options.cancelled = interrupted;
  TARN_ASSIGN(out->lines_, net::Switchboard::create(home.identity(), nullptr, options));
  out->requester_ = std::make_unique<pool::Requester>(
      pool::Requester::Services{home.identity(), *out->lines_, *out, home.reputation(), *out, *out->acquaintances_,
                                home.clock(), home.random(), std::move(on_step)});
  return out;
}

base::Status PoolRequest::run(const pool::Wanted& wanted, pool::RequestResult& result) {
  TARN_TRY(requester_->run(wanted, result));
  LeaseCalls calls(home_, interrupted);
  for (pool::HeldLease& held : result.leases)
    if (!held.confirmed) held.confirmed = calls.confirm(held.document.terms.id).ok();
  return {};
}

base::Result<std::vector<pool::Candidate>> PoolRequest::nearest(const model::ResourceClass& unit, std::size_t count,
                                                                const std::set<crypto::PublicKey>& left_out,
                                                                int timeout_ms) {
  discovery::Query query;
  query.family = unit.family();
  query.fits = [&](const discovery::Announcement& a) { return a.covers(unit); };
  query.k = (count + 1) / 2;
  query.excluded = left_out;
  query.excluded.insert(home_.identity().public_key());
  query.timeout_ms = timeout_ms;
  query.cancelled = interrupted;
  std::vector<pool::Candidate> out;
  for (const auto& found : node_->find(query)) {
    if (out.size() < count)
      out.push_back({{found.announcement.key, found.announcement.endpoint}, found.rtt_ms.value_or(found.estimated_ms)});
  }
  if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted"};
  (void)node_->save();
  return out;
}

base::Status PoolRequest::keep(const pool::LeaseDocument& document, const std::string& address, bool confirmed) {
  return keep_lease(home_.leases(), document, address,
                    confirmed ? store::LeaseRecord::State::kActive : store::LeaseRecord::State::kUnconfirmed);
}

base::Status keep_lease(store::LeaseBook& book, const pool::LeaseDocument& document, const std::string& address,
                        store::LeaseRecord::State state) {
  store::LeaseRecord record;
  record.id = document.terms.id;
  record.provider = document.terms.provider;
  record.provider_address = address;
  record.end_unix_ms = document.terms.end_unix_ms;
  record.revision = document.terms.revision;
  record.state = state;
  record.document = document.encode();
  return book.put(record);
}

void PoolRequest::give_back(const std::vector<pool::HeldLease>& leases) {
  LeaseCalls calls(home_, [] { return false; });  // the interrupt that brought us here does not end this, too
  for (const auto& lease : leases) (void)calls.release(lease.document.terms.id);
}

}  // namespace tarn
