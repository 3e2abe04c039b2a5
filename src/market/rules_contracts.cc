// Contracts as their parties have them: shown, cancelled, called back, renewed.
#include <algorithm>

#include "market/caps.h"
#include "market/contract_document.h"
#include "market/contracts.h"
#include "market/grid.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/rules.h"
#include "model/duration.h"

namespace market {
namespace {

// Who is no party hears that there is none.
base::Result<Contract> visible(Transaction& store, const Caller& caller, Id id) {
  TARN_ASSIGN(const std::optional<Contract> found, store.find_contract(id));
  const bool party = found && caller.organisation &&
                     (found->buyer == *caller.organisation ||  //
                      found->seller == *caller.organisation);
  if (found && (party || caller.sees_everything())) return *found;
  return not_found("There is no " + id_text(IdKind::kContract, id) + ": look for it in the list");
}

base::Result<Contract> live_for(Transaction& store, const Caller& caller, Id id, Side side) {
  TARN_TRY(allowed(caller, Action::kEndContract, caller.organisation));
  TARN_ASSIGN(const Contract contract, visible(store, caller, id));
  const OrganisationId& whose = side == Side::kBid ? contract.buyer : contract.seller;
  if (caller.organisation != whose)
    return forbidden(std::string("only the ") + (side == Side::kBid ? "buyer" : "seller") +
                     " of a contract may do that");
  if (is_live(contract)) return contract;
  return conflict(id_text(IdKind::kContract, id) + " has ended already");
}

// One sentence, whether or not who says why ends it with a point.
std::string because(std::string what, std::string_view why) {
  if (!why.empty()) what.append(": ").append(why);
  if (!what.ends_with('.')) what += '.';
  return what;
}

bool excluded(const Terms& offer, std::int64_t from, std::int64_t until) {
  return std::ranges::any_of(offer.closed,
                             [&](const Window& closed) { return closed.from < until && from < closed.until; });
}

base::Status may_renew(Transaction& store, const Contract& contract) {
  if (!contract.renewable) return conflict("its offer does not allow to renew it: place a bid");
  if (contract.reclaim_at != 0) return conflict("its owner has called it back");
  if (contract.renewal_of && contract.state != Contract::State::kActive)
    return conflict("it is a renewal itself: renew it once it has begun");
  TARN_ASSIGN(const std::optional<Contract> renewal, renewal_of(store, contract));
  if (renewal) return conflict("it is renewed already, by " + id_text(IdKind::kContract, renewal->id));
  return {};
}

base::Status check_until(const Market& market, const Contract& contract, const Order& offer, std::int64_t now,
                         std::int64_t until) {
  if (until <= contract.end) return invalid("until", "has to be later than the end of the contract");
  if (!on_grid(market.slot_ms, until))
    return invalid("until", "has to be a whole slot of " + model::duration_text(market.slot_ms) + " (UTC)");
  if (until - contract.end > market.max_duration_ms) return invalid("until", "is longer than the market allows");
  if (until - now > market.horizon_ms) return invalid("until", "is beyond the horizon of the market");
  if (until > offer.terms.latest || excluded(offer.terms, contract.end, until))
    return conflict("its offer does not reach so far");
  return {};
}

// The market with the penalties and fee of the contract, which a renewal keeps whatever the rules say now.
base::Result<Market> as_agreed(Market market, const Contract& contract) {
  const auto document = ContractDocument::decode(contract.document);
  if (!document)
    return base::Error{base::Code::kStorage, id_text(IdKind::kContract, contract.id) + ": its document is damaged"};
  market.penalties = contract.penalties;
  market.fee_bp = document->terms.fee_bp;
  return market;
}

// Where the market had added a part of what the seller got, the buyer's alone may be less than the offer asks for.
base::Status check_reserve(const Market& market, const Match& match) {
  TARN_ASSIGN(const std::int64_t reserve, price_a_slot(market.slot_ms, match.offer.terms.price));
  if (match.gets >= reserve * match.units * ((match.end - match.start) / market.slot_ms)) return {};
  return conflict("what its buyer pays is less than its offer asks for, and the market adds nothing to a renewal");
}

// At the same price a unit and slot. The market adds nothing to a renewal: it bounded what it adds to its calls alone.
Match renewed(const Contract& contract, Order bid, Order offer, std::int64_t until) {
  const auto slots = static_cast<std::uint64_t>((until - contract.end) / slot_ms(contract));
  Match out;
  out.bid = std::move(bid);
  out.offer = std::move(offer);
  out.units = contract.units;
  out.start = contract.end;
  out.end = until;
  out.pays = for_slots(contract.pays, contract.slots, slots);
  out.gets = std::min(for_slots(contract.gets, contract.slots, slots), out.pays);
  out.renewal_of = contract.id;
  return out;
}

}  // namespace

base::Result<ContractView> Rules::contract(Id id) {
  TARN_TRY(allowed(caller_, Action::kShowOwn, caller_.organisation));
  ContractView out;
  TARN_ASSIGN(out.contract, visible(store_, caller_, id));
  TARN_ASSIGN(out.leases, leases_of(store_, out.contract));
  return out;
}

Rows<Contract> Rules::contracts(ContractFilter filter, const Page& page) {
  TARN_TRY(allowed(caller_, Action::kShowOwn, caller_.organisation));
  if (!caller_.sees_everything()) filter.party = caller_.organisation;
  return store_.contracts(filter, bounded(page));
}

base::Result<Contract> Rules::cancel_contract(Id id, std::string_view why) {
  TARN_TRY(check_reason("why", why));
  TARN_ASSIGN(const Contract contract, live_for(store_, caller_, id, Side::kBid));
  const std::string reason = because("Its buyer cancelled it", why);
  return end_contract(store_, context_, contract, Cause::kBuyerCancels, std::min(context_.now, contract.end), reason);
}

base::Result<Contract> Rules::reclaim(Id id, std::string_view why) {
  TARN_TRY(check_reason("why", why));
  TARN_ASSIGN(const Contract contract, live_for(store_, caller_, id, Side::kOffer));
  if (contract.notice_ms == 0) return conflict("its offer does not allow to call it back");
  if (contract.reclaim_at != 0) return conflict("it is called back already");
  const std::int64_t at = context_.now + contract.notice_ms;
  if (at >= contract.end) return conflict("it ends before the notice is over");
  return call_back(store_, context_, contract, at, because("Its owner called it back", why));
}

base::Result<Contract> Rules::renew(Id id, std::int64_t until) {
  TARN_ASSIGN(const Contract contract, live_for(store_, caller_, id, Side::kBid));
  TARN_TRY(may_renew(store_, contract));
  TARN_ASSIGN(const Market market, need_row(store_.find_market(contract.market)));
  if (market.state != Market::State::kOpen) return conflict("the market is closed");
  TARN_ASSIGN(const Member buyer, need_row(store_.find_member(contract.buyer)));
  TARN_ASSIGN(const Member seller, need_row(store_.find_member(contract.seller)));
  if (buyer.suspended || seller.suspended) return conflict("a suspended member trades nothing new");
  TARN_ASSIGN(Order bid, need_row(store_.find_order(contract.bid)));
  TARN_ASSIGN(Order offer, need_row(store_.find_order(contract.offer)));
  TARN_TRY(check_until(market, contract, offer, context_.now, until));
  const auto slots = static_cast<std::uint64_t>((until - contract.end) / market.slot_ms);
  TARN_TRY(check_caps(store_, market, contract.buyer,
                      {.units = contract.units, .window = {contract.end, until}, .slots = slots}));
  const Match match = renewed(contract, std::move(bid), std::move(offer), until);
  TARN_TRY(check_reserve(market, match));
  TARN_ASSIGN(const Market rules, as_agreed(market, contract));
  return make_contract(store_, context_, rules, match);
}

}  // namespace market
