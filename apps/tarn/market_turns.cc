#include "tarn/market_turns.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tarn {
namespace {

constexpr std::int64_t kTroubleMs = 1'000, kLongestRestMs = 60'000;
constexpr const char* kWork = "tarn_market_work_total";
constexpr const char* kLeads = "tarn_market_leads";

}  // namespace

MarketTurns::MarketTurns(Parts parts) : parts_(std::move(parts)) {
  parts_.metrics.declare_counter(kWork, "What happened by itself: pieces of work, by how they ended.");
  parts_.metrics.declare_gauge(kLeads, "Whether this process runs the clock: 1, or 0.");
}

void MarketTurns::lead(std::optional<std::int64_t> turn) {
  if (turn != turn_)
    parts_.log.info(turn ? "market_leads" : "market_follows", {{"turn", turn ? std::to_string(*turn) : "none"}});
  turn_ = turn;
  parts_.metrics.set(kLeads, {}, turn_ ? 1 : 0);
}

std::int64_t MarketTurns::run_one() {
  const std::int64_t now = parts_.wall.unix_ms();
  if (!parts_.time.right().ok()) {  // it has told
    resign();
    lead(std::nullopt);
    well_ = true;
    return kTroubleMs;
  }
  const auto turn = parts_.leader.lead();
  lead(turn.ok() ? *turn : std::nullopt);
  if (!turn.ok()) {
    if (well_.exchange(false)) parts_.log.error("market_clock", {{"reason", turn.error().message}});
    return kTroubleMs;
  }
  if (turn_) return work(now);
  well_ = true;
  return parts_.tick_ms;
}

std::int64_t MarketTurns::work(std::int64_t now) {
  const auto round = parts_.clock.run_once(now, turn_);
  const bool taken_over = !round.ok() && round.error().code == base::Code::kCancelled;
  if (taken_over) resign();
  if (!round.ok()) {
    if (well_.exchange(taken_over) && !taken_over)
      parts_.log.error("market_clock", {{"reason", round.error().message}});
    return kTroubleMs;
  }
  well_ = true;
  parts_.metrics.add(kWork, {{"ended", "done"}}, static_cast<double>(round->done));
  parts_.metrics.add(kWork, {{"ended", "failed"}}, static_cast<double>(round->failed));
  if (round->done > 0 && parts_.changed) parts_.changed();
  return std::clamp<std::int64_t>(round->next - parts_.wall.unix_ms(), 1, kLongestRestMs);
}

}  // namespace tarn
