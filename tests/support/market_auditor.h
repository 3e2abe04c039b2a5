// An auditor of a whole market: looks at every row of it and says, in words, what cannot be. It is written from the
// rules as people read them (docs/market/settlement.md, market/types.h), and shares nothing with the code that keeps
// them but the rows themselves. look() also compares with what it saw last, so it has to look after every step; with
// `clock_ran`, what was due by then has to be done.
// Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/memory_market_store.h"

namespace support {

class MarketAuditor {
 public:
  std::vector<std::string> look(const MarketTables& tables, std::int64_t now, bool clock_ran) {
    t_ = &tables;
    findings_.clear();
    sort_out();
    for (const auto& [id, lot] : t_->lots) look_at_lot(lot);
    for (const auto& [id, contract] : t_->contracts) look_at_contract(contract, now, clock_ran);
    for (const auto& [id, lease] : t_->leases) look_at_lease(lease, now, clock_ran);
    for (const auto& [id, order] : t_->orders) look_at_order(order);
    look_at_money();
    look_at_changes();
    before_ = tables;
    return findings_;
  }

 private:
  using Contract = market::Contract;
  using Lease = market::Lease;
  using Order = market::Order;
  using Id = market::Id;

  static bool live(const Contract& c) {
    return c.state == Contract::State::kProposed || c.state == Contract::State::kSigned ||
           c.state == Contract::State::kActive;
  }
  static bool open(const Order& o) { return o.state == Order::State::kOpen || o.state == Order::State::kPartlyMatched; }
  // Somebody may still be on the server, or something of somebody.
  static bool there(const Lease& l) {
    return l.state != Lease::State::kScheduled && l.state != Lease::State::kEnded && l.freed == 0;
  }
  static bool running(const Lease& l) {
    return l.state == Lease::State::kProvisioning || l.state == Lease::State::kActive ||
           l.state == Lease::State::kReclaiming;
  }
  static std::int64_t until(const Contract& c) { return c.reclaim_at == 0 ? c.end : std::min(c.end, c.reclaim_at); }
  static std::int64_t slot_ms(const Contract& c) { return (c.end - c.start) / c.slots; }
  static std::string name(const Contract& c) { return "ctr_" + std::to_string(c.id); }

  void found(const std::string& what) { findings_.push_back(what); }
  void must(bool good, const std::string& what) {
    if (!good) found(what);
  }

  // What is looked for again and again.
  void sort_out() {
    leases_of_.clear(), penalties_of_.clear(), promised_of_.clear(), resold_of_.clear();
    for (const auto& [id, lease] : t_->leases) leases_of_[lease.contract].push_back(&lease);
    for (const auto& [id, t] : t_->transfers) {
      const bool penalty = t.reason == ledger::Reason::kFailurePenalty || t.reason == ledger::Reason::kReclaimPenalty ||
                           t.reason == ledger::Reason::kCancelPenalty;
      if (penalty) penalties_of_[t.reference].push_back(&t);
    }
    for (const auto& [id, c] : t_->contracts) {
      if (!live(c)) continue;
      if (c.resale_of)
        resold_of_[*c.resale_of].push_back(&c);
      else
        promised_of_[c.lot].push_back(&c);
    }
  }

  // No unit in two leases, now or in what is promised.
  void look_at_lot(const market::Lot& lot) {
    std::size_t on_it = 0;
    std::set<std::int64_t> moments;
    const std::vector<const Contract*>& promised = promised_of_[lot.id];
    for (const auto& [id, lease] : t_->leases)
      if (lease.lot == lot.id && there(lease) && !t_->contracts.at(lease.contract).resale_of) ++on_it;
    must(on_it <= lot.capacity, "lot " + lot.name + " has " + std::to_string(on_it) + " leases on it");
    for (const Contract* c : promised) {
      moments.insert(c->start);
      must(lot.from <= c->start && c->end <= lot.until, name(*c) + " is outside of its lot's window");
    }
    for (const std::int64_t moment : moments) {
      std::uint64_t units = 0;
      for (const Contract* c : promised)
        if (c->start <= moment && moment < until(*c)) units += c->units;
      must(units <= lot.capacity, "lot " + lot.name + " is promised " + std::to_string(units) + " times");
    }
  }

