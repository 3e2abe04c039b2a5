#include "market/orders.h"

#include "base/check.h"
#include "ledger/rules.h"
#include "market/grid.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/market_account.h"
#include "market/rules.h"

namespace market {
namespace {

std::string_view event_of(Order::State state) {
  switch (state) {
    case Order::State::kOpen: return "order.accepted";
    case Order::State::kPartlyMatched: return "order.partly-matched";
    case Order::State::kMatched: return "order.matched";
    case Order::State::kExhausted: return "order.exhausted";
    case Order::State::kExpired: return "order.expired";
    case Order::State::kCancelled: return "order.cancelled";
    case Order::State::kWithdrawn: return "order.withdrawn";
  }
  return "order.closed";
}

}  // namespace

std::int64_t worst_cost(const Market& market, const Order& bid) {
  const auto price = price_a_slot(market.slot_ms, bid.terms.price);
  CHECK(price.ok());  // or it had not been accepted
  return *price * bid.units_left * (bid.terms.max_duration_ms / market.slot_ms);
}

base::Status set_escrow(Transaction& store, const Context& context, const Market& market, Order& bid) {
  CHECK(!bid.escrow);
  const std::int64_t cost = worst_cost(market, bid);
  if (cost == 0) return {};
  ledger::NewTransfer transfer;
  // What is left only falls, so each time has a key of its own.
  transfer.key = order_text(bid) + "/escrow/" + std::to_string(bid.units_left);
  store.foresee([&](Transaction& soon) {
    (void)ledger::Rules(soon, context.now).member_account(market.currency, bid.terms.organisation);
    (void)market_account(soon, market);
    (void)soon.find_transfer(transfer.key);
  });
  ledger::Rules ledger(store, context.now);
  TARN_ASSIGN(const ledger::Account buyer, ledger.member_account(market.currency, bid.terms.organisation));
  TARN_ASSIGN(const ledger::Account own, market_account(store, market));
  transfer.kind = ledger::TransferKind::kPending;
  transfer.debit = buyer.id;
  transfer.credit = own.id;
  transfer.amount = cost;
  transfer.reason = ledger::Reason::kEscrow;
  transfer.reference = order_text(bid);
  TARN_ASSIGN(bid.escrow, ledger.make(transfer));
  return {};
}

base::Status release_escrow(Transaction& store, const Context& context, Order& bid) {
  if (!bid.escrow) return {};
  ledger::NewTransfer transfer;
  transfer.key = order_text(bid) + "/release/" + std::to_string(*bid.escrow);
  transfer.kind = ledger::TransferKind::kVoid;
  transfer.pending = bid.escrow;
  transfer.reason = ledger::Reason::kRelease;
  transfer.reference = order_text(bid);
  TARN_TRY(ledger::Rules(store, context.now).make(transfer));
  bid.escrow.reset();
  return {};
}

base::Result<bool> is_covered(Transaction& store, const Context& context, const Market& market, const Order& bid) {
  std::int64_t left = 0;
  if (bid.escrow) {
    TARN_ASSIGN(left, ledger::Rules(store, context.now).left(*bid.escrow));
  }
  return left >= worst_cost(market, bid);
}

Order::State taken_back(Side side) { return side == Side::kBid ? Order::State::kCancelled : Order::State::kWithdrawn; }

base::Status close_order(Transaction& store, const Context& context, Order& order, Order::State state,
                         std::string_view reason) {
  if (!is_open(order)) return {};
  TARN_TRY(release_escrow(store, context, order));
  order.state = state;
  order.closed_at = context.now;
  order.reason = reason;
  TARN_TRY(store.update_order(order));
  return note(store, context, event_of(state), {order_text(order), order.market}, order.reason,
              {order.terms.organisation});
}

Rows<Order> open_orders(Transaction& store, OrderFilter which) {
  which.open = true;
  return all_rows<Order>(kAllRows, [&](const Page& page) { return store.orders(which, page); });
}

base::Status close_orders(Transaction& store, const Context& context, OrderFilter which, std::string_view reason) {
  TARN_ASSIGN(std::vector<Order> orders, open_orders(store, which));
  for (Order& order : orders) TARN_TRY(close_order(store, context, order, taken_back(order.terms.side), reason));
  return {};
}

}  // namespace market
