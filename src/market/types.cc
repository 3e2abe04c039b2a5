#include "market/types.h"

namespace market {

bool is_open(const Order& order) {
  return order.state == Order::State::kOpen || order.state == Order::State::kPartlyMatched;
}

bool is_live(const Contract& contract) {
  return contract.state == Contract::State::kProposed || contract.state == Contract::State::kSigned ||
         contract.state == Contract::State::kActive;
}

bool occupies(const Lease& lease) {
  if (lease.state == Lease::State::kEnded) return false;
  return lease.state != Lease::State::kFailed || lease.freed == 0;
}

}  // namespace market
