// Markets with their seeds, lots, and what was cleared and traded.
#include "store/market_transaction.h"

namespace store {

using namespace market;

Found<Market> SqlMarketTransaction::find_market(Id id) { return find_by_id<Market>(id); }
Found<Market> SqlMarketTransaction::find_market_named(std::string_view name) { return find_by_name<Market>(name); }
Rows<Market> SqlMarketTransaction::markets() { return select<Market>(" ORDER BY name", {}); }
base::Result<Id> SqlMarketTransaction::insert_market(const Market& market) { return insert(market); }
base::Status SqlMarketTransaction::update_market(const Market& market) { return update(market); }
base::Result<std::optional<base::Bytes>> SqlMarketTransaction::market_seed(Id market) {
  std::optional<base::Bytes> found;
  TARN_TRY(ask("SELECT seed FROM seeds WHERE market = ?", SqlValues{market}, [&](const SqlRow& row) {
    found = row.bytes(0);
    return true;
  }));
  return found;
}
base::Status SqlMarketTransaction::set_market_seed(Id market, base::ByteView seed) {
  return one(
      write("INSERT INTO seeds (market, seed) VALUES (?, ?) ON CONFLICT (market) DO UPDATE SET seed = excluded.seed",
            {market, seed}));
}

Found<Lot> SqlMarketTransaction::find_lot(Id id) { return find_by_id<Lot>(id); }
Found<Lot> SqlMarketTransaction::find_lot_named(const OrganisationId& owner, std::string_view name) {
  return find<Lot>(" WHERE owner = ? AND name = ?", {as_value(owner), name});
}
Rows<Lot> SqlMarketTransaction::lots(const std::optional<OrganisationId>& owner, const Page& page) {
  return page_where<Lot>(SqlCondition().equal("owner", as_value(owner)), page);
}
base::Result<std::size_t> SqlMarketTransaction::count_lots(const OrganisationId& owner) {
  TARN_ASSIGN(const std::int64_t count, number("SELECT count(*) FROM lots WHERE owner = ?", {as_value(owner)}));
  return static_cast<std::size_t>(count);
}
base::Result<Id> SqlMarketTransaction::insert_lot(const Lot& lot) { return insert(lot); }
base::Status SqlMarketTransaction::update_lot(const Lot& lot) { return update(lot); }

Found<Clearing> SqlMarketTransaction::find_clearing(Id market, std::uint64_t number) {
  return find<Clearing>(" WHERE market = ? AND number = ?", {market, number});
}
Rows<Clearing> SqlMarketTransaction::clearings(Id market, const Page& page) {
  static const std::string kWithoutTranscripts = [] {  // which may be megabytes each
    std::string sql = sql_of<Clearing>().select;
    constexpr std::string_view kTranscript = "clearings.transcript";
    return sql.replace(sql.find(kTranscript), kTranscript.size(), "''");
  }();
  const Id before = page.after == 0 ? std::numeric_limits<Id>::max() : page.after;
  std::vector<Clearing> found;
  TARN_TRY(ask(kWithoutTranscripts + " WHERE market = ? AND id < ? ORDER BY id DESC LIMIT ?",
               SqlValues{market, before, as_limit(page.limit)}, [&](const SqlRow& row) {
                 found.push_back(Mapping<Clearing>::read(SqlColumns(row)));
                 return true;
               }));
  return found;
}
base::Result<Id> SqlMarketTransaction::insert_clearing(const Clearing& clearing) { return insert(clearing); }

base::Status SqlMarketTransaction::insert_tick(const TradeTick& tick) { return post_insert(tick); }
Rows<TradeTick> SqlMarketTransaction::ticks(Id market, std::int64_t from, std::int64_t until, const Page& page) {
  return page_where<TradeTick>(SqlCondition().with("market = ?", market).with("at >= ?", from).with("at < ?", until),
                               page);
}
Rows<TradeTick> SqlMarketTransaction::latest_ticks(Id market, std::size_t limit) {
  return select<TradeTick>(" WHERE market = ? ORDER BY at DESC, id DESC LIMIT ?", {market, as_limit(limit)});
}

}  // namespace store
