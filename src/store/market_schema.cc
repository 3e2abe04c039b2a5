#include "store/market_schema.h"

#include <array>

namespace store {
namespace {

// Enumerations are as in ledger/types.h and market/types.h. Organisations are their keys, and lists are packed
// (market_rows.cc), as nobody asks what is in them. Ids that may be 0 in a row's type are NULL here.
constexpr std::string_view kLedger = R"(
CREATE TABLE currencies (
  id {id},
  name {text} NOT NULL UNIQUE
);
CREATE TABLE accounts (
  id {id},
  currency {int} NOT NULL REFERENCES currencies (id),
  kind {int} NOT NULL CHECK (kind BETWEEN 1 AND 3),
  name {text} NOT NULL,
  organisation {bytes} CHECK (length(organisation) = 32),
  credit_limit {int} NOT NULL CHECK (credit_limit BETWEEN 0 AND 1000000000000000000),
  highest_limit {int} NOT NULL CHECK (highest_limit >= credit_limit),
  debits_pending {int} NOT NULL CHECK (debits_pending >= 0),
  debits_posted {int} NOT NULL CHECK (debits_posted >= 0),
  credits_pending {int} NOT NULL CHECK (credits_pending >= 0),
  credits_posted {int} NOT NULL CHECK (credits_posted >= 0),
  created {int} NOT NULL,
  frozen {int} NOT NULL CHECK (frozen BETWEEN 0 AND 1),
  UNIQUE (currency, name),
  CHECK (credit_limit = 1000000000000000000
         OR credits_posted - debits_posted + credit_limit - debits_pending >= 0)
);
CREATE INDEX accounts_organisation ON accounts (organisation, id) WHERE organisation IS NOT NULL;
CREATE TABLE transfers (
  id {id},
  key {text} NOT NULL UNIQUE,
  kind {int} NOT NULL CHECK (kind BETWEEN 1 AND 4),
  debit {int} NOT NULL REFERENCES accounts (id),
  credit {int} NOT NULL REFERENCES accounts (id),
  amount {int} NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000000000),
  pending {int} REFERENCES transfers (id),
  batch {int} REFERENCES transfers (id),
  reason {int} NOT NULL,
  reference {text} NOT NULL,
  at {int} NOT NULL,
  CHECK (debit <> credit),
  CHECK ((kind >= 3) = (pending IS NOT NULL))
);
CREATE INDEX transfers_debit ON transfers (debit, at);
CREATE INDEX transfers_credit ON transfers (credit, at);
CREATE TABLE pendings (
  transfer {int} NOT NULL PRIMARY KEY REFERENCES transfers (id),
  remaining {int} NOT NULL CHECK (remaining >= 0)
);
CREATE TABLE policies (
  currency {int} NOT NULL PRIMARY KEY REFERENCES currencies (id),
  kind {int} NOT NULL CHECK (kind BETWEEN 1 AND 3),
  amount {int} NOT NULL,
  period_ms {int} NOT NULL,
  credit_limit {int} NOT NULL,
  next_recharge {int} NOT NULL
);

CREATE TABLE members (
  id {bytes} NOT NULL PRIMARY KEY CHECK (length(id) = 32),
  name {text} NOT NULL UNIQUE,
  suspended {int} NOT NULL CHECK (suspended BETWEEN 0 AND 1),
  since {int} NOT NULL
);
CREATE TABLE tokens (
  id {id},
  organisation {bytes} CHECK (length(organisation) = 32),
  role {int} NOT NULL CHECK (role BETWEEN 0 AND 3),
  label {text} NOT NULL,
  hash {bytes} NOT NULL UNIQUE,
  created {int} NOT NULL,
  expires {int}
);
CREATE INDEX tokens_organisation ON tokens (organisation, id);
CREATE TABLE buyer_groups (
  id {id},
  owner {bytes} NOT NULL CHECK (length(owner) = 32),
  name {text} NOT NULL,
  members {bytes} NOT NULL,
  UNIQUE (owner, name)
);
)";

