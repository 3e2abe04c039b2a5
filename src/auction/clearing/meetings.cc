#include "auction/clearing/meetings.h"

#include <algorithm>
#include <tuple>

#include "auction/clearing/calendar_meeting.h"
#include "auction/clearing/continuous_book.h"
#include "auction/clearing/single_product.h"
#include "base/check.h"

namespace auction::clearing {
namespace {

struct Arrival {
  std::uint64_t at, id;
  Side side;
  Index index;
};

std::vector<Arrival> arrivals(const Call& call, Meeting meeting) {
  std::vector<Arrival> out;
  out.reserve(call.bids.size() + call.asks.size());
  for (Index i = 0; i < call.asks.size(); ++i) out.push_back({call.asks[i].arrival, call.asks[i].id, Side::kAsk, i});
  for (Index i = 0; i < call.bids.size(); ++i) out.push_back({call.bids[i].arrival, call.bids[i].id, Side::kBid, i});
  std::ranges::sort(out, {}, [&](const Arrival& a) {
    return std::tuple(meeting == Meeting::kClaim && a.side == Side::kBid, a.at, a.id);
  });
  return out;
}

Outcome by_arrival(const Call& call, Meeting meeting) {
  Met met = meet(call, meeting);
  Outcome out = is_one_product(call) ? finished(call, std::move(met.trades), merit(call).crossing)
                                     : finished(call, std::move(met.trades), most_welfare(call));
  out.work = met.steps;
  if (met.gave_up > 0)
    out.note = std::to_string(met.gave_up) + " bids got nothing more: finding a place for them took too many steps";
  return out;
}

}  // namespace

Outcome clear_claim(const Call& call) { return by_arrival(call, Meeting::kClaim); }
Outcome clear_continuous(const Call& call) { return by_arrival(call, Meeting::kContinuous); }

Met meet(const Call& call, Meeting meeting) {
  return is_one_product(call) ? Met{meet_in_book(call, meeting)} : meet_by_calendar(call, meeting);
}

bool is_one_product(const Call& call) {
  if (call.bids.empty() || call.asks.empty()) return false;
  const SlotRange window = window_of(call);
  const auto plain = [&](const Order& order) {
    return order.earliest == window.from && order.latest_end == window.to &&
           order.max_slots == window.to - window.from && order.min_units == 1 && !order.same_site;
  };
  return call.eligible.empty() && call.closed.empty() && std::ranges::all_of(call.bids, plain) &&
         std::ranges::all_of(call.asks, plain);
}

std::vector<Trade> meet_in_book(const Call& call, Meeting meeting) {
  const SlotRange window = window_of(call);
  const Slot slots = window.to - window.from;
  ContinuousBook book;
  std::vector<Fill> fills;
  std::vector<Trade> trades;
  for (const Arrival& arrival : arrivals(call, meeting)) {
    const bool buys = arrival.side == Side::kBid;
    const Order& order = buys ? call.bids[arrival.index] : call.asks[arrival.index];
    fills.clear();
    // In the book an order is its index, and which side it is on.
    CHECK(book.submit({.id = std::uint64_t{arrival.index} * 2 + (buys ? 1 : 0),
                       .side = arrival.side,
                       .price = order.price,
                       .units = order.max_units},
                      fills)
              .ok());
    for (const Fill& fill : fills) {
      const auto resting = static_cast<Index>(fill.resting / 2);
      const std::int64_t amount = fill.price * fill.units * slots;
      trades.push_back({buys ? arrival.index : resting, buys ? resting : arrival.index, fill.units, window.from, slots,
                        amount, amount});
    }
  }
  return trades;
}

Met meet_by_calendar(const Call& call, Meeting meeting, const Effort& effort) {
  CalendarMeeting meetings(call, meeting, effort);
  for (const Arrival& arrival : arrivals(call, meeting)) {
    if (arrival.side == Side::kAsk)
      meetings.ask_comes(arrival.index);
    else
      meetings.bid_comes(arrival.index);
  }
  return std::move(meetings).result();
}

std::int64_t most_welfare(const Call& call) {
  const auto price_of = [&](Index ask) { return call.asks[ask].price; };
  std::int64_t cheapest = kMaxPrice;
  for (const Order& ask : call.asks) cheapest = std::min(cheapest, ask.price);
  std::int64_t sum = 0;
  for (Index i = 0; i < call.bids.size(); ++i) {
    const Order& bid = call.bids[i];
    std::int64_t least = cheapest;
    if (!call.eligible.empty()) {
      least = kMaxPrice;
      for (const Index ask : call.eligible[i]) least = std::min(least, price_of(ask));
    }
    sum += std::max<std::int64_t>(0, bid.price - least) * bid.max_units * bid.max_slots;
  }
  return sum;
}

}  // namespace auction::clearing
