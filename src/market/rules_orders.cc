// Orders: how one comes into the book, and out of it again.
#include "base/check.h"
#include "market/admission.h"
#include "market/clearing.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/orders.h"
#include "market/rules.h"
#include "market/terms.h"

namespace market {
namespace {

// What was signed for another service is not placed here, though that one may have given it away.
base::Status check_service(const Context& context, const Terms& terms) {
  CHECK(context.signer != nullptr);
  const OrganisationId here{context.signer->public_key()};
  if (terms.service == here.key) return {};
  return invalid("service", "is the key of another market: sign the order for this one, " + here.text());
}

// Of what the caller may not know it is as if it were not there.
base::Result<Order> known_order(Transaction& store, const Caller& caller, Id id) {
  TARN_ASSIGN(std::optional<Order> found, store.find_order(id));
  const bool known =
      found && (may(caller, Action::kShowEverything) || may(caller, Action::kShowOwn, found->terms.organisation));
  if (known) return std::move(*found);
  return not_found("There is no order of the number " + std::to_string(id) + ": look for it in the list");
}

}  // namespace

base::Result<Order> Rules::submit(const SignedTerms& given) {
  TARN_ASSIGN(const Terms terms, verified(given));
  TARN_TRY(allowed(caller_, Action::kTrade, terms.organisation));
  TARN_TRY(check_service(context_, terms));
  TARN_ASSIGN(const Market market, need(store_.find_market_named(terms.market), "market", terms.market));
  store_.foresee([&](Transaction& soon) {
    (void)soon.find_order(terms.organisation, terms.nonce);
    foresee_admission(soon, context_, market, terms);
  });
  TARN_ASSIGN(std::optional<Order> before, store_.find_order(terms.organisation, terms.nonce));
  if (before && before->document == given.document) return std::move(*before);  // whoever tries again gets it again
  if (before) return conflict("nonce: was used for another order: sign this one with a new one");
  TARN_ASSIGN(Order order, admitted(store_, context_, market, terms));
  order.document = given.document;
  order.signature = given.signature;
  TARN_ASSIGN(order.id, store_.insert_order(order));
  if (terms.side == Side::kBid) {
    TARN_TRY(set_escrow(store_, context_, market, order));
    if (order.escrow) TARN_TRY(store_.update_order(order));
  }
  TARN_TRY(note(store_, context_, "order.accepted", {order_text(order), order.market}, "", {terms.organisation}));
  if (market.call_period_ms != 0) return order;
  TARN_TRY(meet_book(store_, context_, market, order.id));
  return need_row(store_.find_order(order.id));
}

base::Result<Order> Rules::cancel(Id id) {
  TARN_ASSIGN(Order order, known_order(store_, caller_, id));
  TARN_TRY(allowed(caller_, Action::kTrade, order.terms.organisation));
  if (!is_open(order)) return conflict(order_text(order) + " is closed already: " + order.reason);
  TARN_TRY(close_order(store_, context_, order, taken_back(order.terms.side), "taken back by its organisation"));
  return order;
}

base::Result<Order> Rules::order(Id id) { return known_order(store_, caller_, id); }

Rows<Order> Rules::orders(OrderFilter filter, const Page& page) {
  if (!may(caller_, Action::kShowEverything)) {
    TARN_TRY(allowed(caller_, Action::kShowOwn, filter.organisation ? filter.organisation : caller_.organisation));
    filter.organisation = caller_.organisation;
  }
  return store_.orders(filter, bounded(page));
}

base::Result<Clearing> Rules::clear(std::string_view market) {
  TARN_TRY(allowed(caller_, Action::kManageMarkets));
  TARN_ASSIGN(Market found, need(store_.find_market_named(market), "market", market));
  if (found.state != Market::State::kOpen) return conflict(named("market", market) + " is closed");
  if (found.call_period_ms == 0) return conflict(named("market", market) + " has no calls: orders meet at once");
  return clear_market(store_, context_, found);
}

}  // namespace market