  void look_at_contract(const Contract& c, std::int64_t now, bool clock_ran) {
    must(live(c) || (!c.reason.empty() && c.ended_at != 0), name(c) + " ended without a reason and time");
    must(live(c) || c.due_at == 0, name(c) + " has ended, and something is due");
    if (c.resale_of) look_at_resale(c);
    look_at_escrow(c);
    look_at_penalty(c);
    if (!live(c)) look_at_ended(c);
    if (!clock_ran) return;
    must(c.state != Contract::State::kSigned || c.start > now, name(c) + " should have started");
    must(!live(c) || until(c) > now, name(c) + " should have ended");
    if (c.state == Contract::State::kActive) {
      must(c.start <= now, name(c) + " started before its time");
      must(c.settled_slots == (now - c.start) / slot_ms(c), name(c) + " is not settled until now");
      must(c.paid == owed(c, c.pays, c.gets, true) && c.got == owed(c, c.pays, c.gets, false),
           name(c) + " was not paid what was delivered");
    }
  }

  static bool called_back(const Contract& c) {
    return c.state == Contract::State::kCancelled && c.reclaim_at != 0 && c.ended_at == c.reclaim_at;
  }

  // Paid is what was delivered when it ended, and the slot that had begun only by a buyer who cancelled.
  void look_at_ended(const Contract& c) {
    const std::int64_t time = std::max<std::int64_t>(0, c.ended_at - c.start);
    const bool begun = time % slot_ms(c) != 0 && c.state == Contract::State::kCancelled && !called_back(c);
    must(c.settled_slots == time / slot_ms(c) + (begun ? 1 : 0), name(c) + " was not settled until its end");
    for (const auto& [id, lease] : t_->leases) {
      if (lease.contract != c.id) continue;  // those of a contract that was renewed have gone on
      must(c.paid == owed(c, c.pays, c.gets, true) && c.got == owed(c, c.pays, c.gets, false),
           name(c) + " has ended, and was not paid what was delivered");
      return;
    }
  }

  void look_at_resale(const Contract& c) {
    const Contract& from = t_->contracts.at(*c.resale_of);
    must(c.seller == from.buyer, name(c) + " was not its seller's");
    if (!live(c)) return;
    must(live(from) && from.start <= c.start && until(c) <= until(from), name(c) + " is outside of what it resells");
    std::uint64_t units = 0;
    for (const Contract* other : resold_of_[*c.resale_of])
      if (other->start <= c.start && c.start < until(*other)) units += other->units;
    must(units <= from.units, name(c) + " is resold more than once");
  }

  // Unit by unit and slot by slot.
  std::int64_t owed(const Contract& c, std::int64_t pays, std::int64_t gets, bool buyer) {
    std::int64_t delivered = 0;
    for (std::uint32_t slot = 0; slot < c.settled_slots; ++slot)
      for (const Lease* lease : leases_of_[c.id])
        if (lease->active_since != 0 && lease->active_since < c.start + (std::int64_t{slot} + 1) * slot_ms(c))
          ++delivered;
    const std::int64_t whole = std::int64_t{c.units} * c.slots, low = std::min(pays, gets);
    const std::int64_t margin = buyer ? pays - low : gets - low;
    return low * delivered / whole + margin * delivered / whole;
  }

  std::int64_t left(const std::optional<ledger::Id>& pending) const {
    if (!pending) return 0;
    const auto row = t_->pendings.find(*pending);
    return row == t_->pendings.end() ? 0 : row->second.left;
  }

  void look_at_escrow(const Contract& c) {
    if (!live(c)) {
      must(left(c.escrow) == 0 && left(c.margin) == 0, name(c) + " has ended, and its escrow has not");
      return;
    }
    const std::int64_t price = std::min(c.pays, c.gets) - std::min(c.paid, c.got);
    const std::int64_t margin = std::max(c.pays, c.gets) - std::max(c.paid, c.got) - price;
    must(left(c.escrow) == price, name(c) + " has not the rest of its price in escrow");
    must(left(c.margin) == margin, name(c) + " has not the rest of its margin in escrow");
  }

