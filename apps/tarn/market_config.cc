#include "tarn/market_config.h"

#include <filesystem>

#include "tarn/config.h"
#include "tarn/config_fields.h"

namespace tarn {
namespace {

constexpr std::int64_t kMinuteMs = 60'000, kDayMs = 86'400'000;

void read_clock_step(Table& limits, std::int64_t& out) {
  if (limits.text("max_clock_step", false, 32) == "0s")
    out = 0;
  else
    read_time(limits, "max_clock_step", 1'000, kDayMs, out, ", or \"0s\": any step is believed");
}

base::Status read_limits(Table& top, const std::string& file, MarketConfig& out) {
  const toml::table* entry = top.table("limits", false);
  if (entry == nullptr) return {};
  Table limits(*entry, file, "[limits]");
  read_count(limits, "members", 1, 100'000, out.limits.members);
  read_count(limits, "markets", 1, 10'000, out.limits.markets);
  read_count(limits, "lots_a_member", 1, 1'000'000, out.limits.lots_a_member);
  read_count(limits, "groups_a_member", 1, 10'000, out.limits.groups_a_member);
  read_count(limits, "tokens_a_member", 1, 10'000, out.limits.tokens_a_member);
  read_count(limits, "orders_in_call", 1, 100'000, out.limits.orders_in_call);
  read_count(limits, "combinatorial_orders", 1, 100'000, out.limits.combinatorial_orders);
  read_time(limits, "tick", 10, kMinuteMs, out.clock.tick_ms);
  read_time(limits, "keep_events", 60 * kMinuteMs, 3'650 * kDayMs, out.clock.keep_events_ms);
  read_time(limits, "keep_replies", kMinuteMs, 30 * kDayMs, out.clock.keep_replies_ms);
  read_clock_step(limits, out.max_clock_step_ms);
  return limits.finish();
}

base::Status read_delivery(Table& top, const std::string& file, MarketConfig& out) {
  const toml::table* entry = top.table("delivery", false);
  if (entry == nullptr) return {};
  Table delivery(*entry, file, "[delivery]");
  const std::string by = delivery.text("by", false, 32).value_or("manual");
  if (by == "recording")
    out.fulfiller = MarketConfig::Fulfiller::kRecording;
  else if (by != "manual")
    delivery.complain(delivery.node(), "by must be \"manual\" or \"recording\"");
  return delivery.finish();
}

}  // namespace

base::Result<MarketConfig> parse_market_config(const std::string& text, const std::string& file,
                                               const std::string& directory) {
  TARN_ASSIGN(const toml::table parsed, parse_toml(text, file));
  Table top(parsed, file, "the file");
  MarketConfig out;
  TARN_TRY(read_http(top, file, directory, out));
  TARN_TRY(read_storage(top, file, directory, out));
  TARN_TRY(read_limits(top, file, out));
  TARN_TRY(read_delivery(top, file, out));
  TARN_TRY(top.finish());
  return out;
}

base::Result<MarketConfig> load_market_config(const std::string& file, const std::string& state_dir) {
  MarketConfig out;
  if (!file.empty()) {
    TARN_ASSIGN(const std::string text, read_text_file(file, kMaxServiceConfig));
    TARN_ASSIGN(out, parse_market_config(text, file, std::filesystem::path(file).parent_path().string()));
  }
  if (!state_dir.empty()) out.state_dir = state_dir;
  return out;
}

}  // namespace tarn
