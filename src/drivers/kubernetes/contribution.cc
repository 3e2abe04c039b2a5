#include "drivers/kubernetes/contribution.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"
#include "drivers/kubernetes/pool_lease.h"
#include "inventory/book.h"
#include "model/duration.h"
#include "model/kubernetes_quantity.h"
#include "model/organisation.h"

namespace drivers {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostUnits = UINT32_MAX;
constexpr std::int64_t kLongestLeaseMs = 365LL * 86'400'000;
constexpr std::size_t kMostBuyers = 256, kMostName = 55;  // with the class an offer's name has 64

base::Error refused(const std::string& field, const std::string& why) {
  return {base::Code::kInvalidInput, field + ": " + why};
}

const json* member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool whole(const json& value) { return value.is_number_unsigned() || (value.is_number_integer() && value >= 0); }

base::Result<std::uint64_t> count(const json* value, const std::string& field, std::uint64_t least,
                                  std::optional<std::uint64_t> otherwise) {
  if (value == nullptr && otherwise) return *otherwise;
  if (value == nullptr || !whole(*value) || value->get<std::uint64_t>() < least ||
      value->get<std::uint64_t>() > kMostUnits)
    return refused(field, "write a whole number from " + std::to_string(least) + " to " + std::to_string(kMostUnits));
  return value->get<std::uint64_t>();
}

base::Result<std::uint64_t> amount(const std::string& resource, const json& value) {
  if (value.is_string()) return model::parse_quantity(resource, value.get<std::string>());
  if (whole(value)) return model::parse_quantity(resource, std::to_string(value.get<std::uint64_t>()));
  return base::Error{base::Code::kInvalidInput, resource + ": write a quantity, such as 1, 500m or 1Gi"};
}

base::Result<model::ResourceClass> from_resources(const json& resources) {
  const std::string field = "spec.resources";
  if (!resources.is_object() || resources.empty() || resources.size() > model::ResourceClass::kMaxResources)
    return refused(field, "write 1 to 16 resources and how much of each a unit has");
  model::ResourceClass out;
  for (const auto& [name, value] : resources.items()) {
    if (!model::valid_resource_name(name))
      return refused(field, "names are cpu, memory, ephemeral-storage, storage, pods and DOMAIN/NAME");
    const auto parsed = amount(name, value);
    if (!parsed.ok()) return refused(field, parsed.error().message);
    if (*parsed == 0) return refused(field, name + ": must be more than 0; leave out what is not needed");
    out.amounts.emplace(name, *parsed);
  }
  return out;
}

base::Result<model::ResourceClass> unit_of(const json& spec) {
  const json* text = member(spec, "class");
  const json* resources = member(spec, "resources");
  if ((text == nullptr) == (resources == nullptr)) return refused("spec", "needs either class or resources");
  if (resources != nullptr) return from_resources(*resources);
  if (!text->is_string()) return refused("spec.class", "write a text, such as cpu=1 memory=1Gi");
  auto parsed = model::ResourceClass::parse(text->get<std::string>());
  if (!parsed.ok()) return refused("spec.class", parsed.error().message);
  return parsed;
}

base::Result<inventory::PriceFunction> price_of(const json& spec) {
  const json* text = member(spec, "price");
  if (text == nullptr || !text->is_string()) return refused("spec.price", "write a text, such as \"0.04\"");
  auto parsed = inventory::PriceFunction::parse(text->get<std::string>());
  if (!parsed.ok()) return refused("spec.price", parsed.error().message);
  return parsed;
}

base::Result<std::uint32_t> longest_lease_of(const json& limits) {
  const json* text = member(limits, "maxLease");
  if (text == nullptr) return 0U;
  if (!text->is_string()) return refused("spec.limits.maxLease", "write a duration, such as 12h");
  const auto ms = model::parse_duration_ms(text->get<std::string>(), kLongestLeaseMs);
  if (!ms.ok()) return refused("spec.limits.maxLease", ms.error().message);
  if (*ms < 1000) return refused("spec.limits.maxLease", "is at least 1s");
  return static_cast<std::uint32_t>(*ms / 1000);
}

// Nobody, written down, is not everybody: without the field it is.
base::Result<std::set<inventory::Key>> buyers_of(const json& spec) {
  std::set<inventory::Key> out;
  const json* list = member(spec, "buyers");
  if (list == nullptr) return out;
  if (!list->is_array() || list->empty() || list->size() > kMostBuyers)
    return refused("spec.buyers", "write 1 to 256 keys, or leave it out to sell to everybody");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json& entry = (*list)[i];
    const auto key = model::OrganisationId::parse(entry.is_string() ? entry.get<std::string>() : std::string());
    if (!key.ok()) return refused("spec.buyers[" + std::to_string(i) + "]", key.error().message);
    out.insert(key->key);
  }
  return out;
}

