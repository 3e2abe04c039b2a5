#include "tarn/isolation_config.h"

#include "tarn/config.h"
#include "tarn/config_fields.h"

namespace tarn {
namespace {

constexpr std::int64_t kMinuteMs = 60'000, kDayMs = 86'400'000;

base::Status read_vlans(Table& top, const std::string& file, IsolationConfig& out) {
  const toml::table* entry = top.table("vlans", false);
  if (entry == nullptr) return {};
  Table vlans(*entry, file, "[vlans]");
  read_count(vlans, "first", 1, isolation::kMaxVlan, out.rules.first_vlan);
  read_count(vlans, "last", 1, isolation::kMaxVlan, out.rules.last_vlan);
  if (out.rules.first_vlan > out.rules.last_vlan) vlans.complain(vlans.node(), "first must not be above last");
  return vlans.finish();
}

base::Status read_limits(Table& top, const std::string& file, IsolationConfig& out) {
  const toml::table* entry = top.table("limits", false);
  if (entry == nullptr) return {};
  Table limits(*entry, file, "[limits]");
  read_count(limits, "changes_in_operation", 1, 4'096, out.rules.most_changes);
  read_count(limits, "changes_waiting", 0, 1'000, out.rules.most_waiting);
  read_time(limits, "give_up", 1'000, 60 * kMinuteMs, out.rules.give_up_ms);
  read_count(limits, "batch", 1, 10'000, out.engine.batch);
  read_time(limits, "switch_timeout", 100, kMinuteMs, out.engine.switch_timeout_ms);
  read_time(limits, "bmc_timeout", 100, 5 * kMinuteMs, out.engine.bmc_timeout_ms);
  read_time(limits, "first_retry", 10, kMinuteMs, out.engine.first_retry_ms);
  read_time(limits, "longest_retry", 10, 60 * kMinuteMs, out.engine.longest_retry_ms);
  read_time(limits, "reconcile_every", 1'000, kDayMs, out.reconcile_every_ms);
  read_time(limits, "keep_events", 60 * kMinuteMs, 3'650 * kDayMs, out.keep_events_ms);
  read_time(limits, "keep_replies", kMinuteMs, 30 * kDayMs, out.keep_replies_ms);
  if (out.engine.first_retry_ms > out.engine.longest_retry_ms)
    limits.complain(limits.node(), "first_retry must not be above longest_retry");
  return limits.finish();
}

}  // namespace

base::Result<IsolationConfig> parse_isolation_config(const std::string& text, const std::string& file,
                                                     const std::string& directory) {
  TARN_ASSIGN(const toml::table parsed, parse_toml(text, file));
  Table top(parsed, file, "the file");
  IsolationConfig out;
  TARN_TRY(read_http(top, file, directory, out));
  TARN_TRY(read_storage(top, file, directory, out));
  TARN_TRY(read_vlans(top, file, out));
  TARN_TRY(read_limits(top, file, out));
  TARN_TRY(top.finish());
  return out;
}

base::Result<IsolationConfig> load_isolation_config(const std::string& file, const std::string& state_dir) {
  IsolationConfig out;
  if (!file.empty()) {
    TARN_ASSIGN(const std::string text, read_text_file(file, kMaxServiceConfig));
    TARN_ASSIGN(out, parse_isolation_config(text, file, std::filesystem::path(file).parent_path().string()));
  }
  if (!state_dir.empty()) out.state_dir = state_dir;
  return out;
}

}  // namespace tarn
