// tarn market watch: a market as it goes. On a terminal a picture that is drawn anew in place whenever something happens:
// depth, last trades, own orders; otherwise a line for each event of it.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "api/text.h"
#include "tarn/market_options.h"
#include "tarn/output.h"
#include "tarn/screen.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"
#include "tarn/time_text.h"

namespace tarn {
namespace {

using api::Json;

constexpr std::int64_t kEveryMs = 5'000;  // also when nothing happens: the next call comes nearer
constexpr std::size_t kMostRows = 10, kBarWidth = 24;

std::string bar(std::int64_t units, std::int64_t most) {
  const auto width = most == 0 ? 0 : static_cast<std::size_t>(units * static_cast<std::int64_t>(kBarWidth) / most);
  return std::string(std::max<std::size_t>(width, units > 0 ? 1 : 0), '#');
}

// What a market shows; null where its rules, or ours, do not let us see it.
struct Seen {
  std::string name;
  Json market, depth, trades, orders;
};

base::Result<Json> if_allowed(base::Result<Json> answer) {
  if (!answer.ok() && answer.error().code == base::Code::kForbidden) return Json();
  return answer;
}

base::Result<Seen> look(ServiceClient& client, const std::string& name) {
  const std::string at = "/v1/markets/" + api::percent_encoded(name), most = std::to_string(kMostRows);
  Seen out;
  out.name = name;
  TARN_ASSIGN(out.market, client.call("GET", at));
  TARN_ASSIGN(out.depth, if_allowed(client.call("GET", at + "/depth?levels=" + most)));
  TARN_ASSIGN(out.trades, if_allowed(client.call("GET", at + "/trades?latest=true&limit=" + most)));
  TARN_ASSIGN(out.orders,
              if_allowed(client.call("GET", "/v1/orders?open=true&limit=500&market=" + api::percent_encoded(name))));
  return out;
}

// At most so many levels a side; the best ones, which meet in the middle.
std::string depth_text(const Json& depth, std::size_t most) {
  std::int64_t widest = 0;
  for (const char* side : {"offers", "bids"})
    for (const Json& level : depth.list(side)) widest = std::max(widest, level.number("units"));
  std::vector<std::vector<std::string>> rows{{"", "PRICE", "UNITS", "ORDERS", ""}};
  const auto add = [&](const char* side, const Json& level) {
    rows.push_back({side, one_line(level.text("price")), std::to_string(level.number("units")),
                    std::to_string(level.number("orders")), bar(level.number("units"), widest)});
  };
  const Json::Array &offers = depth.list("offers"), &bids = depth.list("bids");
  for (std::size_t i = std::min(offers.size(), most); i-- > 0;) add("offer", offers[i]);
  for (std::size_t i = 0; i < std::min(bids.size(), most); ++i) add("bid", bids[i]);
  return rows.size() == 1 ? "nobody bids or offers\n" : table(rows);
}

std::string rows_text(Json::Array items, const std::vector<ClientColumn>& columns, std::size_t most) {
  items.resize(std::min(items.size(), most));
  return items.empty() ? "none\n" : list_text(columns, items);
}

const std::vector<ClientColumn> kTrades{
    {"AT", "at"}, {"PRICE", "price"}, {"UNITS", "units"}, {"START", "start"}, {"END", "end"}};
const std::vector<ClientColumn> kOrders{
    {"ORDER", "id"}, {"STATE", "state"}, {"PRICE", "price"}, {"LEFT", "units_left"}, {"OF", "max_units"}};

std::string part(const char* title, const Json& seen, const std::string& text) {
  return "\n" + std::string(title) + "\n" + (seen.is_null() ? "this market does not show it\n" : text);
}

// In whole seconds, for which a line has room.
std::string brief(const std::string& time) {
  const auto at = api::from_rfc3339(time);
  return at ? time_text(*at) : one_line(time);
}

Json brief_trade(const Json& trade) {
  return Json::object({{"at", brief(trade.text("at"))},
                       {"price", trade.text("price")},
                       {"units", trade.number("units")},
                       {"start", brief(trade.text("start"))},
                       {"end", brief(trade.text("end"))}});
}

std::string picture(const Seen& seen, std::size_t most) {
  WallClock clock;
  Json::Array trades, orders = seen.orders.list("items");
  for (const Json& trade : seen.trades.list("items")) trades.push_back(brief_trade(trade));
  std::ranges::reverse(orders);  // the newest first
  return one_line(seen.name) + "  " + one_line(seen.market.text("mechanism")) + ", " +
         one_line(seen.market.text("state")) + "\nnow " + time_text(clock.unix_ms()) + "   next call " +
         brief(seen.market.text("next_call", "none")) + "\n" + part("depth", seen.depth, depth_text(seen.depth, most)) +
         part("last trades", seen.trades, rows_text(std::move(trades), kTrades, most)) +
         part("open orders", seen.orders, rows_text(std::move(orders), kOrders, most));
}

// With as many rows as there is room for, if there is room for one of each.
std::string picture_within(const Seen& seen, std::size_t rows) {
  std::size_t most = kMostRows;
  std::string out = picture(seen, most);
  while (most > 1 && static_cast<std::size_t>(std::ranges::count(out, '\n')) > rows) out = picture(seen, --most);
  return out;
}

// The events of a market, from behind a cursor that is to follow.
std::string events_of(const std::string& market, const std::string& more = "") {
  return "/v1/events?market=" + api::percent_encoded(market) + more + "&after=";
}

// The cursor of the newest event.
base::Result<std::string> newest(ServiceClient& client) {
  TARN_ASSIGN(const Json page, client.call("GET", "/v1/events?after=latest"));
  std::string after = page.text("next");
  if (api::from_digits(after) == std::nullopt)
    return base::Error{base::Code::kInvalidInput, "what answers is no market, or an older one"};
  return after;
}

base::Status watch_on_terminal(const MarketWatchOptions& options) {
  std::optional<Screen> screen;
  const auto over = [&] { return interrupted() || (screen && screen->quit()); };
  TARN_ASSIGN(const auto client, ServiceClient::open(options.home, over));
  TARN_ASSIGN(std::string after, newest(*client));
  TARN_ASSIGN(Seen seen, look(*client, options.market));
  const std::string events = events_of(options.market, "&limit=500&wait_ms=" + std::to_string(kEveryMs));
  screen.emplace();
  while (!over()) {
    Screen::draw(picture_within(seen, Screen::size().rows));
    TARN_ASSIGN(const Json news, client->call("GET", events + after));
    after = news.text("next", after);
    TARN_ASSIGN(seen, look(*client, options.market));
  }
  return {};
}

void print_event(const Json& event) {
  if (json_wanted()) {
    std::printf("%s\n", event.dump().c_str());
  } else {
    std::printf("%s  %s  %s  %s\n", one_line(event.text("at")).c_str(), one_line(event.text("kind")).c_str(),
                one_line(event.text("subject")).c_str(), one_line(event.text("detail")).c_str());
  }
  (void)std::fflush(stdout);
}

// A stream ends after a while, and one in which nothing happens is taken for dead: then it is asked for again, from where
// it was.
base::Status follow_events(ServiceClient& client, const std::string& events, std::string after) {
  while (!interrupted()) {
    const base::Status ended = client.follow(events + after, [&](std::string_view data) {
      const auto event = Json::parse(data);
      if (event.ok()) print_event(*event);
      if (event.ok()) after = std::to_string(event->number("id"));
      return !interrupted();
    });
    if (!ended.ok() && ended.error().code != base::Code::kDeadline) return ended;
  }
  return {};
}

base::Status watch_in_lines(const MarketWatchOptions& options) {
  TARN_ASSIGN(const auto client, ServiceClient::open(options.home));
  TARN_ASSIGN(std::string after, newest(*client));
  TARN_ASSIGN(const Seen seen, look(*client, options.market));
  if (!json_wanted()) std::printf("%s\n", picture(seen, kMostRows).c_str());
  (void)std::fflush(stdout);
  return follow_events(*client, events_of(options.market), std::move(after));
}

base::Status look_once(const MarketWatchOptions& options) {
  TARN_ASSIGN(const auto client, ServiceClient::open(options.home));
  TARN_ASSIGN(const Seen seen, look(*client, options.market));
  const auto items = [](const Json& page) { return page.is_null() ? Json() : Json::array(page.list("items")); };
  const Json shown = Json::object(
      {{"market", seen.market}, {"depth", seen.depth}, {"trades", items(seen.trades)}, {"orders", items(seen.orders)}});
  std::printf("%s", json_wanted() ? (shown.dump() + "\n").c_str() : picture(seen, kMostRows).c_str());
  return {};
}

base::Status run(const MarketWatchOptions& options) {
  if (options.once) return look_once(options);
  if (::isatty(STDOUT_FILENO) == 1 && !json_wanted()) return watch_on_terminal(options);
  return watch_in_lines(options);
}

}  // namespace

int run_market_watch(const MarketWatchOptions& options) {
  catch_signals();
  const base::Status done = run(options);
  const bool left = !done.ok() && !options.once && done.error().code == base::Code::kCancelled;  // the way out of it
  return done.ok() || left ? kExitDone : report(done.error());
}

}  // namespace tarn
