// Feasibility: whether what was decided can be carried out, looked at before anything of it is written, so that a deal that
// cannot be is left out and stops no other. It takes bid after bid and remembers what those before took: of lots and of
// contracts that are resold, of buyers' money and of the market's. What passes here, make_contract() does not refuse.
// Threads: as the transaction.
#pragma once

#include <map>
#include <span>
#include <utility>

#include "base/result.h"
#include "market/contracts.h"
#include "market/rules.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

class Feasibility {
 public:
  Feasibility(Transaction& store, const Context& context, const Market& market)
      : store_(store), context_(context), market_(market) {}

  // All deals of a bid, which are of one window and leave units_left of it. kConflict: why it cannot have all of them; then
  // nothing is taken.
  base::Status take(const Order& bid, std::span<const Match> deals);

 private:
  struct Purse {
    std::int64_t available = 0;
    bool frozen = false;
  };
  using Wanted = std::map<Source*, std::uint64_t>;

  base::Result<Source*> source(const Order& offer);
  base::Result<Purse*> purse(ledger::Id account);
  base::Result<Wanted> wanted(std::span<const Match> deals);
  base::Status pay(const Order& bid, std::span<const Match> deals);

  Transaction& store_;
  const Context& context_;
  const Market& market_;
  std::map<std::pair<Id, Id>, Source> sources_;  // by lot and contract
  std::map<ledger::Id, Purse> purses_;
};

}  // namespace market
