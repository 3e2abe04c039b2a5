#include "tarn/report.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "tarn/output.h"

namespace tarn {
namespace {

using Json = nlohmann::ordered_json;
using Per = auction::Payment::Per;

const char* key(Per per) { return per == Per::kUnit ? "unit_payment" : "total_payment"; }

void add(Json& j, std::uint64_t quantity, const auction::Payment& payment) {
  j["quantity"] = std::to_string(quantity);
  j[key(payment.per)] = std::to_string(payment.amount);
}

Json as_json(const PartyReport& r) {
  Json j;
  j["role"] = r.role;
  j["mechanism"] = r.mechanism;
  j["class"] = r.resource_class;
  if (r.role == "requester") {
    j["winners"] = Json::array();
    for (std::size_t i = 0; i < r.placed.awards.size(); ++i) {
      const auction::Award& award = r.placed.awards[i];
      Json winner;
      winner["id"] = r.winner_ids[i];
      winner["index"] = award.provider + 1;  // its place among the parties
      add(winner, award.quantity, award.payment);
      j["winners"].push_back(std::move(winner));
    }
  } else if (r.role == "provider") {
    j["selected"] = r.offered.selected;
    if (r.offered.selected) add(j, r.offered.quantity, r.offered.payment);
  } else {
    j["outputs"] = r.outputs;
  }
  j["acquainted"] = r.acquainted;
  j["hops"] = r.hops;
  j["hops_online"] = r.hops_online;
  j["connect_ms"] = r.connect_ms;
  j["manifest_ms"] = r.manifest_ms;
  j["base_ot_ms"] = r.base_ot_ms;
  j["prepare_ms"] = r.prepare_ms;
  j["garble_ms"] = r.garble_ms;
  j["evaluate_ms"] = r.evaluate_ms;
  j["total_ms"] = r.total_ms;
  j["sent_bytes"] = r.sent_bytes;
  return j;
}

std::uint64_t amount(const Json& j, const char* name) {
  std::uint64_t value = 0;
  const std::string text = j.value(name, "0");
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

auction::Payment payment(const Json& j) {
  const Per per = j.contains(key(Per::kAward)) ? Per::kAward : Per::kUnit;
  return {amount(j, key(per)), per};
}

}  // namespace

std::string_view label(Per per) { return per == Per::kUnit ? "unit payment" : "total payment"; }

bool same_outcome(const std::vector<PartyReport>& reports, const auction::Outcome& outcome) {
  bool same = reports.size() == outcome.providers.size() + 1 && reports[0].placed == outcome.requester;
  for (std::size_t i = 0; same && i < outcome.providers.size(); ++i)
    same = reports[i + 1].offered == outcome.providers[i];
  return same;
}

std::string to_json(const PartyReport& report) { return as_json(report).dump(); }

std::optional<PartyReport> parse_party_report(const std::string& json) {
  const Json j = Json::parse(json, nullptr, false);
  if (!j.is_object() || !j.contains("role")) return std::nullopt;
  try {
    PartyReport r;
    r.role = j.at("role").get<std::string>();
    r.mechanism = j.at("mechanism").get<std::string>();
    r.resource_class = j.at("class").get<std::string>();
    if (r.role == "requester") {
      for (const Json& winner : j.at("winners")) {
        r.winner_ids.push_back(winner.at("id").get<std::string>());
        r.placed.awards.push_back(
            {winner.at("index").get<std::size_t>() - 1, amount(winner, "quantity"), payment(winner)});
      }
    }
    if (j.value("selected", false)) r.offered = {true, amount(j, "quantity"), payment(j)};
    r.outputs = j.value("outputs", "");
    r.acquainted = j.at("acquainted").get<bool>();
    r.hops = j.at("hops").get<std::uint32_t>();
    r.hops_online = j.at("hops_online").get<std::uint32_t>();
    r.connect_ms = j.at("connect_ms").get<double>();
    r.manifest_ms = j.at("manifest_ms").get<double>();
    r.base_ot_ms = j.at("base_ot_ms").get<double>();
    r.prepare_ms = j.at("prepare_ms").get<double>();
    r.garble_ms = j.at("garble_ms").get<double>();
    r.evaluate_ms = j.at("evaluate_ms").get<double>();
    r.total_ms = j.at("total_ms").get<double>();
    r.sent_bytes = j.at("sent_bytes").get<std::uint64_t>();
    return r;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string error_json(const base::Error& error, const std::string& party) {
  Json j;
  j["error"]["code"] = code_name(error.code);
  // Whoever ended a session that somebody spoilt is not accused of anything.
  if (!party.empty()) j["error"][error.code == base::Code::kSomebodyMisbehaved ? "ended_by" : "party"] = party;
  j["error"]["message"] = error.message;
  return j.dump();
}

std::optional<std::string> parse_error_message(const std::string& json) {
  const Json j = Json::parse(json, nullptr, false);
  const Json::json_pointer message("/error/message");
  if (!j.is_object() || !j.contains(message) || !j[message].is_string()) return std::nullopt;
  return j[message].get<std::string>();
}

std::string to_json(const std::vector<BenchRow>& rows) {
  Json out = Json::array();
  for (const BenchRow& r : rows) {
    Json j;
    j["circuit"] = r.circuit;
    j["parties"] = r.parties;
    j["and_gates"] = r.and_gates;
    j["hops"] = r.hops;
    j["hops_online"] = r.hops_online;
    j["rtt_ms"] = r.rtt_ms;
    j["acquainted"] = r.acquainted;
    j["connect_ms"] = r.connect_ms;
    j["base_ot_ms"] = r.base_ot_ms;
    j["prepare_ms"] = r.prepare_ms;
    j["garble_ms"] = r.garble_ms;
    j["evaluate_ms"] = r.evaluate_ms;
    j["total_ms"] = r.total_ms;
    j["cpu_ms_per_party"] = r.cpu_ms_per_party;
    j["sent_bytes_max"] = r.sent_bytes_max;
    j["sent_bytes_total"] = r.sent_bytes_total;
    j["peak_rss_mb"] = r.peak_rss_mb;
    out.push_back(std::move(j));
  }
  return out.dump(2);
}

std::string to_json(const std::vector<PoolBenchRow>& rows) {
  Json out = Json::array();
  for (const PoolBenchRow& r : rows) {
    Json j;
    j["providers"] = r.providers;
    j["rtt_ms"] = r.rtt_ms;
    j["acquainted"] = r.acquainted;
    j["discovery_ms"] = r.discovery_ms;
    j["agreement_ms"] = r.agreement_ms;
    j["mpc_ms"] = r.mpc_ms;
    j["total_ms"] = r.total_ms;
    j["plain_ms"] = r.plain_ms;
    j["ratio"] = r.ratio;
    j["delivery_ms"] = r.delivery_ms;
    j["attempts"] = r.attempts;
    j["angler_mpc_ms"] = r.angler_mpc_ms;
    out.push_back(std::move(j));
  }
  return out.dump(2);
}

std::string flat_json(const std::vector<JsonField>& fields) {
  Json j;
  for (const JsonField& field : fields) std::visit([&](const auto& v) { j[field.first] = v; }, field.second);
  return j.dump();
}

std::string to_json(const DemoReport& report) {
  Json j;
  j["mechanism"] = report.mechanism;
  j["class"] = report.resource_class;
  j["seed"] = report.seed;
  j["rtt_ms"] = report.rtt_ms;
  j["equals_plain"] = report.equals_plain;
  j["parties"] = Json::array();
  for (const DemoParty& p : report.parties) {
    Json party;
    party["name"] = p.name;
    party["id"] = p.id;
    party["put_in"] = p.put_in;
    party["learned"] = p.learned;
    party["result"] = as_json(p.report);
    j["parties"].push_back(std::move(party));
  }
  return j.dump(2);
}

}  // namespace tarn
