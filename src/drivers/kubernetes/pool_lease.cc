#include "drivers/kubernetes/pool_lease.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace drivers {
namespace {

using nlohmann::json;

constexpr std::size_t kMostMessage = 1000;

const json* find_at(const json& object, const char* pointer) {
  const json::json_pointer path(pointer);
  return object.contains(path) ? &object.at(path) : nullptr;
}

}  // namespace

std::string lease_name(const inventory::Id& lease) { return "lease-" + base::to_hex(lease); }

json pool_lease(const inventory::Order& order, const Owner& owner) {
  return {
      {"apiVersion", "tarn.dev/v1alpha1"},
      {"kind", "PoolLease"},
      {"metadata",
       {{"name", lease_name(order.lease)}, {"labels", labels_of(owner)}, {"finalizers", json::array({kFinalizer})}}},
      {"spec",
       {{"leaseId", owner.lease},
        {"requester", "org_" + base::to_hex(order.requester)},
        {"class", order.unit.text()},
        {"units", order.units},
        {"namespace", namespace_name(order.lease)},
        {"end", timestamp(order.end_unix_ms)},
        {"revision", order.revision}}}};
}

std::string text_at(const json& object, const char* pointer) {
  const json* found = find_at(object, pointer);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

bool belongs_to(const json& object, const Owner& owner) {
  const json* labels = find_at(object, "/metadata/labels");
  if (labels == nullptr || !labels->is_object()) return false;
  const auto wanted = labels_of(owner);
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto found = labels->find(label.first);
    return found != labels->end() && *found == label.second;
  });
}

std::optional<inventory::Id> lease_of(const json& object) {
  const auto bytes = base::from_hex(text_at(object, "/metadata/labels/tarn.dev~1lease"));
  inventory::Id out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

bool being_deleted(const json& object) { return !text_at(object, "/metadata/deletionTimestamp").empty(); }

bool has_finalizer(const json& object, const std::string& finalizer) {
  const json* list = find_at(object, "/metadata/finalizers");
  return list != nullptr && list->is_array() && std::find(list->begin(), list->end(), finalizer) != list->end();
}

json finalizers_without(const json& object, const std::string& finalizer) {
  json out = json::array();
  if (const json* list = find_at(object, "/metadata/finalizers"); list != nullptr && list->is_array())
    std::copy_if(list->begin(), list->end(), std::back_inserter(out),
                 [&](const json& entry) { return entry != finalizer; });
  return out;
}

std::string obstacles(const json& name_space) {
  std::string out;
  const json* conditions = find_at(name_space, "/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return out;
  for (const json& condition : *conditions)
    if (text_at(condition, "/status") == "True")
      out += (out.empty() ? "" : "; ") + text_at(condition, "/type") + ": " + text_at(condition, "/message");
  return short_text(out);
}

std::string short_text(const std::string& text) {
  if (text.size() <= kMostMessage) return text;
  std::size_t end = kMostMessage;  // not inside a character
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

json conditions_with(const json& object, const std::vector<Condition>& conditions, std::int64_t now) {
  const json* old = find_at(object, "/status/conditions");
  json list = old != nullptr && old->is_array() ? *old : json::array();
  for (const Condition& c : conditions) {
    json made = {{"type", c.type},
                 {"status", c.status},
                 {"reason", c.reason},
                 {"message", short_text(c.message)},
                 {"lastTransitionTime", timestamp(now)}};
    const auto same =
        std::find_if(list.begin(), list.end(), [&](const json& entry) { return text_at(entry, "/type") == c.type; });
    if (same == list.end()) {
      list.push_back(std::move(made));
      continue;
    }
    const std::string since = text_at(*same, "/lastTransitionTime");
    if (text_at(*same, "/status") == c.status && !since.empty()) made["lastTransitionTime"] = since;
    *same = std::move(made);
  }
  return list;
}

json status_with(const json& lease, const std::string& phase, const std::string& blocked_by,
                 const std::vector<Condition>& conditions, std::int64_t now) {
  const json* old = find_at(lease, "/status");
  json status = old != nullptr && old->is_object() ? *old : json::object();
  status["phase"] = phase;
  status.erase("blockedBy");
  if (!blocked_by.empty()) status["blockedBy"] = short_text(blocked_by);
  const json* generation = find_at(lease, "/metadata/generation");
  if (generation != nullptr) status["observedGeneration"] = *generation;
  status["conditions"] = conditions_with(lease, conditions, now);
  return status;
}

std::string timestamp(std::int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(unix_ms)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<std::int64_t> parse_timestamp(const std::string& text) {
  using namespace std::chrono;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, used = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &used) != 6) return std::nullopt;
  std::string rest = text.substr(static_cast<std::size_t>(used));
  if (rest.starts_with('.')) rest.erase(0, std::max<std::size_t>(rest.find_first_not_of("0123456789", 1), 1));
  const year_month_day date(year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d)));
  if (rest != "Z" || !date.ok() || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60) return std::nullopt;
  const auto time = sys_days(date) + hours(h) + minutes(mi) + seconds(s);
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

}  // namespace drivers
