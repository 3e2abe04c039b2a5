#include "auction/clearing/generator.h"

#include <algorithm>

#include "auction/clearing/mix.h"

namespace auction::clearing {
namespace {

constexpr std::uint64_t kCredit = 1'000'000;

std::uint32_t draw(Dice& dice, std::uint32_t least, std::uint32_t most) {
  return least + static_cast<std::uint32_t>(dice.below(std::uint64_t{most} - least + 1));
}

Order bid_of(const WindowedShape& shape, Dice& dice) {
  Order bid;
  bid.price = static_cast<std::int64_t>(kCredit / 4 + dice.below(kCredit + 1));
  bid.min_units = bid.max_units = draw(dice, 1, shape.most_units);
  bid.min_slots = bid.max_slots = draw(dice, 1, std::min(shape.most_slots, shape.slots));
  const Slot window = std::min(bid.min_slots + draw(dice, 0, shape.most_slack), shape.slots);
  bid.earliest = draw(dice, 0, shape.slots - window);
  bid.latest_end = bid.earliest + window;
  return bid;
}

}  // namespace

Call windowed_call(const WindowedShape& shape, std::uint64_t number) {
  Dice dice(mix(number) ^ 0x77696e646f776564);
  Call call;
  call.settings.mechanism = Mechanism::kCombinatorial;
  for (std::size_t i = 0; i < call.seed.size(); ++i) call.seed[i] = static_cast<std::uint8_t>(dice.next());
  std::uint64_t id = 0;
  for (std::uint32_t i = 0; i < shape.asks; ++i) {
    Order ask;
    ask.price = static_cast<std::int64_t>(dice.below(kCredit + 1));
    ask.latest_end = ask.max_slots = shape.slots;
    call.asks.push_back(ask);
  }
  for (std::uint32_t i = 0; i < shape.bids; ++i) call.bids.push_back(bid_of(shape, dice));
  for (auto* orders : {&call.asks, &call.bids})
    for (Order& order : *orders) {
      order.id = order.arrival = ++id;
      order.organisation = static_cast<std::uint32_t>(id);
    }
  return call;
}

}  // namespace auction::clearing
