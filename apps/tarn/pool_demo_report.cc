#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model/money.h"
#include "tarn/pool_demo.h"

namespace tarn {
namespace {

using Json = nlohmann::ordered_json;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Fate> fate_of_event(const std::string& event) {
  if (event == "refused") return Fate::kRefused;
  if (event == "not_drawn") return Fate::kNotDrawn;
  if (event == "no_draw" || event == "session_failed" || event == "lease_declined" || event == "lease_unconfirmed")
    return Fate::kFailed;
  if (event == "not_selected") return Fate::kLost;
  if (event == "lease_signed") return Fate::kWon;
  return std::nullopt;
}

Json json(const Units& units) {
  return {{"free", std::to_string(units.free)},
          {"held", std::to_string(units.held)},
          {"leased", std::to_string(units.leased)}};
}

Json json(const PoolDemoProvider& p) {
  Json out{{"name", p.book.name},
           {"id", p.id},
           {"book", {{"capacity", std::to_string(p.book.capacity)}, {"price", p.book.price}}},
           {"rtt_ms", nullptr},
           {"learned", word(p.fate)}};
  if (p.rtt_ms) out["rtt_ms"] = *p.rtt_ms;
  if (p.lease) {
    out["units"] = std::to_string(p.lease->units);
    out["credits_per_hour"] = model::credits_text(p.lease->hourly_payment);
  }
  out["units_during_lease"] = json(p.leased);
  out["units_after_release"] = json(p.released);
  return out;
}

}  // namespace

std::string_view word(Fate fate) {
  switch (fate) {
    case Fate::kUnasked: return "not asked";
    case Fate::kRefused: return "refused";
    case Fate::kNotDrawn: return "not drawn";
    case Fate::kFailed: return "failed";
    case Fate::kLost: return "not selected";
    case Fate::kWon: return "won";
  }
  return "";
}

// The last word counts: a request may have been tried more than once.
Fate fate_of(const std::string& log) {
  Fate fate = Fate::kUnasked;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const Json entry = Json::parse(line, nullptr, false);
    if (entry.is_object() && entry.contains("event") && entry["event"].is_string())
      fate = fate_of_event(entry["event"].get<std::string>()).value_or(fate);
  }
  return fate;
}

std::optional<Units> units_of(const std::string& metrics) {
  const auto value = [&](const std::string& state) -> std::optional<std::uint64_t> {
    const std::string name = "tarn_units{offer=\"all\",state=\"" + state + "\"} ";
    const auto at = metrics.find(name);
    if (at == std::string::npos) return std::nullopt;
    const auto begin = at + name.size();
    return number(std::string_view(metrics).substr(begin, metrics.find('\n', begin) - begin));
  };
  const auto free = value("free"), held = value("held"), leased = value("leased");
  if (!free || !held || !leased) return std::nullopt;
  return Units{*free, *held, *leased};
}

std::optional<RequestSaid> parse_request(const std::string& json) {
  try {
    const Json said = Json::parse(json);
    RequestSaid out;
    for (const Json& row : said.at("leases")) {
      const auto units = number(row.at("units").get<std::string>());
      const auto payment = model::parse_credits(row.at("credits_per_hour").get<std::string>());
      if (!units || !payment.ok()) return std::nullopt;
      out.leases.push_back({row.at("id"), row.at("provider"), *units, *payment, row.value("kubeconfig", "")});
    }
    out.attempts = said.at("attempts").size();
    if (out.attempts > 0) out.asked = said.at("attempts").back().at("asked");
    out.discovery_ms = said.at("discovery_ms");
    out.agreement_ms = said.at("agreement_ms");
    out.mpc_ms = said.at("mpc_ms");
    out.delivery_ms = said.at("delivery_ms");
    out.total_ms = said.at("total_ms");
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<double> rtt_on_map(const std::string& json, const std::string& id) {
  try {
    const Json map = Json::parse(json);
    for (const Json& row : map.at("providers"))
      if (row.at("id") == id && row.at("rtt_ms").is_number()) return row["rtt_ms"].get<double>();
  } catch (const Json::exception&) {
  }
  return std::nullopt;
}

namespace {
Json json(const Handover& h) {
  Json quota = Json::object();
  for (const Handover::Quota& q : h.quota) quota[q.resource] = {{"granted", q.granted}, {"used", q.used}};
  return {{"lease", h.lease},
          {"namespace", h.tenant_namespace},
          {"quota", quota},
          {"made_a_config_map", h.made},
          {"refused_beyond_quota", h.beyond},
          {"refused_elsewhere", h.elsewhere},
          {"gone_ms", h.gone_ms.value_or(0)},
          {"token_void", h.token_void}};
}
}  // namespace

std::string to_json(const PoolDemo& demo) {
  const PoolBooks& books = demo.books;
  Json out{{"mechanism", books.mechanism},
           {"class", books.resource_class},
           {"seed", books.seed},
           {"rtt_ms", demo.rtt_ms},
           {"equals_plain", demo.equals_plain}};
  Json leases = Json::array();
  for (const DemoLease& lease : demo.request.leases)
    leases.push_back({{"id", lease.id},
                      {"provider", lease.provider},
                      {"units", std::to_string(lease.units)},
                      {"credits_per_hour", model::credits_text(lease.hourly_payment)}});
  out["requester"] = {
      {"id", demo.requester},
      {"book", {{"quantity", std::to_string(books.quantity)}, {"max_price", model::credits_text(books.max_price)}}},
      {"leases", leases}};
  out["providers"] = Json::array();
  for (const PoolDemoProvider& p : demo.providers) out["providers"].push_back(json(p));
  if (!demo.cluster.empty()) {
    out["cluster"] = {{"server", demo.cluster}, {"delivered", Json::array()}};
    for (const Handover& h : demo.handovers) out["cluster"]["delivered"].push_back(json(h));
  }
  const RequestSaid& r = demo.request;
  out["attempts"] = r.attempts;
  out["times"] = {{"discovery_ms", r.discovery_ms},
                  {"agreement_ms", r.agreement_ms},
                  {"mpc_ms", r.mpc_ms},
                  {"delivery_ms", r.delivery_ms},
                  {"total_ms", r.total_ms}};
  return out.dump(2);
}

}  // namespace tarn
