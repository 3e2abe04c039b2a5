#include "market/clearing.h"

#include <algorithm>
#include <array>
#include <map>

#include "auction/clearing/mechanism.h"
#include "auction/clearing/transcript.h"
#include "base/check.h"
#include "market/call_builder.h"
#include "market/contracts.h"
#include "market/feasibility.h"
#include "market/grid.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/open_book.h"
#include "market/orders.h"
#include "market/seeds.h"

namespace market {
namespace {

using auction::clearing::Outcome;
using auction::clearing::Trade;

struct Cleared {
  BuiltCall built;
  Outcome outcome;
};
struct Deal {
  std::size_t bid = 0, offer = 0;  // of the book
  Trade trade;
  Window window;
  std::int64_t welfare = 0;
};

// One clearing or one meeting at the book, from the orders as they are to the rows that say what came of them.
class Session {
 public:
  Session(Transaction& store, const Context& context, const Market& market)
      : store_(store), context_(context), market_(market) {}

  base::Status read(const Order* alone) {
    TARN_ASSIGN(ReadBook read, read_book(store_, context_, market_, alone));
    for (Closing& closing : read.closing) {
      considered_.push_back(closing.order);
      TARN_TRY(close_order(store_, context_, closing.order, closing.state, closing.reason));
    }
    book_ = std::move(read.book);
    for (const OpenBid& bid : book_.bids) considered_.push_back(bid.order);
    for (const OpenOffer& offer : book_.offers) considered_.push_back(offer.order);
    std::ranges::sort(considered_, {}, &Order::id);
    return {};
  }

  base::Status decide(const auction::clearing::Seed& seed) {
    if (auction::clearing::properties(market_.clearing.mechanism).windows)
      return clear(whole_call(market_, book_, context_.now), seed);
    for (const Window& window : products_of(book_, context_.limits->products_in_call, market_.next_number))
      TARN_TRY(clear(product_call(market_, book_, window), seed));
    return {};
  }

  // Leaves out, bid by bid, what cannot be carried out; the orders go on as if it had not been decided.
  base::Status leave_out() {
    std::map<std::size_t, std::vector<Match>> by_bid;
    for (const Deal& deal : deals_) by_bid[deal.bid].push_back(match_of(deal));
    std::map<std::size_t, std::string> reasons;
    Feasibility feasibility(store_, context_, market_);
    for (const auto& [place, matches] : by_bid) {
      const base::Status can = feasibility.take(book_.bids[place].order, matches);
      if (can.ok()) continue;
      if (can.error().code == base::Code::kStorage) return can;
      reasons[place] = can.error().message;
    }
    for (const Deal& deal : deals_)
      if (const auto why = reasons.find(deal.bid); why != reasons.end()) TARN_TRY(leave_out(deal, why->second));
    std::erase_if(deals_, [&](const Deal& deal) { return reasons.contains(deal.bid); });
    for (const auto& [place, why] : reasons) TARN_TRY(close_uncovered(book_.bids[place].order));
    return {};
  }

  base::Status carry_out(Id clearing) {
    TARN_TRY(serve_bids(clearing));
    TARN_TRY(update_offers());
    for (OpenBid& bid : book_.bids) TARN_TRY(end_immediate(bid.order));
    for (OpenOffer& offer : book_.offers) TARN_TRY(end_immediate(offer.order));
    return {};
  }

  Clearing summary() const;
  std::string transcript(const OperatorSeed& operator_seed, const auction::clearing::Seed& seed) const;
  const std::vector<Order>& considered() const { return considered_; }

 private:
  // What the mechanism refuses after all is told to the operator, and its orders wait: the other calls go on.
  base::Status clear(BuiltCall built, const auction::clearing::Seed& seed) {
    if (built.call.bids.empty() || built.call.asks.empty()) return {};
    built.call.seed = seed;
    auto outcome = auction::clearing::clear(built.call);
    if (!outcome.ok())
      return note(store_, context_, "market.call-failed", {id_text(IdKind::kMarket, market_.id), market_.id},
                  outcome.error().message, {});
    for (const Trade& trade : outcome->trades) {
      const std::int64_t gain = built.call.bids[trade.bid].price - built.call.asks[trade.ask].price;
      deals_.push_back({built.bids[trade.bid], built.offers[trade.ask], trade, window_of(market_, built, trade),
                        gain * trade.units * trade.slots});
      take(market_, built, trade, book_);
    }
    cleared_.push_back({std::move(built), std::move(*outcome)});
    return {};
  }

