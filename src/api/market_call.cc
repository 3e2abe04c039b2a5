#include "api/market_call.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "model/money.h"

namespace api {

using base::Result;

Places::User MarketCall::user() const {
  const std::string whose = caller.organisation ? caller.organisation->text() : caller.name;
  return static_cast<Places::User>(std::hash<std::string>()(whose));
}

Result<market::Page> MarketCall::page() {
  market::Page out;
  TARN_ASSIGN(out.limit, limit());
  if (const auto after = asked("after")) {
    TARN_ASSIGN(out.after, digits("after", *after));
  }
  return out;
}

Result<market::Id> MarketCall::id(market::IdKind kind, std::string_view name) {
  const auto parsed = market::parse_id(kind, at(name));
  if (parsed.ok()) return *parsed;
  return base::Error{base::Code::kNotFound, "there is no such " + std::string(name) + ": " + parsed.error().message};
}

Result<std::optional<market::Id>> MarketCall::asked_id(market::IdKind kind, std::string_view name) {
  const auto text = asked(name);
  if (!text) return std::optional<market::Id>();
  const auto parsed = market::parse_id(kind, *text);
  if (!parsed.ok()) return refuse(name, parsed.error().message);
  return std::optional<market::Id>(*parsed);
}

Result<std::int64_t> MarketCall::asked_time(std::string_view name, std::int64_t fallback) {
  const auto text = asked(name);
  if (!text) return fallback;
  const auto time = from_rfc3339(*text);
  if (!time) return refuse(name, "must be a time as in RFC 3339: 2026-01-31T12:00:00Z");
  return *time;
}

Result<std::int64_t> MarketCall::asked_number(std::string_view name, std::int64_t least, std::int64_t most,
                                              std::int64_t fallback) {
  const auto text = asked(name);
  if (!text) return fallback;
  TARN_ASSIGN(const std::int64_t number, digits(name, *text));
  if (number < least || number > most)
    return refuse(name, "must be " + std::to_string(least) + " to " + std::to_string(most));
  return number;
}

Result<std::int64_t> MarketCall::money(const Json& of, std::string_view name, std::string_view field_name,
                                       std::int64_t fallback) {
  if (!of.has(name)) return fallback;
  const auto amount = model::parse_credits(of.text(name));
  if (!amount.ok()) return refuse(field_name, amount.error().message);
  if (*amount > static_cast<std::uint64_t>(ledger::kMaxAmount)) return refuse(field_name, "is too much");
  return static_cast<std::int64_t>(*amount);
}

Result<market::OrganisationId> MarketCall::organisation(std::string_view field_name, std::string_view text) {
  auto parsed = market::OrganisationId::parse(text);
  if (!parsed.ok()) return refuse(field_name, parsed.error().message);
  return *parsed;
}

Result<market::Market> MarketCall::market_of(std::string_view name) { return rules().market(name); }

}  // namespace api
