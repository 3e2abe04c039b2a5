// /v1/markets/{market}/…: what a market shows of itself, as far as its rules let.
#include "api/market_call.h"
#include "api/market_views.h"

namespace api {

namespace {

using base::Result;
using market::Action;
using market_views::shown;

constexpr std::int64_t kDayMs = 86'400'000, kHourMs = 3'600'000, kMostCandles = 1'000, kMostLevels = 100;

struct Span {
  std::int64_t from = 0, until = 0;
};
Result<Span> span_of(MarketCall& call, std::int64_t before_ms) {
  Span out;
  TARN_ASSIGN(out.until, call.asked_time("until", call.now() + 1));
  TARN_ASSIGN(out.from, call.asked_time("from", std::max<std::int64_t>(0, out.until - before_ms)));
  if (out.from >= out.until) return call.refuse("until", "must be after from");
  return out;
}

Result<Reply> depth(MarketCall& call) {
  TARN_ASSIGN(const std::int64_t levels, call.asked_number("levels", 1, kMostLevels, 10));
  TARN_ASSIGN(const market::Depth depth, call.rules().depth(call.at("market"), static_cast<std::size_t>(levels)));
  return Reply{.body = shown(depth)};
}

// The last ones, for who looks at what goes on now: one page, and no more behind it.
Result<Reply> latest_trades(MarketCall& call) {
  for (const char* const other : {"from", "until", "after"})
    if (call.asked(other)) return call.refuse(other, "goes without latest, which is the end of it all");
  TARN_ASSIGN(const std::size_t limit, call.limit());
  TARN_ASSIGN(const auto rows, call.rules().latest_trades(call.at("market"), limit));
  return all_reply(rows, [](const market::TradeTick& row) { return shown(row); });
}

Result<Reply> trades(MarketCall& call) {
  const auto latest = call.asked("latest").value_or("false");
  if (latest != "true" && latest != "false") return call.refuse("latest", "must be true or false");
  if (latest == "true") return latest_trades(call);
  TARN_ASSIGN(const market::Page page, call.page());
  TARN_ASSIGN(const Span span, span_of(call, 7 * kDayMs));
  TARN_ASSIGN(auto rows, call.rules().trades(call.at("market"), span.from, span.until, and_one(page)));
  return rows_reply(page, std::move(rows), [](const market::TradeTick& row) { return shown(row); });
}

Result<Reply> candles(MarketCall& call) {
  TARN_ASSIGN(const std::int64_t width, call.asked_number("width_ms", 1'000, 366 * kDayMs, kHourMs));
  TARN_ASSIGN(const Span span, span_of(call, kDayMs));
  if ((span.until - span.from) / width >= kMostCandles)
    return call.refuse("width_ms", "makes more than 1000 candles; say a shorter time or a larger width");
  TARN_ASSIGN(const auto rows, call.rules().candles(call.at("market"), span.from, span.until, width));
  return all_reply(rows, [](const market::Candle& row) { return shown(row); });
}

Result<Reply> utilisation(MarketCall& call) {
  TARN_ASSIGN(const Span span, span_of(call, kDayMs));
  TARN_ASSIGN(const market::Utilisation is, call.rules().utilisation(call.at("market"), span.from, span.until));
  const Json share = is.offered == 0 ? Json() : Json(static_cast<double>(is.leased) / static_cast<double>(is.offered));
  return Reply{.body = Json::object({{"from", rfc3339(span.from)},
                                     {"until", rfc3339(span.until)},
                                     {"offered_unit_ms", std::to_string(is.offered)},
                                     {"leased_unit_ms", std::to_string(is.leased)},
                                     {"share", share}})};
}

Result<Reply> clearings(MarketCall& call) {
  TARN_ASSIGN(const market::Page page, call.page());
  TARN_ASSIGN(auto rows, call.rules().clearings(call.at("market"), and_one(page)));
  return rows_reply(page, std::move(rows), [](const market::Clearing& row) { return shown(row); });
}

Result<market::Clearing> clearing_of(MarketCall& call) {
  const auto number = from_digits(call.at("number"));
  if (!number) return base::Error{base::Code::kNotFound, "there is no such clearing: they have numbers, from 1"};
  return call.rules().clearing(call.at("market"), static_cast<std::uint64_t>(*number));
}

Result<Reply> clearing(MarketCall& call) {
  TARN_ASSIGN(const market::Clearing found, clearing_of(call));
  return Reply{.body = shown(found)};
}

// Byte for byte as it was written: its digests are of it.
Result<Reply> transcript(MarketCall& call) {
  TARN_ASSIGN(market::Clearing found, clearing_of(call));
  return Reply{.text = std::move(found.transcript)};
}

constexpr MarketRoute kRoutes[] = {
    {"GET", "/v1/markets/{market}/depth", Kind::kRead, Action::kShowMarkets, depth, 200,
     "How many units are bid and offered at which price, best first; without offers that are made to some only.", "",
     "Depth", "levels"},
    {"GET", "/v1/markets/{market}/trades", Kind::kRead, Action::kShowMarkets, trades, 200,
     "What was traded, without names; the last week, unless from and until say otherwise. latest=true: the last ones, "
     "newest first.",
     "", "TradePage", "from until after limit latest"},
    {"GET", "/v1/markets/{market}/candles", Kind::kRead, Action::kShowMarkets, candles, 200,
     "The history of prices: open, high, low, close of each width_ms; the last day in hours, unless said otherwise; "
     "31 days at most.",
     "", "CandlePage", "from until width_ms"},
    {"GET", "/v1/markets/{market}/utilisation", Kind::kRead, Action::kShowMarkets, utilisation, 200,
     "How much of what was offered here is leased, in 31 days at most.", "", "Utilisation", "from until"},
    {"GET", "/v1/markets/{market}/clearings", Kind::kRead, Action::kShowMarkets, clearings, 200,
     "The calls that were cleared, newest first.", "", "ClearingPage", "after limit"},
    {"GET", "/v1/markets/{market}/clearings/{number}", Kind::kRead, Action::kShowMarkets, clearing, 200,
     "A call that was cleared.", "", "Clearing"},
    {"GET", "/v1/markets/{market}/clearings/{number}/transcript", Kind::kRead, Action::kShowMarkets, transcript, 200,
     "Everything that a clearing was decided from, without names: what tarn market verify checks.", "", "Document"},
};

}  // namespace

std::span<const MarketRoute> market_data_routes() { return kRoutes; }

}  // namespace api