  // A bid's money is set free, becomes that of its contracts, and what it may still cost is set aside anew.
  base::Status serve_bids(Id clearing) {
    std::map<std::size_t, std::vector<const Deal*>> by_bid;
    for (const Deal& deal : deals_) by_bid[deal.bid].push_back(&deal);
    for (const auto& [place, deals] : by_bid) {
      Order& bid = book_.bids[place].order;
      TARN_TRY(release_escrow(store_, context_, bid));
      for (const Deal* deal : deals) TARN_TRY(make(*deal, clearing));
      if (bid.units_left == 0) {
        TARN_TRY(close_order(store_, context_, bid, Order::State::kMatched, "all of it was matched"));
        continue;
      }
      bid.state = Order::State::kPartlyMatched;
      TARN_TRY(set_escrow(store_, context_, market_, bid));
      TARN_TRY(store_.update_order(bid));
      TARN_TRY(note_partly(bid));
    }
    return {};
  }

  Match match_of(const Deal& deal) const {
    return {book_.bids[deal.bid].order,
            book_.offers[deal.offer].order,
            deal.trade.units,
            deal.window.from,
            deal.window.until,
            deal.trade.pays,
            deal.trade.gets};
  }

  // Why is for the operator: it may be another's business.
  base::Status leave_out(const Deal& deal, const std::string& why) {
    Order& bid = book_.bids[deal.bid].order;
    OpenOffer& offer = book_.offers[deal.offer];
    bid.units_left += deal.trade.units;
    CHECK(offer.used.remove(deal.window.from, deal.window.until, deal.trade.units));
    const std::string what = std::to_string(deal.trade.units) + " units of " + order_text(offer.order);
    TARN_TRY(note(store_, context_, "market.trade-left-out", {order_text(bid), market_.id}, what + ": " + why, {}));
    return note(store_, context_, "order.trade-left-out", {order_text(bid), market_.id},
                what + " were decided on and could not be carried out",
                {bid.terms.organisation, offer.order.terms.organisation});
  }

  // A bid that cannot pay would be in the way of others each time.
  base::Status close_uncovered(Order& bid) {
    TARN_ASSIGN(const bool covered, is_covered(store_, context_, market_, bid));
    if (covered) return {};
    return close_order(store_, context_, bid, Order::State::kCancelled, "what it may cost is not set aside for it");
  }

  base::Status make(const Deal& deal, Id clearing) {
    Match match = match_of(deal);
    match.clearing = clearing;
    TARN_TRY(make_contract(store_, context_, market_, match));
    return store_.insert_tick({0, market_.id, context_.now, price_an_hour(market_.slot_ms, price_of(deal.trade)),
                               deal.trade.units, deal.window.from, deal.window.until});
  }

  base::Status update_offers() {
    std::vector<std::size_t> places;
    for (const Deal& deal : deals_) places.push_back(deal.offer);
    std::ranges::sort(places);
    const auto repeated = std::ranges::unique(places);
    places.erase(repeated.begin(), repeated.end());
    for (const std::size_t place : places) {
      OpenOffer& offer = book_.offers[place];
      offer.order.units_left = units_left(market_, offer, context_.now);
      if (offer.order.units_left == 0) {
        TARN_TRY(close_order(store_, context_, offer.order, Order::State::kExhausted, "all of it was sold"));
        continue;
      }
      offer.order.state = Order::State::kPartlyMatched;
      TARN_TRY(store_.update_order(offer.order));
      TARN_TRY(note_partly(offer.order));
    }
    return {};
  }

  base::Status end_immediate(Order& order) {
    if (!is_open(order) || order.terms.in_force != TimeInForce::kImmediateOrCancel) return {};
    const bool some = order.state == Order::State::kPartlyMatched;
    return close_order(store_, context_, order, taken_back(order.terms.side),
                       some ? "it was immediate or cancel, and this much of it was there"
                            : "it was immediate or cancel, and nothing for it was there");
  }

  base::Status note_partly(const Order& order) {
    return note(store_, context_, "order.partly-matched", {order_text(order), market_.id},
                std::to_string(order.units_left) + " of " + std::to_string(order.terms.max_units) + " units are left",
                {order.terms.organisation});
  }

  // A unit and slot, rounded to the nearest.
  static std::int64_t price_of(const Trade& trade) {
    const std::int64_t unit_slots = std::int64_t{trade.units} * trade.slots;
    return (trade.pays + unit_slots / 2) / unit_slots;
  }

