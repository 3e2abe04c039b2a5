#include "store/market_rows.h"

#include <limits>
#include <utility>

#include "base/encoding.h"

namespace store {

using namespace market;

namespace {

constexpr std::size_t kAnySize = std::numeric_limits<std::uint32_t>::max();

// Ids that are 0 where there is none.
std::optional<Id> unless_zero(Id id) { return id == 0 ? std::nullopt : std::optional(id); }
Id or_zero(SqlColumns& in) { return in.maybe<Id>().value_or(0); }

std::optional<OrganisationId> maybe_organisation(SqlColumns& in) {
  const auto bytes = in.maybe_bytes();
  if (!bytes) return std::nullopt;
  OrganisationId out;
  std::copy_n(bytes->begin(), std::min(out.key.size(), bytes->size()), out.key.begin());
  return out;
}

// Lists, packed (base/encoding.h): one thing after the other until the end.
base::Bytes packed(const std::vector<OrganisationId>& organisations) {
  base::Writer out;
  for (const OrganisationId& one : organisations) out.raw(one.key);
  return out.take();
}
std::vector<OrganisationId> organisations_of(const base::Bytes& bytes) {
  std::vector<OrganisationId> out;
  for (base::Reader in(bytes); in.good() && in.left() > 0;) out.push_back({in.array<32>()});
  return out;
}
base::Bytes packed(const std::vector<std::string>& texts) {
  base::Writer out;
  for (const std::string& one : texts) out.text(one);
  return out.take();
}
std::vector<std::string> texts_of(const base::Bytes& bytes) {
  std::vector<std::string> out;
  for (base::Reader in(bytes); in.good() && in.left() > 0;) out.push_back(in.text(kAnySize));
  return out;
}
base::Bytes packed(const std::map<std::string, std::string>& pairs) {
  base::Writer out;
  for (const auto& [name, value] : pairs) out.text(name).text(value);
  return out.take();
}
std::map<std::string, std::string> pairs_of(const base::Bytes& bytes) {
  std::map<std::string, std::string> out;
  for (base::Reader in(bytes); in.good() && in.left() > 0;) {
    std::string name = in.text(kAnySize);
    out[std::move(name)] = in.text(kAnySize);
  }
  return out;
}
base::Bytes packed(const std::vector<Window>& windows) {
  base::Writer out;
  for (const Window& one : windows)
    out.u64(static_cast<std::uint64_t>(one.from)).u64(static_cast<std::uint64_t>(one.until));
  return out.take();
}
std::vector<Window> windows_of(const base::Bytes& bytes) {
  std::vector<Window> out;
  for (base::Reader in(bytes); in.good() && in.left() > 0;) {
    const auto from = static_cast<std::int64_t>(in.u64());
    out.push_back({from, static_cast<std::int64_t>(in.u64())});
  }
  return out;
}

// In braces, what reads the columns is evaluated in its order.
Penalties penalties(SqlColumns& in) { return {in.as<std::uint32_t>(), in.as<std::uint32_t>(), in.as<std::uint32_t>()}; }

Terms terms(SqlColumns& in) {
  return {in.array<32>(),
          in.text(),
          in.as<std::uint32_t>(),
          in.as<Side>(),
          organisation_of(in),
          in.array<16>(),
          in.integer(),
          in.as<std::uint32_t>(),
          in.as<std::uint32_t>(),
          in.integer(),
          in.integer(),
          in.integer(),
          in.integer(),
          in.as<TimeInForce>(),
          in.integer(),
          in.text(),
          in.as<bool>(),
          in.integer(),
          in.text(),
          in.maybe<Id>(),
          organisations_of(in.bytes()),
          texts_of(in.bytes()),
          in.integer(),
          windows_of(in.bytes()),
          in.as<bool>()};
}

}  // namespace

OrganisationId organisation_of(SqlColumns& in) { return {in.array<32>()}; }
SqlValue as_value(const OrganisationId& organisation) { return base::ByteView(organisation.key); }
std::optional<base::ByteView> as_value(const std::optional<OrganisationId>& organisation) {
  return organisation ? std::optional<base::ByteView>(organisation->key) : std::nullopt;
}

ledger::Currency Mapping<ledger::Currency>::read(SqlColumns in) { return {in.id(), in.text()}; }
SqlValues Mapping<ledger::Currency>::write(const ledger::Currency& currency) { return {currency.name}; }

ledger::Account Mapping<ledger::Account>::read(SqlColumns in) {
  return {in.id(),
          in.id(),
          in.as<ledger::AccountKind>(),
          in.text(),
          maybe_organisation(in),
          in.integer(),
          in.integer(),
          in.integer(),
          in.integer(),
          in.integer(),
          in.integer(),
          in.integer(),
          in.as<bool>()};
}
SqlValues Mapping<ledger::Account>::write(const ledger::Account& account) {
  return {account.currency,        account.kind,           account.name,           as_value(account.organisation),
          account.credit_limit,    account.highest_limit,  account.debits_pending, account.debits_posted,
          account.credits_pending, account.credits_posted, account.created,        account.frozen};
}

// The first of a batch has no batch in its row: its id is not known when it is written.
ledger::Transfer Mapping<ledger::Transfer>::read(SqlColumns in) {
  const Id id = in.id();
  return {id,
          in.text(),
          in.as<ledger::TransferKind>(),
          in.id(),
          in.id(),
          in.integer(),
          in.maybe<Id>(),
          in.maybe<Id>().value_or(id),
          in.as<ledger::Reason>(),
          in.text(),
          in.integer()};
}
SqlValues Mapping<ledger::Transfer>::write(const ledger::Transfer& transfer) {
  return {transfer.key,
          transfer.kind,
          transfer.debit,
          transfer.credit,
          transfer.amount,
          transfer.pending,
          unless_zero(transfer.batch),
          transfer.reason,
          transfer.reference,
          transfer.at};
}

Member Mapping<Member>::read(SqlColumns in) { return {organisation_of(in), in.text(), in.as<bool>(), in.integer()}; }
SqlValues Mapping<Member>::write(const Member& member) { return {member.name, member.suspended, member.since}; }

ApiToken Mapping<ApiToken>::read(SqlColumns in) {
  return {in.id(),    maybe_organisation(in), in.as<Role>(),           in.text(),
          in.bytes(), in.integer(),           in.maybe<std::int64_t>()};
}
SqlValues Mapping<ApiToken>::write(const ApiToken& token) {
  return {as_value(token.organisation), token.role, token.label, token.hash, token.created, token.expires};
}

Group Mapping<Group>::read(SqlColumns in) {
  return {in.id(), organisation_of(in), in.text(), organisations_of(in.bytes())};
}
SqlValues Mapping<Group>::write(const Group& group) {
  return {as_value(group.owner), group.name, packed(group.members)};
}

Market Mapping<Market>::read(SqlColumns in) {
  return {in.id(),
          in.text(),
          in.as<Market::State>(),
          {in.as<Mechanism>(), in.as<std::uint32_t>(), in.integer(), in.as<auction::clearing::Payments>(),
           in.as<std::uint64_t>()},
          in.integer(),
          in.integer(),
          in.integer(),
          in.id(),
          in.text(),
          in.integer(),
          in.integer(),
          in.as<std::uint32_t>(),
          in.as<std::uint32_t>(),
          in.as<std::uint64_t>(),
          in.as<std::uint32_t>(),
          penalties(in),
          in.as<bool>(),
          in.as<bool>(),
          in.as<bool>(),
          in.as<std::uint32_t>(),
          in.integer(),
          in.array<32>(),
          in.as<std::uint64_t>()};
}
SqlValues Mapping<Market>::write(const Market& market) {
  return {market.name,
          market.state,
          market.clearing.mechanism,
          market.clearing.kappa_permille,
          market.clearing.deficit_cap,
          market.clearing.payments,
          market.clearing.work_limit,
          market.slot_ms,
          market.call_period_ms,
          market.next_call,
          market.currency,
          market.product,
          market.horizon_ms,
          market.max_duration_ms,
          market.max_open_orders,
          market.max_units_at_once,
          market.max_unit_slots,
          market.fee_bp,
          market.penalties.failure_bp,
          market.penalties.reclaim_bp,
          market.penalties.cancel_bp,
          market.depth_public,
          market.trades_public,
          market.transcripts_public,
          market.revision,
          market.created,
          base::ByteView(market.seed_commitment),
          market.next_number};
}

Lot Mapping<Lot>::read(SqlColumns in) {
  return {in.id(),
          organisation_of(in),
          in.text(),
          in.as<Lot::Kind>(),
          in.as<std::uint32_t>(),
          pairs_of(in.bytes()),
          in.integer(),
          in.integer(),
          in.text(),
          in.as<Lot::State>(),
          in.integer()};
}
SqlValues Mapping<Lot>::write(const Lot& lot) {
  return {as_value(lot.owner), lot.name,  lot.kind,   lot.capacity, packed(lot.attributes), lot.from, lot.until,
          lot.inventory_offer, lot.state, lot.created};
}

Order Mapping<Order>::read(SqlColumns in) {
  return {in.id(),
          in.id(),
          terms(in),
          in.bytes(),
          in.array<64>(),
          in.as<Order::State>(),
          in.as<std::uint32_t>(),
          or_zero(in),
          in.integer(),
          in.integer(),
          in.text(),
          in.maybe<Id>()};
}
SqlValues Mapping<Order>::write(const Order& order) {
  const Terms& terms = order.terms;
  return {order.market,
          base::ByteView(terms.service),
          terms.market,
          terms.market_revision,
          terms.side,
          as_value(terms.organisation),
          base::ByteView(terms.nonce),
          terms.price,
          terms.min_units,
          terms.max_units,
          terms.earliest,
          terms.latest,
          terms.min_duration_ms,
          terms.max_duration_ms,
          terms.in_force,
          terms.expires,
          terms.query,
          terms.same_site,
          terms.least_notice_ms,
          terms.lot,
          terms.contract,
          packed(terms.buyers),
          packed(terms.groups),
          terms.notice_ms,
          packed(terms.closed),
          terms.renewable,
          order.document,
          base::ByteView(order.signature),
          order.state,
          order.units_left,
          unless_zero(order.lot),
          order.accepted,
          order.closed_at,
          order.reason,
          order.escrow};
}

Contract Mapping<Contract>::read(SqlColumns in) {
  Contract out;
  out.id = in.id();
  out.market = in.id();
  out.clearing = or_zero(in);
  out.bid = or_zero(in);
  out.offer = or_zero(in);
  out.lot = or_zero(in);
  out.resale_of = in.maybe<Id>();
  out.renewal_of = in.maybe<Id>();
  out.buyer = organisation_of(in);
  out.seller = organisation_of(in);
  out.units = in.as<std::uint32_t>();
  out.start = in.integer();
  out.end = in.integer();
  out.pays = in.integer();
  out.gets = in.integer();
  out.notice_ms = in.integer();
  out.renewable = in.as<bool>();
  out.penalties = penalties(in);
  out.state = in.as<Contract::State>();
  out.reason = in.text();
  out.made = in.integer();
  out.ended_at = in.integer();
  out.reclaim_at = in.integer();
  out.due_at = in.integer();
  out.slots = in.as<std::uint32_t>();
  out.settled_slots = in.as<std::uint32_t>();
  out.paid = in.integer();
  out.got = in.integer();
  out.escrow = in.maybe<Id>();
  out.margin = in.maybe<Id>();
  out.document = in.bytes();
  out.signature = in.array<64>();
  return out;
}
SqlValues Mapping<Contract>::write(const Contract& contract) {
  return {contract.market,
          unless_zero(contract.clearing),
          unless_zero(contract.bid),
          unless_zero(contract.offer),
          unless_zero(contract.lot),
          contract.resale_of,
          contract.renewal_of,
          as_value(contract.buyer),
          as_value(contract.seller),
          contract.units,
          contract.start,
          contract.end,
          contract.pays,
          contract.gets,
          contract.notice_ms,
          contract.renewable,
          contract.penalties.failure_bp,
          contract.penalties.reclaim_bp,
          contract.penalties.cancel_bp,
          contract.state,
          contract.reason,
          contract.made,
          contract.ended_at,
          contract.reclaim_at,
          contract.due_at,
          contract.slots,
          contract.settled_slots,
          contract.paid,
          contract.got,
          contract.escrow,
          contract.margin,
          contract.document,
          base::ByteView(contract.signature)};
}

Lease Mapping<Lease>::read(SqlColumns in) {
  return {in.id(),      in.id(),      or_zero(in),           in.as<std::uint32_t>(),
          in.integer(), in.integer(), in.as<Lease::State>(), in.text(),
          in.integer(), in.integer(), in.integer()};
}
SqlValues Mapping<Lease>::write(const Lease& lease) {
  return {lease.contract, unless_zero(lease.lot), lease.unit,    lease.start,        lease.end,
          lease.state,    lease.detail,           lease.changed, lease.active_since, lease.freed};
}

Clearing Mapping<Clearing>::read(SqlColumns in) {
  return {in.id(),
          in.id(),
          in.as<std::uint64_t>(),
          in.integer(),
          in.as<std::uint32_t>(),
          in.as<std::uint32_t>(),
          in.as<std::uint32_t>(),
          in.as<std::uint64_t>(),
          in.integer(),
          in.integer(),
          in.integer(),
          in.integer(),
          in.text()};
}
SqlValues Mapping<Clearing>::write(const Clearing& clearing) {
  return {clearing.market,      clearing.number, clearing.at,    clearing.bids,
          clearing.offers,      clearing.trades, clearing.units, clearing.welfare,
          clearing.upper_bound, clearing.budget, clearing.price, clearing.transcript};
}

TradeTick Mapping<TradeTick>::read(SqlColumns in) {
  return {in.id(), in.id(), in.integer(), in.integer(), in.as<std::uint32_t>(), in.integer(), in.integer()};
}
SqlValues Mapping<TradeTick>::write(const TradeTick& tick) {
  return {tick.market, tick.at, tick.price, tick.units, tick.start, tick.end};
}

Event Mapping<Event>::read(SqlColumns in) {
  Event out;
  out.id = in.id();
  out.at = in.integer();
  out.kind = in.text();
  for (int readers = 0; readers < 2; ++readers)
    if (const auto reader = maybe_organisation(in)) out.visible_to.push_back(*reader);
  out.everybody = in.as<bool>();
  out.subject = in.text();
  out.detail = in.text();
  out.market = in.id();
  return out;
}
SqlValues Mapping<Event>::write(const Event& event) {
  const auto reader = [&](std::size_t place) {
    return place < event.visible_to.size() ? std::optional<base::ByteView>(event.visible_to[place].key) : std::nullopt;
  };
  return {event.at,        event.kind,    reader(0),    reader(1),
          event.everybody, event.subject, event.detail, unless_zero(event.market)};
}

}  // namespace store
