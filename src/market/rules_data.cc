// What a market shows: as much as its rules allow, to each member the same, and never a name.
#include <algorithm>
#include <set>

#include "market/grid.h"
#include "market/lookup.h"
#include "market/orders.h"
#include "market/rules.h"

namespace market {
namespace {

constexpr std::size_t kMostCandles = 10'000, kMostLevels = 1'000;
static_assert(kLongestSpanMs == 31LL * 86'400'000);  // as check_short says

base::Status shown(const Caller& caller, bool everybody, std::string_view what) {
  TARN_TRY(allowed(caller, Action::kShowMarkets));
  if (everybody || caller.sees_everything()) return {};
  return forbidden("this market does not show its " + std::string(what));
}

void add(Candle& candle, const TradeTick& tick) {
  if (candle.trades == 0) candle.open = candle.high = candle.low = tick.price;
  candle.high = std::max(candle.high, tick.price);
  candle.low = std::min(candle.low, tick.price);
  candle.close = tick.price;
  candle.units += tick.units;
  ++candle.trades;
}

base::Status check_span(std::int64_t from, std::int64_t until) {
  if (from >= 0 && from < until && until <= kMostTime) return {};
  return invalid("until", "is after from");
}

// Of what everything in the span is read for one answer.
base::Status check_short(std::int64_t from, std::int64_t until) {
  TARN_TRY(check_span(from, until));
  if (until - from <= kLongestSpanMs) return {};
  return invalid("until", "is at most 31 days after from; ask for a longer time in parts");
}

// As all_rows, but each row is looked at and forgotten, and there are not more than `most`.
template <class T, class NextPage, class Look>
base::Status each_row(std::size_t most, NextPage next_page, Look look) {
  Page page{0, kMaxPage};
  for (std::size_t seen = 0; seen <= most;) {
    TARN_ASSIGN(const std::vector<T> rows, next_page(page));
    seen += rows.size();
    if (seen > most) break;
    for (const T& row : rows) look(row);
    if (rows.size() < page.limit) return {};
    page.after = rows.back().id;
  }
  return invalid("until", "is so late that too much has happened meanwhile; ask for a shorter time");
}

// Unit-milliseconds of many years and lots: too many to count are the most that can be said.
void add(std::uint64_t& sum, std::uint64_t length, std::uint64_t units) {
  std::uint64_t more = 0;
  if (__builtin_mul_overflow(length, units, &more) || __builtin_add_overflow(sum, more, &sum)) sum = UINT64_MAX;
}

std::uint64_t overlap(const Window& window, std::int64_t from, std::int64_t until) {
  const std::int64_t length = std::min(window.until, until) - std::max(window.from, from);
  return length > 0 ? static_cast<std::uint64_t>(length) : 0;
}

}  // namespace

base::Result<Depth> Rules::depth(std::string_view market, std::size_t levels) {
  TARN_ASSIGN(const Market found, this->market(market));
  TARN_TRY(shown(caller_, found.depth_public, "depth"));
  levels = std::clamp<std::size_t>(levels, 1, kMostLevels);
  Depth out;
  TARN_ASSIGN(out.bids, store_.levels(found.id, Side::kBid, caller_.sees_everything(), levels));
  TARN_ASSIGN(out.offers, store_.levels(found.id, Side::kOffer, caller_.sees_everything(), levels));
  return out;
}

Rows<TradeTick> Rules::trades(std::string_view market, std::int64_t from, std::int64_t until, const Page& page) {
  TARN_ASSIGN(const Market found, this->market(market));
  TARN_TRY(shown(caller_, found.trades_public, "trades"));
  TARN_TRY(check_span(from, until));
  return store_.ticks(found.id, from, until, bounded(page));
}

Rows<TradeTick> Rules::latest_trades(std::string_view market, std::size_t limit) {
  TARN_ASSIGN(const Market found, this->market(market));
  TARN_TRY(shown(caller_, found.trades_public, "trades"));
  return store_.latest_ticks(found.id, bounded({0, limit}).limit);
}

base::Result<std::vector<Candle>> Rules::candles(std::string_view market, std::int64_t from, std::int64_t until,
                                                 std::int64_t width_ms) {
  TARN_ASSIGN(const Market found, this->market(market));
  TARN_TRY(shown(caller_, found.trades_public, "trades"));
  TARN_TRY(check_short(from, until));
  if (width_ms < 1'000 || (until - from) / width_ms >= static_cast<std::int64_t>(kMostCandles))
    return invalid("width", "is at least a second, and so that there are at most 10,000 candles");
  std::vector<Candle> out;
  const auto page_of = [&](const Page& page) { return store_.ticks(found.id, from, until, page); };
  TARN_TRY(each_row<TradeTick>(context_.limits->rows_in_answer, page_of, [&](const TradeTick& tick) {
    const std::int64_t begin = from + (tick.at - from) / width_ms * width_ms;
    if (out.empty() || out.back().from != begin) out.push_back({begin});
    add(out.back(), tick);
  }));
  return out;
}

base::Result<Utilisation> Rules::utilisation(std::string_view market, std::int64_t from, std::int64_t until) {
  TARN_ASSIGN(const Market found, this->market(market));
  TARN_TRY(shown(caller_, found.trades_public, "trades"));
  TARN_TRY(check_short(from, until));
  const Window window{from, until};
  Utilisation out;
  std::set<Id> lots;
  OrderFilter offers{.market = found.id, .side = Side::kOffer};
  offers.open = true;
  TARN_TRY(each_row<Order>(
      context_.limits->rows_in_answer, [&](const Page& page) { return store_.orders(offers, page); },
      [&](const Order& offer) { lots.insert(offer.lot); }));
  const ContractFilter meanwhile{.market = found.id, .within = window};
  TARN_TRY(each_row<Contract>(
      context_.limits->rows_in_answer, [&](const Page& page) { return store_.contracts(meanwhile, page); },
      [&](const Contract& contract) {
        const std::int64_t end = is_live(contract) ? contract.end : std::min(contract.end, contract.ended_at);
        const std::uint64_t length = overlap(window, contract.start, end);
        if (length == 0 || contract.resale_of) return;  // a resale's units are those that it resells
        lots.insert(contract.lot);
        add(out.leased, length, contract.units);
      }));
  for (const Id id : lots) {
    TARN_ASSIGN(const Lot lot, need_row(store_.find_lot(id)));
    add(out.offered, overlap(window, lot.from, lot.until), lot.capacity);
  }
  return out;
}

Rows<Clearing> Rules::clearings(std::string_view market, const Page& page) {
  TARN_ASSIGN(const Market found, this->market(market));
  TARN_TRY(shown(caller_, found.trades_public, "trades"));
  return store_.clearings(found.id, bounded(page));
}

base::Result<Clearing> Rules::clearing(std::string_view market, std::uint64_t number) {
  TARN_ASSIGN(const Market found, this->market(market));
  TARN_TRY(shown(caller_, found.transcripts_public, "transcripts"));
  return need(store_.find_clearing(found.id, number), "clearing", std::to_string(number));
}

}  // namespace market
