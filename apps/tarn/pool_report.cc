#include "tarn/pool_report.h"

#include <ctime>
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

Json json(const LeaseRow& row) {
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
  if (!row.file.empty()) out["file"] = row.file;
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

std::string time_text(std::int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

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

std::string lease_table(const std::vector<LeaseRow>& rows) {
  std::vector<std::vector<std::string>> cells{{"lease", "state", "units", "class", "credits/h", "end", "provider"}};
  for (const LeaseRow& row : rows) {
    const pool::LeaseTerms& t = row.terms;
    cells.push_back({pool::text(t.id).substr(0, 18), row.state, std::to_string(t.units), t.unit.text(),
                     model::credits_text(t.hourly_payment), time_text(t.end_unix_ms), short_org(t.provider)});
  }
  return table(cells);
}

std::string lease_json(const std::vector<LeaseRow>& rows) {
  Json out = Json::array();
  for (const LeaseRow& row : rows) out.push_back(json(row));
  return out.dump(2);
}
std::string lease_json(const LeaseRow& row) { return json(row).dump(2); }

std::string request_json(const pool::RequestResult& result, const std::vector<LeaseRow>& leases,
                         const base::Error* error) {
  Json out{{"leases", Json::array()}, {"attempts", Json::array()}};
  for (const LeaseRow& row : leases) out["leases"].push_back(json(row));
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
