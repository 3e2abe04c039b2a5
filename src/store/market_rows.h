// How the nouns of the ledger and the market lie in their tables: for each a table, its columns (after `id`), and the way
// there and back. What is left of pending transfers, policies, seeds and kept replies have no id of their own and are
// where they are asked for (market_store_….cc).
#pragma once

#include <optional>
#include <string_view>

#include "ledger/types.h"
#include "market/types.h"
#include "store/sql_rows.h"

namespace store {

market::OrganisationId organisation_of(SqlColumns& in);
SqlValue as_value(const market::OrganisationId& organisation);
std::optional<base::ByteView> as_value(const std::optional<market::OrganisationId>& organisation);  // a view of it

template <>
struct Mapping<ledger::Currency> {
  static constexpr std::string_view kTable = "currencies", kColumns = "name";
  static ledger::Currency read(SqlColumns in);
  static SqlValues write(const ledger::Currency& currency);
};
template <>
struct Mapping<ledger::Account> {
  static constexpr std::string_view kTable = "accounts",
                                    kColumns =
                                        "currency, kind, name, organisation, credit_limit, highest_limit, "
                                        "debits_pending, debits_posted, credits_pending, credits_posted, created, "
                                        "frozen";
  static ledger::Account read(SqlColumns in);
  static SqlValues write(const ledger::Account& account);
};
template <>
struct Mapping<ledger::Transfer> {
  static constexpr std::string_view kTable = "transfers",
                                    kColumns =
                                        "key, kind, debit, credit, amount, pending, batch, reason, reference, at";
  static ledger::Transfer read(SqlColumns in);
  static SqlValues write(const ledger::Transfer& transfer);
};
template <>
struct Mapping<market::Member> {  // its id is its key
  static constexpr std::string_view kTable = "members", kColumns = "name, suspended, since";
  static market::Member read(SqlColumns in);
  static SqlValues write(const market::Member& member);
};
template <>
struct Mapping<market::ApiToken> {
  static constexpr std::string_view kTable = "tokens", kColumns = "organisation, role, label, hash, created, expires";
  static market::ApiToken read(SqlColumns in);
  static SqlValues write(const market::ApiToken& token);
};
template <>
struct Mapping<market::Group> {
  static constexpr std::string_view kTable = "buyer_groups", kColumns = "owner, name, members";
  static market::Group read(SqlColumns in);
  static SqlValues write(const market::Group& group);
};
template <>
struct Mapping<market::Market> {
  static constexpr std::string_view kTable = "markets",
                                    kColumns =
                                        "name, state, mechanism, kappa_permille, deficit_cap, payments, work_limit, "
                                        "slot_ms, call_period_ms, next_call, currency, product, horizon_ms, "
                                        "max_duration_ms, max_open_orders, max_units_at_once, max_unit_slots, fee_bp, "
                                        "failure_bp, reclaim_bp, cancel_bp, depth_public, trades_public, "
                                        "transcripts_public, revision, created, seed_commitment, next_number";
  static market::Market read(SqlColumns in);
  static SqlValues write(const market::Market& market);
};
template <>
struct Mapping<market::Lot> {
  static constexpr std::string_view kTable = "lots",
                                    kColumns =
                                        "owner, name, kind, capacity, attributes, starts, ends, inventory_offer, "
                                        "state, created";
  static market::Lot read(SqlColumns in);
  static SqlValues write(const market::Lot& lot);
};
template <>
struct Mapping<market::Order> {
  static constexpr std::string_view
      kTable = "orders",
      kColumns =
          "market, service, market_name, market_revision, side, organisation, nonce, price, "
          "min_units, max_units, earliest, latest, min_duration_ms, max_duration_ms, "
          "in_force, expires, query, same_site, least_notice_ms, lot_name, contract, "
          "buyers, buyer_groups, notice_ms, closed, renewable, document, signature, "
          "state, units_left, lot, accepted, closed_at, reason, escrow";
  static market::Order read(SqlColumns in);
  static SqlValues write(const market::Order& order);
};
template <>
struct Mapping<market::Contract> {
  static constexpr std::string_view kTable = "contracts",
                                    kColumns =
                                        "market, clearing, bid, offer, lot, resale_of, renewal_of, buyer, seller, "
                                        "units, starts, ends, pays, gets, notice_ms, renewable, failure_bp, "
                                        "reclaim_bp, cancel_bp, state, reason, made, ended_at, reclaim_at, due_at, "
                                        "slots, settled_slots, paid, got, escrow, margin, document, signature";
  static market::Contract read(SqlColumns in);
  static SqlValues write(const market::Contract& contract);
};
template <>
struct Mapping<market::Lease> {
  static constexpr std::string_view
      kTable = "leases",
      kColumns = "contract, lot, unit, starts, ends, state, detail, changed, active_since, freed";
  static market::Lease read(SqlColumns in);
  static SqlValues write(const market::Lease& lease);
};
template <>
struct Mapping<market::Clearing> {
  static constexpr std::string_view kTable = "clearings",
                                    kColumns =
                                        "market, number, at, bids, offers, trades, units, welfare, upper_bound, "
                                        "budget, price, transcript";
  static market::Clearing read(SqlColumns in);
  static SqlValues write(const market::Clearing& clearing);
};
template <>
struct Mapping<market::TradeTick> {
  static constexpr std::string_view kTable = "ticks", kColumns = "market, at, price, units, starts, ends";
  static market::TradeTick read(SqlColumns in);
  static SqlValues write(const market::TradeTick& tick);
};
template <>
struct Mapping<market::Event> {
  static constexpr std::string_view kTable = "events",
                                    kColumns = "at, kind, reader, other_reader, everybody, subject, detail, market";
  static market::Event read(SqlColumns in);
  static SqlValues write(const market::Event& event);
};

}  // namespace store