constexpr std::string_view kMarkets = R"(
CREATE TABLE markets (
  id {id},
  name {text} NOT NULL UNIQUE,
  state {int} NOT NULL CHECK (state BETWEEN 1 AND 2),
  mechanism {int} NOT NULL CHECK (mechanism BETWEEN 1 AND 9),
  kappa_permille {int} NOT NULL,
  deficit_cap {int} NOT NULL,
  payments {int} NOT NULL CHECK (payments BETWEEN 1 AND 3),
  work_limit {int} NOT NULL,
  slot_ms {int} NOT NULL CHECK (slot_ms > 0),
  call_period_ms {int} NOT NULL,
  next_call {int} NOT NULL,
  currency {int} NOT NULL REFERENCES currencies (id),
  product {text} NOT NULL,
  horizon_ms {int} NOT NULL,
  max_duration_ms {int} NOT NULL,
  max_open_orders {int} NOT NULL,
  max_units_at_once {int} NOT NULL,
  max_unit_slots {int} NOT NULL,
  fee_bp {int} NOT NULL,
  failure_bp {int} NOT NULL,
  reclaim_bp {int} NOT NULL,
  cancel_bp {int} NOT NULL,
  depth_public {int} NOT NULL CHECK (depth_public BETWEEN 0 AND 1),
  trades_public {int} NOT NULL CHECK (trades_public BETWEEN 0 AND 1),
  transcripts_public {int} NOT NULL CHECK (transcripts_public BETWEEN 0 AND 1),
  revision {int} NOT NULL,
  created {int} NOT NULL,
  seed_commitment {bytes} NOT NULL CHECK (length(seed_commitment) = 32),
  next_number {int} NOT NULL
);
CREATE TABLE seeds (
  market {int} NOT NULL PRIMARY KEY REFERENCES markets (id),
  seed {bytes} NOT NULL
);
CREATE TABLE lots (
  id {id},
  owner {bytes} NOT NULL CHECK (length(owner) = 32),
  name {text} NOT NULL,
  kind {int} NOT NULL CHECK (kind BETWEEN 1 AND 2),
  capacity {int} NOT NULL,
  attributes {bytes} NOT NULL,
  starts {int} NOT NULL,
  ends {int} NOT NULL,
  inventory_offer {text} NOT NULL,
  state {int} NOT NULL CHECK (state BETWEEN 1 AND 2),
  created {int} NOT NULL,
  UNIQUE (owner, name)
);
CREATE INDEX lots_owner ON lots (owner, id);
CREATE TABLE clearings (
  id {id},
  market {int} NOT NULL REFERENCES markets (id),
  number {int} NOT NULL,
  at {int} NOT NULL,
  bids {int} NOT NULL,
  offers {int} NOT NULL,
  trades {int} NOT NULL,
  units {int} NOT NULL,
  welfare {int} NOT NULL,
  upper_bound {int} NOT NULL,
  budget {int} NOT NULL,
  price {int} NOT NULL,
  transcript {text} NOT NULL,
  UNIQUE (market, number)
);
CREATE INDEX clearings_market ON clearings (market, id);
CREATE TABLE ticks (
  id {id},
  market {int} NOT NULL REFERENCES markets (id),
  at {int} NOT NULL,
  price {int} NOT NULL,
  units {int} NOT NULL,
  starts {int} NOT NULL,
  ends {int} NOT NULL
);
CREATE INDEX ticks_at ON ticks (market, at, id);
)";