base::Result<inventory::Offer> offer_of(const std::string& name, const json& spec, const NamespaceRules& rules) {
  if (name.empty() || name.size() > kMostName)
    return refused("metadata.name", "has at most " + std::to_string(kMostName) + " characters");
  inventory::Offer out;
  TARN_ASSIGN(out.unit, unit_of(spec));
  const crypto::Digest digest = crypto::sha256(out.unit.encode());
  out.name = offer_prefix(name) + base::to_hex(base::ByteView(digest).first(4));
  TARN_ASSIGN(out.capacity, count(member(spec, "quantity"), "spec.quantity", 0, {}));
  TARN_ASSIGN(out.price, price_of(spec));
  const json* limits = member(spec, "limits");
  if (limits != nullptr && !limits->is_object()) return refused("spec.limits", "write perSession, bucket, maxLease");
  const json& in = limits == nullptr ? spec : *limits;
  const auto limit = [&](const char* which) { return limits == nullptr ? nullptr : member(in, which); };
  TARN_ASSIGN(out.per_session, count(limit("perSession"), "spec.limits.perSession", 0, 0));
  TARN_ASSIGN(out.bucket, count(limit("bucket"), "spec.limits.bucket", 1, 1));
  TARN_ASSIGN(out.max_lease_seconds, longest_lease_of(limits == nullptr ? json::object() : *limits));
  TARN_ASSIGN(out.buyers, buyers_of(spec));
  out.delivered = true;
  // Nothing is offered that could not be delivered, or that an inventory would not take.
  TARN_TRY(quota_of(out.unit, std::max<std::uint64_t>(out.capacity, 1), rules));
  TARN_TRY(inventory::Book::open({out}, {}, {}));
  return out;
}

Condition accepted(const Contribution& of) {
  if (!of.offer) return {"Accepted", "False", of.refusal.reason, of.refusal.message};
  return {"Accepted", "True", "Valid", "in the inventory as " + of.offer->name};
}

Condition offered(const Contribution& of, const inventory::Totals& promised) {
  if (!of.offer) return {"Offered", "False", "NotAccepted", "see the condition Accepted"};
  if (of.offer->capacity == 0) return {"Offered", "False", "NothingPutUp", "its quantity is 0"};
  // A hold is for seconds and may come to nothing: it makes no difference here.
  if (promised.free + promised.held == 0)
    return {"Offered", "False", "AllLeased", "all its units are leased or reserved"};
  return {"Offered", "True", "InPool", of.offer->buyers.empty() ? "to everybody" : "to its buyers"};
}

}  // namespace

Contribution read_contribution(const json& object, const NamespaceRules& rules) {
  Contribution out;
  out.name = text_at(object, "/metadata/name");
  out.uid = text_at(object, "/metadata/uid");
  const json::json_pointer generation("/metadata/generation");
  if (object.contains(generation) && object.at(generation).is_number_integer())
    out.generation = object.at(generation).get<std::int64_t>();
  const json* spec = member(object, "spec");
  auto offer = offer_of(out.name, spec == nullptr ? json::object() : *spec, rules);
  if (offer.ok())
    out.offer = std::move(offer).value();
  else
    out.refusal = {kInvalidSpec, short_text(offer.error().message)};
  return out;
}

std::string offer_prefix(const std::string& name) { return name + "/"; }

inventory::Totals promised_of(const std::string& name, std::span<const inventory::Totals> totals) {
  inventory::Totals out;
  out.offer = name;
  for (const inventory::Totals& t : totals) {
    if (!t.offer.starts_with(offer_prefix(name))) continue;
    out.capacity += t.capacity;
    out.free += t.free;
    out.held += t.held;
    out.leased += t.leased;
    out.reserved += t.reserved;
  }
  return out;
}

json contribution_status(const json& object, const Contribution& contribution, const inventory::Totals& promised,
                         std::int64_t now) {
  const json* old = member(object, "status");
  json status = old != nullptr && old->is_object() ? *old : json::object();
  status["observedGeneration"] = contribution.generation;
  status.erase("class");
  if (contribution.offer) status["class"] = contribution.offer->unit.text();
  status["free"] = promised.free;
  status["held"] = promised.held;
  status["leased"] = promised.leased;
  status.erase("reserved");  // where nothing is, nothing is written that an older definition of the resource would drop
  if (promised.reserved > 0) status["reserved"] = promised.reserved;
  status["conditions"] = conditions_with(object, {accepted(contribution), offered(contribution, promised)}, now);
  return status;
}

std::optional<Refusal> told(const json& object) {
  const json::json_pointer path("/status/conditions");
  if (!object.contains(path) || !object.at(path).is_array()) return std::nullopt;
  for (const json& condition : object.at(path)) {
    if (text_at(condition, "/type") != "Accepted") continue;
    if (text_at(condition, "/status") == "True") return Refusal{};
    return Refusal{text_at(condition, "/reason"), text_at(condition, "/message")};
  }
  return std::nullopt;
}

}  // namespace drivers