  Transaction& store_;
  const Context& context_;
  const Market& market_;
  OpenBook book_;
  std::vector<Order> considered_;  // by id, as they were
  std::vector<Cleared> cleared_;
  std::vector<Deal> deals_;
};

Clearing Session::summary() const {
  Clearing out;
  out.market = market_.id;
  out.number = market_.next_number;
  out.at = context_.now;
  for (const Order& order : considered_) ++(order.terms.side == Side::kBid ? out.bids : out.offers);
  out.trades = static_cast<std::uint32_t>(deals_.size());
  for (const Deal& deal : deals_) {
    out.units += deal.trade.units;
    out.welfare += deal.welfare;
    out.budget += deal.trade.pays - deal.trade.gets;
  }
  if (!deals_.empty()) out.price = price_of(deals_.back().trade);
  for (const Cleared& cleared : cleared_) out.upper_bound += cleared.outcome.upper_bound;
  return out;
}

std::string Session::transcript(const OperatorSeed& operator_seed, const auction::clearing::Seed& seed) const {
  auction::clearing::TranscriptHeader header;
  header.market = static_cast<std::uint64_t>(market_.id);
  header.number = market_.next_number;
  header.at = utc_text(context_.now);
  header.slot_ms = market_.slot_ms;
  header.commitment = market_.seed_commitment;
  header.operator_seed = operator_seed;
  header.seed = seed;
  for (const Order& order : considered_)
    header.orders.push_back({static_cast<std::uint64_t>(order.id), order_digest(order.document)});
  std::vector<auction::clearing::ClearedCall> calls;
  for (const Cleared& cleared : cleared_)
    calls.push_back({&cleared.built.call, &cleared.outcome, cleared.built.first_slot});
  return auction::clearing::transcript(header, calls);
}

std::int64_t next_call(const Market& market, std::int64_t now) {
  return (now / market.call_period_ms + 1) * market.call_period_ms;
}

}  // namespace

bool call_is_due(const Market& market, std::int64_t now) {
  if (market.state != Market::State::kOpen || market.call_period_ms == 0) return false;
  return market.next_call <= now || market.next_call > next_call(market, now);
}

base::Result<Clearing> clear_market(Transaction& store, const Context& context, Market market) {
  CHECK(market.state == Market::State::kOpen && market.call_period_ms > 0);
  TARN_ASSIGN(const OperatorSeed operator_seed, committed_seed(store, market));
  Session session(store, context, market);
  TARN_TRY(session.read(nullptr));
  std::vector<crypto::Digest> digests;
  for (const Order& order : session.considered()) digests.push_back(order_digest(order.document));
  const auction::clearing::Seed seed = tie_seed(operator_seed, digests);
  TARN_TRY(session.decide(seed));
  TARN_TRY(session.leave_out());
  Clearing clearing = session.summary();
  clearing.transcript = session.transcript(operator_seed, seed);
  TARN_ASSIGN(clearing.id, store.insert_clearing(clearing));
  TARN_TRY(session.carry_out(clearing.id));
  ++market.next_number;
  market.next_call = next_call(market, context.now);
  TARN_TRY(commit_to_seed(store, context, market));
  TARN_TRY(store.update_market(market));
  const std::string traded =
      std::to_string(clearing.trades) + " trades, " + std::to_string(clearing.units) + " units; ";
  TARN_TRY(note_everybody(store, context, "market.cleared", {id_text(IdKind::kClearing, clearing.id), market.id},
                          (market.trades_public ? traded : "") + commitment_text(market)));
  return clearing;
}

base::Status put_off_call(Transaction& store, const Context& context, Market market, std::string_view why) {
  if (!call_is_due(market, context.now)) return {};
  market.next_call = next_call(market, context.now);
  TARN_TRY(store.update_market(market));
  return note(store, context, "market.call-failed", {id_text(IdKind::kMarket, market.id), market.id}, std::string(why),
              {});
}

base::Status meet_book(Transaction& store, const Context& context, const Market& market, Id order) {
  TARN_ASSIGN(const Order alone, need_row(store.find_order(order)));
  Session session(store, context, market);
  TARN_TRY(session.read(&alone));
  TARN_TRY(session.decide({}));  // whoever came first is first: nothing is left to draw
  TARN_TRY(session.leave_out());
  return session.carry_out(0);
}

}  // namespace market