// Whether something is open, live, occupying or due is a column that follows from its state, so that each question about
// it has an index that holds nothing else.
constexpr std::string_view kTrade = R"(
CREATE TABLE orders (
  id {id},
  market {int} NOT NULL REFERENCES markets (id),
  service {bytes} NOT NULL CHECK (length(service) = 32),
  market_name {text} NOT NULL,
  market_revision {int} NOT NULL,
  side {int} NOT NULL CHECK (side BETWEEN 1 AND 2),
  organisation {bytes} NOT NULL CHECK (length(organisation) = 32),
  nonce {bytes} NOT NULL CHECK (length(nonce) = 16),
  price {int} NOT NULL,
  min_units {int} NOT NULL,
  max_units {int} NOT NULL,
  earliest {int} NOT NULL,
  latest {int} NOT NULL,
  min_duration_ms {int} NOT NULL,
  max_duration_ms {int} NOT NULL,
  in_force {int} NOT NULL CHECK (in_force BETWEEN 1 AND 2),
  expires {int} NOT NULL,
  query {text} NOT NULL,
  same_site {int} NOT NULL CHECK (same_site BETWEEN 0 AND 1),
  least_notice_ms {int} NOT NULL,
  lot_name {text} NOT NULL,
  contract {int},
  buyers {bytes} NOT NULL,
  buyer_groups {bytes} NOT NULL,
  notice_ms {int} NOT NULL,
  closed {bytes} NOT NULL,
  renewable {int} NOT NULL CHECK (renewable BETWEEN 0 AND 1),
  document {bytes} NOT NULL,
  signature {bytes} NOT NULL CHECK (length(signature) = 64),
  state {int} NOT NULL CHECK (state BETWEEN 1 AND 7),
  units_left {int} NOT NULL CHECK (units_left BETWEEN 0 AND max_units),
  lot {int} REFERENCES lots (id),
  accepted {int} NOT NULL,
  closed_at {int} NOT NULL,
  reason {text} NOT NULL,
  escrow {int} REFERENCES transfers (id),
  UNIQUE (organisation, nonce)
);
CREATE INDEX orders_market ON orders (market, id);
CREATE INDEX orders_organisation ON orders (organisation, id);
CREATE INDEX orders_lot ON orders (lot, id) WHERE lot IS NOT NULL;
CREATE INDEX orders_contract ON orders (contract, id) WHERE contract IS NOT NULL;
CREATE INDEX orders_open ON orders (market, id) WHERE state <= 2;
CREATE INDEX orders_levels ON orders (market, side, price) WHERE state <= 2;
CREATE INDEX orders_open_of ON orders (organisation, market, id) WHERE state <= 2;
CREATE INDEX orders_expires ON orders (expires) WHERE state <= 2;
CREATE TABLE contracts (
  id {id},
  market {int} NOT NULL REFERENCES markets (id),
  clearing {int} REFERENCES clearings (id),
  bid {int} REFERENCES orders (id),
  offer {int} REFERENCES orders (id),
  lot {int} REFERENCES lots (id),
  resale_of {int} REFERENCES contracts (id),
  renewal_of {int} REFERENCES contracts (id),
  buyer {bytes} NOT NULL CHECK (length(buyer) = 32),
  seller {bytes} NOT NULL CHECK (length(seller) = 32),
  units {int} NOT NULL,
  starts {int} NOT NULL,
  ends {int} NOT NULL,
  pays {int} NOT NULL,
  gets {int} NOT NULL,
  notice_ms {int} NOT NULL,
  renewable {int} NOT NULL CHECK (renewable BETWEEN 0 AND 1),
  failure_bp {int} NOT NULL,
  reclaim_bp {int} NOT NULL,
  cancel_bp {int} NOT NULL,
  state {int} NOT NULL CHECK (state BETWEEN 1 AND 6),
  reason {text} NOT NULL,
  made {int} NOT NULL,
  ended_at {int} NOT NULL,
  reclaim_at {int} NOT NULL,
  due_at {int} NOT NULL,
  slots {int} NOT NULL,
  settled_slots {int} NOT NULL,
  paid {int} NOT NULL CHECK (paid <= pays),
  got {int} NOT NULL CHECK (got <= gets),
  escrow {int} REFERENCES transfers (id),
  margin {int} REFERENCES transfers (id),
  document {bytes} NOT NULL,
  signature {bytes} NOT NULL CHECK (length(signature) = 64)
);
CREATE INDEX contracts_market ON contracts (market, id);
CREATE INDEX contracts_ends ON contracts (market, ends);
CREATE INDEX contracts_buyer ON contracts (buyer, id);
CREATE INDEX contracts_seller ON contracts (seller, id);
CREATE INDEX contracts_lot ON contracts (lot, id);
CREATE INDEX contracts_resale ON contracts (resale_of, id) WHERE resale_of IS NOT NULL;
CREATE INDEX contracts_clearing ON contracts (clearing, id) WHERE clearing IS NOT NULL;
CREATE INDEX contracts_due ON contracts (due_at) WHERE state <= 3 AND due_at > 0;
CREATE INDEX contracts_live ON contracts (market, id) WHERE state <= 3;
CREATE INDEX contracts_live_lot ON contracts (lot, id) WHERE state <= 3;
CREATE INDEX contracts_live_buyer ON contracts (buyer, market) WHERE state <= 3;
CREATE TABLE leases (
  id {id},
  contract {int} NOT NULL REFERENCES contracts (id),
  lot {int} REFERENCES lots (id),
  unit {int} NOT NULL,
  starts {int} NOT NULL,
  ends {int} NOT NULL,
  state {int} NOT NULL CHECK (state BETWEEN 1 AND 7),
  detail {text} NOT NULL,
  changed {int} NOT NULL,
  active_since {int} NOT NULL,
  freed {int} NOT NULL,
  occupied_lot {int} GENERATED ALWAYS AS
    (CASE WHEN state <= 5 OR (state = 7 AND freed = 0) THEN lot END) STORED,
  due_at {int} GENERATED ALWAYS AS
    (CASE WHEN state = 1 THEN starts WHEN state <= 4 THEN ends WHEN state = 5 THEN 0 END) STORED
);
CREATE INDEX leases_contract ON leases (contract, id);
CREATE INDEX leases_lot ON leases (lot, id);
CREATE INDEX leases_occupying ON leases (occupied_lot, id) WHERE occupied_lot IS NOT NULL;
CREATE INDEX leases_due ON leases (due_at) WHERE due_at IS NOT NULL;
)";

