#include "tarn/fenced_fulfiller.h"

namespace tarn {

base::Status FencedFulfiller::turn() const {
  if (leads_()) return {};
  return base::Error{base::Code::kUnreachable, "another operator may lead now; nothing is done here"};
}

base::Result<inventory::Place> FencedFulfiller::deliver(const inventory::Order& order) {
  TARN_TRY(turn());
  return inner_->deliver(order);
}

base::Result<inventory::Place> FencedFulfiller::withdraw(const inventory::Id& lease) {
  TARN_TRY(turn());
  return inner_->withdraw(lease);
}

base::Result<inventory::Access> FencedFulfiller::access(const inventory::Order& order) {
  TARN_TRY(turn());
  return inner_->access(order);
}

base::Result<inventory::Usage> FencedFulfiller::usage(const inventory::Id& lease) {
  TARN_TRY(turn());
  return inner_->usage(lease);
}

base::Result<std::vector<inventory::Id>> FencedFulfiller::present() {
  TARN_TRY(turn());
  return inner_->present();
}

base::Result<std::vector<inventory::Id>> FencedFulfiller::recalled() {
  TARN_TRY(turn());
  return inner_->recalled();
}

}  // namespace tarn
