#include "tarn/market_time.h"

#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>

#include "tarn/time_text.h"

namespace tarn {
namespace {

using Finding = market::ClockGuard::Finding;

constexpr const char* kGauge = "tarn_market_clock_off_seconds";
constexpr std::int64_t kOneMomentMs = 20;
constexpr int kMostReads = 10;

std::int64_t read_clock(clockid_t which) {
  timespec at{};
  ::clock_gettime(which, &at);
  return at.tv_sec * 1'000LL + at.tv_nsec / 1'000'000;
}

std::string what_is_wrong(const TwoClocks& at, const market::ClockGuard::Look& look) {
  const std::string says = time_text(at.wall_ms), expected = time_text(at.wall_ms - look.off_ms);
  if (look.finding == Finding::kBehind)
    return "the market's clock says " + says + ", and the market has already done something at " + expected +
           ": nothing is decided until the clock is there; set it right. If it is right, and was wrong then, start the "
           "market with max_clock_step = \"0s\"";
  return "the market's clock was set: it says " + says + ", and " + expected +
         " was expected: nothing is decided until it is set right. If it is right now, restart the market";
}

}  // namespace

// A process may be held up between two reads for as long as a machine likes: then it reads again.
TwoClocks read_two_clocks() {
  TwoClocks out;
  for (int i = 0; i < kMostReads; ++i) {
    const std::int64_t before = read_clock(CLOCK_BOOTTIME);
    out.wall_ms = read_clock(CLOCK_REALTIME);
    out.boot_ms = read_clock(CLOCK_BOOTTIME);
    if (out.boot_ms - before <= kOneMomentMs) break;
  }
  return out;
}

MarketTime::MarketTime(std::int64_t tolerance_ms, std::int64_t done_until, std::function<TwoClocks()> clocks,
                       base::Log& log, net::Metrics& metrics)
    : clocks_(std::move(clocks)), log_(log), metrics_(metrics), guard_(tolerance_ms, done_until) {
  metrics_.declare_gauge(kGauge, "By how much the wall clock is ahead of what was expected.");
  (void)right();  // what is expected begins now
}

base::Status MarketTime::right() {
  const std::lock_guard lock(mutex_);
  const TwoClocks at = clocks_();
  const market::ClockGuard::Look look = guard_.look(at.wall_ms, at.boot_ms);
  metrics_.set(kGauge, {}, static_cast<double>(look.off_ms) / 1'000);
  if (look.finding != told_) tell(at, look);
  told_ = look.finding;
  if (look.finding == Finding::kRight) return {};
  return base::Error{base::Code::kCancelled, what_is_wrong(at, look)};
}

void MarketTime::tell(const TwoClocks& at, const market::ClockGuard::Look& look) {
  const std::string says = time_text(at.wall_ms), expected = time_text(at.wall_ms - look.off_ms);
  if (look.finding == Finding::kRight)
    log_.info("market_clock_right", {{"says", says}});
  else
    log_.error(
        look.finding == Finding::kBehind ? "market_clock_behind" : "market_clock_set",
        {{"says", says}, {"expected", expected}, {"off_s", look.off_ms / 1'000}, {"reason", what_is_wrong(at, look)}});
}

base::Result<std::int64_t> last_deed(market::Store& store) {
  std::int64_t at = 0;
  TARN_TRY(store.read([&](market::Transaction& tables) -> base::Status {
    TARN_ASSIGN(const market::Id last, tables.last_event());
    if (last == 0) return {};
    TARN_ASSIGN(const auto events, tables.events(last - 1, {}, 1));
    if (!events.empty()) at = events.front().at;
    return {};
  }));
  return at;
}

}  // namespace tarn
