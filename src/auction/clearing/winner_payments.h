// What the winners of a combinatorial call pay and get: the rules are in winners.h, here is the arithmetic, in integers.
// Pure, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "auction/clearing/order.h"

namespace auction::clearing {

// `amount` ≥ 0 by weights ≥ 0, whole and without a rest; if all are 0, evenly.
std::vector<std::int64_t> spread(std::int64_t amount, std::span<const std::int64_t> weights);

// Writes pays and gets of each trade; trades of a bid lie together.
void pay_as_bid(const Call& call, std::vector<Trade>& trades);

struct Contribution {
  std::uint32_t organisation = 0;
  std::int64_t amount = 0;  // 0 … the surplus of the bids that it has a part in
};
// The organisations in the trades, ascending, with what would be lost without them at most: the surplus of all bids that
// it buys or sells for.
std::vector<Contribution> most_contributions(const Call& call, std::span<const Trade> trades);

// Writes pays and gets so that each organisation is left its amount.
void leave_contributions(const Call& call, std::span<const Contribution> left, std::vector<Trade>& trades);

// The threshold rule: amounts that add up to `total`, which is at least 0 and at most the welfare and a subsidy.
std::vector<Contribution> threshold(const Call& call, std::span<const Trade> trades,
                                    std::span<const Contribution> contributions, std::int64_t total);

}  // namespace auction::clearing