constexpr std::string_view kService = R"(
CREATE TABLE events (
  id {id},
  at {int} NOT NULL,
  kind {text} NOT NULL,
  reader {bytes} CHECK (length(reader) = 32),
  other_reader {bytes} CHECK (length(other_reader) = 32),
  everybody {int} NOT NULL CHECK (everybody BETWEEN 0 AND 1),
  subject {text} NOT NULL,
  detail {text} NOT NULL
);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_everybody ON events (id) WHERE everybody = 1;
CREATE INDEX events_reader ON events (reader, id) WHERE everybody = 0 AND reader IS NOT NULL;
CREATE INDEX events_other_reader ON events (other_reader, id) WHERE everybody = 0 AND other_reader IS NOT NULL;
CREATE TABLE replies (
  caller {text} NOT NULL,
  key {text} NOT NULL,
  request_hash {bytes} NOT NULL,
  status {int} NOT NULL,
  body {text} NOT NULL,
  at {int} NOT NULL,
  PRIMARY KEY (caller, key)
);
CREATE INDEX replies_at ON replies (at);
CREATE TABLE signer (
  id {int} NOT NULL PRIMARY KEY CHECK (id = 1),
  key {bytes} NOT NULL CHECK (length(key) = 32)
);
CREATE TABLE fence (
  id {int} NOT NULL PRIMARY KEY CHECK (id = 1),
  number {int} NOT NULL
);
INSERT INTO fence (id, number) VALUES (1, 0);
)";

// Events that are there already stay of no market.
constexpr std::string_view kEventsOfMarkets = R"(
ALTER TABLE events ADD COLUMN market {int};
CREATE INDEX events_market ON events (market, id) WHERE market IS NOT NULL;
CREATE INDEX events_market_everybody ON events (market, id) WHERE everybody = 1 AND market IS NOT NULL;
CREATE INDEX events_market_reader ON events (reader, market, id)
  WHERE everybody = 0 AND reader IS NOT NULL AND market IS NOT NULL;
CREATE INDEX events_market_other_reader ON events (other_reader, market, id)
  WHERE everybody = 0 AND other_reader IS NOT NULL AND market IS NOT NULL;
)";

// What an old period's statement adds up of later ones, without the rows.
constexpr std::string_view kTransfersAddedUp = R"(
DROP INDEX transfers_debit;
DROP INDEX transfers_credit;
CREATE INDEX transfers_debit ON transfers (debit, at, kind, amount);
CREATE INDEX transfers_credit ON transfers (credit, at, kind, amount);
)";

const std::string& first() {
  static const std::string kFirst =
      std::string(kLedger) + std::string(kMarkets) + std::string(kTrade) + std::string(kService);
  return kFirst;
}

}  // namespace

std::span<const std::string_view> market_migrations(SqlDialect dialect) {
  static const std::array<std::string_view, 3> kAll{first(), kEventsOfMarkets, kTransfersAddedUp};
  static const Migrations kSqlite(kAll, SqlDialect::kSqlite), kPostgres(kAll, SqlDialect::kPostgres);
  return (dialect == SqlDialect::kSqlite ? kSqlite : kPostgres).views();
}

}  // namespace store
