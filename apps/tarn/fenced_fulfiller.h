// FencedFulfiller: a fulfiller that does nothing unless it is one's turn: an operator that has lost its lead must leave
// the cluster to the next one, also with what it was about to do.
// Errors: kUnreachable while it is not one's turn (the caller tries again later), else the fulfiller's.
// Threads: as the fulfiller's; `leads` is asked by whoever calls.
#pragma once

#include <functional>
#include <memory>

#include "inventory/fulfiller.h"

namespace tarn {

class FencedFulfiller final : public inventory::Fulfiller {
 public:
  FencedFulfiller(std::unique_ptr<inventory::Fulfiller> inner, std::function<bool()> leads)
      : inner_(std::move(inner)), leads_(std::move(leads)) {}

  base::Result<inventory::Place> deliver(const inventory::Order& order) override;
  base::Result<inventory::Place> withdraw(const inventory::Id& lease) override;
  base::Result<inventory::Access> access(const inventory::Order& order) override;
  base::Result<inventory::Usage> usage(const inventory::Id& lease) override;
  base::Result<std::vector<inventory::Id>> present() override;
  base::Result<std::vector<inventory::Id>> recalled() override;

 private:
  base::Status turn() const;

  std::unique_ptr<inventory::Fulfiller> inner_;
  std::function<bool()> leads_;
};

}  // namespace tarn