  void look_at_penalty(const Contract& c) {
    std::int64_t paid = 0;
    std::set<ledger::Reason> reasons;
    if (const auto penalties = penalties_of_.find(name(c)); penalties != penalties_of_.end())
      for (const ledger::Transfer* t : penalties->second) {
        paid += t->amount;
        reasons.insert(t->reason);
      }
    must(reasons.size() <= 1, name(c) + " had two penalties");
    std::int64_t owed = 0;
    if (c.state == Contract::State::kBreached) owed = (c.pays - c.paid) * c.penalties.failure_bp / 10'000;
    if (c.state == Contract::State::kCancelled) {
      const std::int64_t after = c.pays - c.pays * c.settled_slots / c.slots;  // of the slots that it cut off
      owed = after * (called_back(c) ? c.penalties.reclaim_bp : c.penalties.cancel_bp) / 10'000;
    }
    const bool said = c.reason.find(" of it.") != std::string::npos;
    must(paid == owed || (paid < owed && said),
         name(c) + " had a penalty of " + std::to_string(paid) + " instead of " + std::to_string(owed));
  }

  void look_at_lease(const Lease& l, std::int64_t now, bool clock_ran) {
    const std::string who = "lse_" + std::to_string(l.id);
    const Contract& c = t_->contracts.at(l.contract);
    must(!running(l) || c.state == Contract::State::kActive, who + " is running, and its contract is not");
    must(l.state != Lease::State::kScheduled || live(c), who + " waits for a contract that has ended");
    must(l.active_since == 0 || l.active_since >= l.start, who + " was active before its time");
    if (!clock_ran) return;
    must(!running(l) || now < l.end, who + " runs on beyond its end");
    must(!running(l) || now < until(c), who + " runs on beyond what is paid");
  }

  void look_at_order(const Order& o) {
    const std::string who = "order " + std::to_string(o.id);
    must(open(o) || (!o.reason.empty() && o.closed_at != 0), who + " was closed without a reason and time");
    if (!open(o)) {
      must(left(o.escrow) == 0, who + " is closed, and its escrow is not");
      return;
    }
    if (o.terms.side != market::Side::kBid) return;
    const market::Market& market = t_->markets.at(o.market);
    const std::int64_t slot_price = o.terms.price * market.slot_ms / 3'600'000;
    const std::int64_t worst = slot_price * o.units_left * (o.terms.max_duration_ms / market.slot_ms);
    must(left(o.escrow) == worst, who + " has not what it may cost in escrow");
  }

  // The accounts are what the journal says; nothing is made, lost, overdrawn, or set aside for nothing.
  void look_at_money() {
    struct Sums {
      std::int64_t debits = 0, credits = 0, pending_debits = 0, pending_credits = 0;
    };
    std::map<ledger::Id, Sums> sums;
    std::map<ledger::Id, std::int64_t> rest;
    for (const auto& [id, t] : t_->transfers) {
      const bool moves = t.kind == ledger::TransferKind::kPosted || t.kind == ledger::TransferKind::kPost;
      if (moves) sums[t.debit].debits += t.amount, sums[t.credit].credits += t.amount;
      const std::int64_t set_aside = t.kind == ledger::TransferKind::kPending ? t.amount : t.pending ? -t.amount : 0;
      sums[t.debit].pending_debits += set_aside, sums[t.credit].pending_credits += set_aside;
      if (set_aside != 0) rest[t.pending.value_or(t.id)] += set_aside;
    }
    std::map<ledger::Id, std::int64_t> whole;
    for (const auto& [id, a] : t_->accounts) {
      const Sums& s = sums[id];
      must(a.debits_posted == s.debits && a.credits_posted == s.credits && a.debits_pending == s.pending_debits &&
               a.credits_pending == s.pending_credits,
           "account " + a.name + " is not what the journal says");
      must(a.credit_limit == ledger::kUnlimited || s.credits - s.debits + a.credit_limit >= s.pending_debits,
           "account " + a.name + " is overdrawn");
      whole[a.currency] += s.credits - s.debits;
    }
    for (const auto& [currency, sum] : whole) must(sum == 0, "a currency does not add up to nothing");
    std::set<ledger::Id> known;
    for (const auto& [id, c] : t_->contracts)
      if (live(c)) known.insert(c.escrow.value_or(0)), known.insert(c.margin.value_or(0));
    for (const auto& [id, o] : t_->orders)
      if (open(o)) known.insert(o.escrow.value_or(0));
    for (const auto& [id, amount] : rest) {
      must(amount == left(id), "what is left of transfer " + std::to_string(id) + " is not what the journal says");
      must(amount == 0 || known.contains(id), "transfer " + std::to_string(id) + " sets money aside for nothing");
    }
  }

