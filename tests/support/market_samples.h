// Rows for tests of the market's stores: of each type one in which every field says something, and worlds of many.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "ledger/rules.h"
#include "market/store.h"

namespace support {

inline market::OrganisationId organisation(std::uint8_t number) {
  market::OrganisationId id;
  for (std::size_t i = 0; i < id.key.size(); ++i) id.key[i] = static_cast<std::uint8_t>(number * 7 + i);
  return id;
}
template <std::size_t N>
std::array<std::uint8_t, N> bytes(std::uint8_t from) {
  std::array<std::uint8_t, N> out{};
  for (std::uint8_t& byte : out) byte = from++;
  return out;
}

// What other rows name.
struct MarketRows {
  market::Id currency = 0, account = 0, other_account = 0, transfer = 0, market = 0, lot = 0, order = 0, clearing = 0,
             contract = 0;
};

inline market::Market full_market(market::Id currency) {
  market::Market m;
  m.name = "spot";
  m.state = market::Market::State::kClosed;
  m.clearing = {market::Mechanism::kCombinatorial, 250, 77, auction::clearing::Payments::kThreshold, 1ULL << 63};
  m.slot_ms = 900'000, m.call_period_ms = 60'000, m.next_call = 1'800'000'000'000;
  m.currency = currency;
  m.product = "cpu >= 4 and site = 'bos'";
  m.horizon_ms = 1'000, m.max_duration_ms = 2'000;
  m.max_open_orders = 4'000'000'000U, m.max_units_at_once = 5, m.max_unit_slots = ~0ULL;
  m.fee_bp = 30;
  m.penalties = {1, 2, 3};
  m.depth_public = false, m.trades_public = true, m.transcripts_public = false;
  m.revision = 9, m.created = 11;
  m.seed_commitment = bytes<32>(100);
  m.next_number = 12;
  return m;
}

inline market::Lot full_lot() {
  return {.id = 0,
          .owner = organisation(1),
          .name = "rack-1",
          .kind = market::Lot::Kind::kServer,
          .capacity = 17,
          .attributes = {{"cpu", "1"}, {"gpu.model", "a100; ? it’s"}, {"", ""}},
          .from = -5,
          .until = 1'900'000'000'000,
          .inventory_offer = "offer-1",
          .state = market::Lot::State::kWithdrawn,
          .created = 3};
}

inline market::Order full_order(const MarketRows& rows) {
  market::Order order;
  order.market = rows.market;
  market::Terms& terms = order.terms;
  terms.service = bytes<32>(6);
  terms.market = "spot", terms.market_revision = 4;
  terms.side = market::Side::kOffer;
  terms.organisation = organisation(2);
  terms.nonce = bytes<16>(7);
  terms.price = 1'000'001;
  terms.min_units = 2, terms.max_units = 4'096;
  terms.earliest = 10, terms.latest = 20, terms.min_duration_ms = 3, terms.max_duration_ms = 4;
  terms.in_force = market::TimeInForce::kImmediateOrCancel;
  terms.expires = 1'800'000'000'001;
  terms.query = "cpu >= 1", terms.same_site = true, terms.least_notice_ms = 5;
  terms.lot = "rack-1", terms.contract = rows.contract == 0 ? std::nullopt : std::optional(rows.contract);
  terms.buyers = {organisation(3), organisation(4)};
  terms.groups = {"friends", ""};
  terms.notice_ms = 6;
  terms.closed = {{1, 2}, {-3, 1'800'000'000'000}};
  terms.renewable = true;
  order.document = {0, 1, 0xff};
  order.signature = bytes<64>(9);
  order.state = market::Order::State::kPartlyMatched;
  order.units_left = 3;
  order.lot = rows.lot;
  order.accepted = 100, order.closed_at = 200;
  order.reason = "because";
  order.escrow = rows.transfer;
  return order;
}

inline market::Contract full_contract(const MarketRows& rows) {
  market::Contract c;
  c.market = rows.market, c.clearing = rows.clearing, c.bid = rows.order, c.offer = rows.order, c.lot = rows.lot;
  if (rows.contract != 0) c.resale_of = c.renewal_of = rows.contract;
  c.buyer = organisation(5), c.seller = organisation(6);
  c.units = 7, c.start = 1, c.end = 2, c.pays = 30, c.gets = 20, c.notice_ms = 4;
  c.renewable = true;
  c.penalties = {5, 6, 7};
  c.state = market::Contract::State::kBreached;
  c.reason = "it did not come";
  c.made = 8, c.ended_at = 9, c.reclaim_at = 10, c.due_at = 11;
  c.slots = 12, c.settled_slots = 13, c.paid = 14, c.got = 15;
  c.escrow = rows.transfer, c.margin = rows.transfer;
  c.document = {9, 8, 7};
  c.signature = bytes<64>(77);
  return c;
}

// A currency, two accounts, a transfer and a market with a lot, an order, a clearing and a contract.
inline base::Result<MarketRows> full_rows(market::Transaction& t) {
  MarketRows rows;
  TARN_ASSIGN(rows.currency, t.insert_currency({0, "credits"}));
  ledger::Account account;
  account.currency = rows.currency;
  account.kind = ledger::AccountKind::kMarket;
  account.name = "one";
  account.credit_limit = account.highest_limit = ledger::kUnlimited;
  TARN_ASSIGN(rows.account, t.insert_account(account));
  account.name = "other";
  TARN_ASSIGN(rows.other_account, t.insert_account(account));
  TARN_ASSIGN(rows.transfer, t.insert_transfer({.key = "first",
                                                .kind = ledger::TransferKind::kPending,
                                                .debit = rows.account,
                                                .credit = rows.other_account,
                                                .amount = 5}));
  TARN_ASSIGN(rows.market, t.insert_market(full_market(rows.currency)));
  TARN_ASSIGN(rows.lot, t.insert_lot(full_lot()));
  TARN_ASSIGN(rows.order, t.insert_order(full_order(rows)));
  market::Clearing clearing;
  clearing.market = rows.market, clearing.number = 1;
  TARN_ASSIGN(rows.clearing, t.insert_clearing(clearing));
  TARN_ASSIGN(rows.contract, t.insert_contract(full_contract(rows)));
  return rows;
}

}  // namespace support
