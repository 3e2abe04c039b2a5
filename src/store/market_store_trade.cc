// Orders, contracts and leases. Whether a row is open, live, occupying or due is said in the words of its partial index
// (market_schema.cc), so that the index answers.
#include "store/market_transaction.h"

namespace store {

using namespace market;

namespace {

constexpr std::string_view kOpen = "state <= 2", kLive = "state <= 3";

SqlCondition condition_of(const OrderFilter& filter) {
  return SqlCondition()
      .also(filter.open, kOpen)
      .equal("market", filter.market)
      .equal("lot", filter.lot)
      .equal("contract", filter.contract)
      .equal("organisation", as_value(filter.organisation))
      .equal("side", filter.side);
}

SqlCondition condition_of(const ContractFilter& filter) {
  SqlCondition out = SqlCondition()
                         .also(filter.live, kLive)
                         .equal("market", filter.market)
                         .equal("lot", filter.lot)
                         .equal("resale_of", filter.resale_of)
                         .equal("clearing", filter.clearing)
                         .equal("buyer", as_value(filter.buyer))
                         .equal("seller", as_value(filter.seller));
  if (filter.within) out.with("ends > ?", filter.within->from).with("starts < ?", filter.within->until);
  return out;
}

}  // namespace

Found<Order> SqlMarketTransaction::find_order(Id id) { return find_by_id<Order>(id); }
Found<Order> SqlMarketTransaction::find_order(const OrganisationId& organisation,
                                              const std::array<std::uint8_t, 16>& nonce) {
  return find<Order>(" WHERE organisation = ? AND nonce = ?", {as_value(organisation), base::ByteView(nonce)});
}
Rows<Order> SqlMarketTransaction::orders(const OrderFilter& filter, const Page& page) {
  return page_where<Order>(condition_of(filter), page);
}
Rows<Order> SqlMarketTransaction::orders_expired(std::int64_t now, const Page& page) {
  return due<Order>(SqlCondition(kOpen).with("expires <= ?", now), page);
}
// Index orders_levels gives the prices in this order, and the engine stops at the last one that is wanted.
Rows<PriceLevel> SqlMarketTransaction::levels(Id market, Side side, bool private_too, std::size_t limit) {
  const SqlCondition condition = SqlCondition(kOpen)
                                     .with("market = ?", market)
                                     .with("side = ?", side)
                                     .also(!private_too, "length(buyers) = 0")
                                     .also(!private_too, "length(buyer_groups) = 0");
  SqlValues arguments = condition.arguments();
  arguments.emplace_back(as_limit(limit));
  std::vector<PriceLevel> found;
  TARN_TRY(ask("SELECT price, CAST(sum(units_left) AS BIGINT), count(*) FROM orders" + condition.where() +
                   "units_left > 0 GROUP BY price ORDER BY price" + (side == Side::kBid ? " DESC" : "") + " LIMIT ?",
               arguments, [&](const SqlRow& row) {
                 SqlColumns in(row);
                 found.push_back({in.integer(), in.as<std::uint64_t>(), in.as<std::uint32_t>()});
                 return true;
               }));
  return found;
}
base::Result<std::size_t> SqlMarketTransaction::count_open_orders(Id market, const OrganisationId& organisation) {
  TARN_ASSIGN(const std::int64_t count,
              number("SELECT count(*) FROM orders WHERE state <= 2 AND organisation = ? AND market = ?",
                     {as_value(organisation), market}));
  return static_cast<std::size_t>(count);
}
// There are no more than ids from the first that is open to the last: two looks into an index, where to count them is to
// walk through it, so that is done, no further than needed, only where the looks do not decide. (An engine that knows nothing of the table yet
// would walk for min() and max(), too.)
base::Result<bool> SqlMarketTransaction::fewer_open(Id market, market::Side side, std::size_t than) {
  TARN_ASSIGN(
      const std::int64_t count,
      number("SELECT CASE WHEN"
             " (SELECT id FROM orders WHERE state <= 2 AND market = ? ORDER BY market DESC, id DESC LIMIT 1)"
             " - (SELECT id FROM orders WHERE state <= 2 AND market = ? ORDER BY market, id LIMIT 1) + 1 < ?"
             " THEN 0 ELSE (SELECT count(*) FROM (SELECT 1 FROM orders WHERE state <= 2 AND market = ? AND side = ?"
             " LIMIT ?) AS open) END",
             {market, market, as_limit(than), market, static_cast<std::int64_t>(side), as_limit(than)}));
  return static_cast<std::size_t>(count) < than;
}
base::Result<Id> SqlMarketTransaction::insert_order(const Order& order) { return insert(order); }
base::Status SqlMarketTransaction::update_order(const Order& order) { return post_update(order); }

Found<Contract> SqlMarketTransaction::find_contract(Id id) { return find_by_id<Contract>(id); }
Rows<Contract> SqlMarketTransaction::contracts(const ContractFilter& filter, const Page& page) {
  if (filter.within && !filter.party)  // few of many: by when they end
    return due<Contract>(condition_of(filter), page);
  if (!filter.party) return page_where<Contract>(condition_of(filter), page);
  const auto side = [&](std::string_view which) {
    return page_where<Contract>(condition_of(filter).with(which, as_value(*filter.party)), page);
  };
  TARN_ASSIGN(std::vector<Contract> bought, side("buyer = ?"));
  TARN_ASSIGN(std::vector<Contract> sold, side("seller = ?"));
  return merged(std::move(bought), std::move(sold), page.limit);
}
base::Result<Id> SqlMarketTransaction::insert_contract(const Contract& contract) { return insert(contract); }
base::Status SqlMarketTransaction::update_contract(const Contract& contract) { return post_update(contract); }
Rows<Contract> SqlMarketTransaction::contracts_due(std::int64_t now, const Page& page) {
  return due<Contract>(SqlCondition(kLive).also(true, "due_at > 0").with("due_at <= ?", now), page);
}

Found<Lease> SqlMarketTransaction::find_lease(Id id) { return find_by_id<Lease>(id); }
Rows<Lease> SqlMarketTransaction::leases(const LeaseFilter& filter, const Page& page) {
  return page_where<Lease>(SqlCondition()
                               .equal("contract", filter.contract)
                               .equal(filter.occupying ? "occupied_lot" : "lot", filter.lot)
                               .also(filter.occupying && !filter.lot, "(state <= 5 OR (state = 7 AND freed = 0))"),
                           page);
}
base::Result<Id> SqlMarketTransaction::insert_lease(const Lease& lease) { return insert(lease); }
base::Status SqlMarketTransaction::update_lease(const Lease& lease) { return post_update(lease); }
Rows<Lease> SqlMarketTransaction::leases_due(std::int64_t now, const Page& page) {
  return due<Lease>(SqlCondition().with("due_at <= ?", now), page);
}

}  // namespace store