  // Along the arrows, and told.
  void look_at_changes() {
    using C = Contract::State;
    using L = Lease::State;
    static const std::map<C, std::set<C>> kContracts{
        {C::kProposed, {C::kSigned, C::kActive, C::kCompleted, C::kCancelled, C::kBreached}},
        {C::kSigned, {C::kActive, C::kCompleted, C::kCancelled, C::kBreached}},
        {C::kActive, {C::kCompleted, C::kCancelled, C::kBreached}}};
    using O = Order::State;
    static const std::set<O> kClosed{O::kMatched, O::kExhausted, O::kExpired, O::kCancelled, O::kWithdrawn};
    static const std::map<O, std::set<O>> kOrders{
        {O::kOpen, {O::kPartlyMatched, O::kMatched, O::kExhausted, O::kExpired, O::kCancelled, O::kWithdrawn}},
        {O::kPartlyMatched, kClosed}};
    static const std::map<L, std::set<L>> kLeases{
        {L::kScheduled, {L::kProvisioning, L::kActive, L::kReclaiming, L::kEnding, L::kEnded, L::kFailed}},
        {L::kProvisioning, {L::kActive, L::kReclaiming, L::kEnding, L::kEnded, L::kFailed}},
        {L::kActive, {L::kReclaiming, L::kEnding, L::kEnded, L::kFailed}},
        {L::kReclaiming, {L::kEnding, L::kEnded, L::kFailed}},
        {L::kEnding, {L::kEnded, L::kFailed}}};
    std::set<std::string> told;
    for (const auto& [id, event] : t_->events)
      if (!before_.events.contains(id)) told.insert(event.subject);
    compare(before_.contracts, t_->contracts, kContracts, told, "ctr_");
    compare(before_.leases, t_->leases, kLeases, told, "lse_");
    compare(before_.orders, t_->orders, kOrders, told, "");
    for (const auto& [id, order] : t_->orders)
      must(order.reason.empty() == open(order), name(order, "") + " is closed without a reason, or open with one");
  }
  template <class Row>
  static std::string name(const Row& row, const std::string& prefix) {
    return prefix + std::to_string(row.id);
  }
  static std::string name(const Order& row, const std::string&) {
    return (row.terms.side == market::Side::kBid ? "bid_" : "off_") + std::to_string(row.id);
  }
  template <class Row, class Arrows>
  void compare(const MemoryRows<Row>& old, const MemoryRows<Row>& rows, const Arrows& arrows,
               const std::set<std::string>& told, const std::string& prefix) {
    for (const auto& [id, was] : old) {
      const auto now = rows.find(id);
      const std::string who = name(was, prefix);
      if (now == rows.end()) {
        found(who + " is gone");
        continue;
      }
      if (now->second.state == was.state) continue;
      const auto from = arrows.find(was.state);
      must(from != arrows.end() && from->second.contains(now->second.state), who + " changed along no arrow");
      must(told.contains(who), who + " changed, and nobody was told");
    }
  }

  const MarketTables* t_ = nullptr;
  MarketTables before_;
  std::map<Id, std::vector<const Lease*>> leases_of_;                         // by contract
  std::map<std::string, std::vector<const ledger::Transfer*>> penalties_of_;  // by what they are about
  std::map<Id, std::vector<const Contract*>> promised_of_, resold_of_;        // live, by lot and by contract
  std::vector<std::string> findings_;
};

}  // namespace support
