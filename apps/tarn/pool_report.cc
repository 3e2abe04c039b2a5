#include "tarn/pool_report.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "model/duration.h"
#include "model/money.h"
#include "model/organisation.h"
#include "tarn/output.h"

namespace tarn {
namespace {

using Json = nlohmann::ordered_json;

std::string org(const crypto::PublicKey& key) { return model::OrganisationId{key}.text(); }
std::string short_org(const crypto::PublicKey& key) { return org(key).substr(0, 12) + "…"; }

std::string_view word(pool::LeaseAccess::State state) {
  using State = pool::LeaseAccess::State;
  return state == State::kReady ? "ready" : state == State::kComing ? "coming" : "none";
}

Json json(const base::Result<pool::LeaseAccess>& delivery) {
  if (!delivery.ok()) return {{"state", "unknown"}, {"detail", delivery.error().message}};
  const pool::LeaseAccess& access = *delivery;
  Json out{{"state", word(access.state)}};
  if (!access.detail.empty()) out["detail"] = access.detail;
  for (const auto& [name, used] : access.usage) out["usage"][name] = {{"granted", used.granted}, {"used", used.used}};
  return out;
}

// In its two largest units, rounded down: "3h 59m".
std::string time_left(const LeaseRow& row, std::int64_t now) {
  const std::int64_t left = row.terms.end_unix_ms - now;
  if (left <= 0 || (row.state != "active" && row.state != "unconfirmed")) return "-";
  struct Unit {
    std::int64_t ms;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits{{{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}}};
  for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
    if (left < kUnits[i].ms) continue;
    return std::to_string(left / kUnits[i].ms) + kUnits[i].name + " " +
           std::to_string(left % kUnits[i].ms / kUnits[i + 1].ms) + kUnits[i + 1].name;
  }
  return std::to_string(left / 1'000) + "s";
}

Json json(const LeaseRow& row, std::int64_t now) {
  const pool::LeaseTerms& t = row.terms;
  Json out{{"id", pool::text(t.id)},
           {"state", row.state},
           {"provider", org(t.provider)},
           {"address", row.address},
           {"class", t.unit.text()},
           {"units", std::to_string(t.units)},
           {"credits_per_hour", model::credits_text(t.hourly_payment)},
           {"start", time_text(t.start_unix_ms)},
           {"end", time_text(t.end_unix_ms)},
           {"revision", t.revision},
           {"mechanism", t.mechanism}};
  out["seconds_left"] = std::max<std::int64_t>(t.end_unix_ms - now, 0) / 1000;
  if (!row.file.empty()) out["file"] = row.file;
  if (!row.kubeconfig.empty()) out["kubeconfig"] = row.kubeconfig;
  if (row.delivery) out["delivery"] = json(*row.delivery);
  return out;
}

Json json(const pool::Attempt& attempt) {
  Json refused = Json::object(), left_out = Json::array();
  for (const auto& [reason, count] : attempt.refused) refused[std::string(pool::word(reason))] = count;
  for (const auto& key : attempt.left_out) left_out.push_back(org(key));
  Json out{{"asked", attempt.candidates},
           {"accepted", attempt.accepted},
           {"drawn", attempt.drawn},
           {"refused", refused},
           {"left_out", left_out}};
  if (attempt.error) out["error"] = {{"code", code_name(attempt.error->code)}, {"message", attempt.error->message}};
  return out;
}

std::string classes_of(const discovery::Announcement& announcement) {
  std::string out;
  for (const auto& unit : announcement.classes) out += (out.empty() ? "" : "; ") + unit.text();
  return out;
}

}  // namespace

LeaseRow lease_row(const store::LeaseRecord& record, std::int64_t now) {
  LeaseRow row;
  if (const auto document = pool::LeaseDocument::decode(record.document)) row.terms = document->terms;
  row.terms.id = record.id;
  row.address = record.provider_address;
  using State = store::LeaseRecord::State;
  row.state = record.state == State::kReleased      ? "released"
              : record.end_unix_ms <= now           ? "ended"
              : record.state == State::kUnconfirmed ? "unconfirmed"
                                                    : "active";
  return row;
}

std::string usage_text(const LeaseRow& row) {
  if (!row.delivery) return "";
  if (!row.delivery->ok()) return "not known";
  const pool::LeaseAccess& access = **row.delivery;
  if (access.state != pool::LeaseAccess::State::kReady)
    return access.state == pool::LeaseAccess::State::kComing ? "not ready" : "";
  std::string out;
  for (const auto& [resource, amount] : row.terms.unit.amounts) {
    for (const std::string& name : {"limits." + resource, "requests." + resource, resource}) {
      const auto found = access.usage.find(name);
      if (found == access.usage.end()) continue;
      out += (out.empty() ? "" : ", ") + resource + " " + found->second.used + " of " + found->second.granted;
      break;
    }
  }
  return out.empty() ? "ready" : out;
}

// Where nothing is delivered, nothing is said of it.
std::string lease_table(const std::vector<LeaseRow>& rows, std::int64_t now) {
  const bool delivered =
      std::any_of(rows.begin(), rows.end(), [](const LeaseRow& row) { return !usage_text(row).empty(); });
  std::vector<std::vector<std::string>> cells{{"lease", "state", "units", "class", "credits/h", "end", "left"}};
  if (delivered) cells[0].emplace_back("used");
  cells[0].emplace_back("provider");
  for (const LeaseRow& row : rows) {
    const pool::LeaseTerms& t = row.terms;
    cells.push_back({pool::text(t.id).substr(0, 18), row.state, std::to_string(t.units), t.unit.text(),
                     model::credits_text(t.hourly_payment), time_text(t.end_unix_ms), time_left(row, now)});
    if (delivered) cells.back().push_back(usage_text(row));
    cells.back().push_back(short_org(t.provider));
  }
  return table(cells);
}

std::string lease_json(const std::vector<LeaseRow>& rows, std::int64_t now) {
  Json out = Json::array();
  for (const LeaseRow& row : rows) out.push_back(json(row, now));
  return out.dump(2);
}
std::string lease_json(const LeaseRow& row, std::int64_t now) { return json(row, now).dump(2); }

std::string request_json(const pool::RequestResult& result, const std::vector<LeaseRow>& leases,
                         const base::Error* error, std::int64_t now) {
  Json out{{"leases", Json::array()}, {"attempts", Json::array()}};
  for (const LeaseRow& row : leases) out["leases"].push_back(json(row, now));
  for (const pool::Attempt& attempt : result.attempts) out["attempts"].push_back(json(attempt));
  out["discovery_ms"] = result.discovery_ms;
  out["agreement_ms"] = result.agreement_ms;
  out["mpc_ms"] = result.mpc_ms;
  out["delivery_ms"] = result.delivery_ms;
  out["total_ms"] = result.total_ms;
  out["acquainted"] = result.acquainted;
  out["hops"] = result.hops;
  if (error != nullptr) out["error"] = {{"code", code_name(error->code)}, {"message", error->message}};
  return out.dump(2);
}

std::string map_table(const std::vector<discovery::Candidate>& found) {
  std::vector<std::vector<std::string>> cells{
      {"provider", "endpoint", "RTT ms", "predicted ms", "announced", "classes"}};
  for (const auto& c : found)
    cells.push_back({short_org(c.announcement.key), c.announcement.endpoint,
                     c.rtt_ms ? fixed(*c.rtt_ms, 1) : "no answer", fixed(c.estimated_ms, 1),
                     model::duration_text(std::max<std::int64_t>(c.age_ms, 0) / 1000 * 1000) + " ago",
                     classes_of(c.announcement)});
  return table(cells);
}

std::string map_json(const std::vector<discovery::Candidate>& found, const discovery::Coordinate& own) {
  const auto point = [](const discovery::Coordinate& c) {
    Json out = c.position_ms;
    out.push_back(c.height_ms);
    return out;
  };
  Json providers = Json::array();
  for (const auto& c : found) {
    Json row{{"id", org(c.announcement.key)}, {"endpoint", c.announcement.endpoint}, {"rtt_ms", nullptr}};
    if (c.rtt_ms) row["rtt_ms"] = *c.rtt_ms;
    row["estimated_ms"] = c.estimated_ms;
    row["announced_ms_ago"] = c.age_ms;
    row["coordinate"] = point(c.announcement.coordinate);
    row["classes"] = Json::array();
    for (const auto& unit : c.announcement.classes) row["classes"].push_back(unit.text());
    providers.push_back(row);
  }
  return Json{{"coordinate", point(own)}, {"coordinate_error", own.error}, {"providers", providers}}.dump(2);
}

std::string doctor_json(const std::vector<DoctorCheck>& checks) {
  Json out = Json::array();
  for (const DoctorCheck& check : checks) {
    Json row{{"check", check.what}, {"well", check.well}, {"finding", check.finding}};
    if (!check.advice.empty()) row["advice"] = check.advice;
    out.push_back(row);
  }
  return out.dump(2);
}

}  // namespace tarn
