#include "drivers/kubernetes/contribution_set.h"

#include <algorithm>
#include <tuple>

#include "model/duration.h"
#include "model/kubernetes_quantity.h"
#include "model/organisation.h"

namespace drivers {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxName = 64, kMaxBuyers = 256;
constexpr std::uint64_t kMaxUnits = 0xffff'ffff;  // what sessions of 32 bits can hold
constexpr std::int64_t kShortestLeaseMs = 60'000, kLongestLeaseMs = std::int64_t{366} * 86'400'000;

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }

const json& field(const json& object, const char* name) {
  static const json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

std::optional<std::uint64_t> whole(const json& number) {
  if (!number.is_number_integer() || (!number.is_number_unsigned() && number.get<std::int64_t>() < 0)) return {};
  return number.get<std::uint64_t>();
}

base::Result<std::uint64_t> count(const json& in, const char* name, std::uint64_t least, std::uint64_t otherwise) {
  const json& found = field(in, name);
  if (found.is_null()) return otherwise;
  const auto value = whole(found);
  if (!value || *value < least || *value > kMaxUnits)
    return refused(std::string(name) + ": a whole number from " + std::to_string(least) + " to " +
                   std::to_string(kMaxUnits));
  return *value;
}

base::Result<model::ResourceClass> unit_of(const json& spec) {
  const json &text = field(spec, "class"), &resources = field(spec, "resources");
  if (text.is_null() == resources.is_null()) return refused("give either class or resources");
  if (!text.is_null()) {
    if (!text.is_string()) return refused("class: a text such as cpu=1 memory=1Gi");
    auto unit = model::ResourceClass::parse(text.get<std::string>());
    if (!unit.ok()) return refused("class: " + unit.error().message);
    return unit;
  }
  if (!resources.is_object() || resources.empty() || resources.size() > model::ResourceClass::kMaxResources)
    return refused("resources: 1 to 16 names with quantities");
  model::ResourceClass unit;
  for (const auto& [name, value] : resources.items()) {
    if (!model::valid_resource_name(name)) return refused("resources: a name is none that Kubernetes knows");
    const auto number = whole(value);
    if (!value.is_string() && !number) return refused("resources: " + name + ": not a quantity");
    const std::string quantity = number ? std::to_string(*number) : value.get<std::string>();
    const auto amount = model::parse_quantity(name, quantity);
    if (!amount.ok()) return refused("resources: " + amount.error().message);
    if (*amount == 0) return refused("resources: " + name + ": nothing of it; leave it out");
    unit.amounts[name] = *amount;
  }
  return unit;
}

base::Status take_buyers(const json& buyers, inventory::Offer& into) {
  if (buyers.is_null()) return {};
  if (!buyers.is_array() || buyers.size() > kMaxBuyers) return refused("buyers: a list of at most 256 organisations");
  for (const json& buyer : buyers) {
    const auto id = model::OrganisationId::parse(buyer.is_string() ? buyer.get<std::string>() : "");
    if (!id.ok()) return refused("buyers: " + id.error().message);
    into.buyers.insert(id->key);
  }
  return {};
}

base::Status take_limits(const json& limits, inventory::Offer& into) {
  TARN_ASSIGN(into.per_session, count(limits, "perSession", 0, 0));
  TARN_ASSIGN(into.bucket, count(limits, "bucket", 1, 1));
  const json& longest = field(limits, "maxLease");
  if (longest.is_null()) return {};
  const auto ms = model::parse_duration_ms(longest.is_string() ? longest.get<std::string>() : "", kLongestLeaseMs);
  if (!ms.ok() || *ms < kShortestLeaseMs) return refused("maxLease: a duration such as 12h, from 1m to 366d");
  into.max_lease_seconds = static_cast<std::uint32_t>(*ms / 1'000);
  return {};
}

}  // namespace

base::Result<inventory::Offer> read_contribution(const json& object, const NamespaceRules& rules) {
  inventory::Offer offer;
  offer.name = text_at(object, "/metadata/name");
  if (offer.name.empty() || offer.name.size() > kMaxName) return refused("its name is longer than 64 characters");
  offer.delivered = true;
  const json& spec = field(object, "spec");
  TARN_ASSIGN(offer.unit, unit_of(spec));
  if (field(spec, "quantity").is_null()) return refused("quantity: how many units there are");
  TARN_ASSIGN(offer.capacity, count(spec, "quantity", 0, 0));
  const json& price = field(spec, "price");
  auto parsed = inventory::PriceFunction::parse(price.is_string() ? price.get<std::string>() : "");
  if (!parsed.ok()) return refused("price: " + parsed.error().message);
  offer.price = std::move(*parsed);
  TARN_TRY(take_limits(field(spec, "limits"), offer));
  TARN_TRY(take_buyers(field(spec, "buyers"), offer));
  if (const auto hard = quota_of(offer.unit, std::max<std::uint64_t>(offer.capacity, 1), rules); !hard.ok())
    return refused("class: " + hard.error().message);
  return offer;
}

// True unless all is as it was but for the status.
bool ContributionSet::put(const json& object) {
  const std::string name = text_at(object, "/metadata/name");
  if (name.empty() || (items_.size() >= kMaxContributions && !items_.contains(name))) return false;
  if (being_deleted(object)) return items_.erase(name) > 0;
  Item& item = items_[name];
  const auto same = [&](const char* what) {
    const json &was = field(field(item.object, "metadata"), what), &is = field(field(object, "metadata"), what);
    return !is.is_null() && was == is;
  };
  const bool told_only = same("uid") && same("generation");
  item.object = object;
  if (told_only) return false;
  item.offer.reset();
  item.refusal.clear();
  auto offer = read_contribution(object, rules_);
  if (offer.ok())
    item.offer = std::move(*offer);
  else
    item.refusal = offer.error().message;
  return true;
}

std::vector<std::string> ContributionSet::by_age() const {
  std::vector<std::string> names;
  for (const auto& [name, item] : items_) names.push_back(name);
  const auto age = [&](const std::string& name) {
    return std::tuple(text_at(items_.at(name).object, "/metadata/creationTimestamp"), name);
  };
  std::sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return age(a) < age(b); });
  return names;
}

void ContributionSet::choose() {
  std::size_t taken = 0;
  for (const std::string& name : by_age()) {
    Item& item = items_.at(name);
    item.offered = item.offer && taken < kMaxOffers;
    if (item.offered) ++taken;
  }
}

void ContributionSet::replace(const json& items) {
  items_.clear();
  if (items.is_array())
    for (const json& object : items) put(object);
  choose();
}

bool ContributionSet::apply(const json& event) {
  const std::string type = text_at(event, "/type");
  const json& object = field(event, "object");
  bool changed = false;
  if (type == "DELETED")
    changed = items_.erase(text_at(object, "/metadata/name")) > 0;
  else if (type == "ADDED" || type == "MODIFIED")
    changed = put(object);
  if (changed) choose();
  return changed;
}

void ContributionSet::wrote(const std::string& name, const json& object) {
  const auto found = items_.find(name);
  if (found != items_.end() && object.is_object()) found->second.object["status"] = field(object, "status");
}

std::vector<inventory::Offer> ContributionSet::offers() const {
  std::vector<inventory::Offer> out;
  for (const std::string& name : by_age())
    if (const Item& item = items_.at(name); item.offered) out.push_back(*item.offer);
  return out;
}

Condition ContributionSet::Item::accepted() const {
  if (offer) return {"Accepted", "True", "Valid", "it can be offered"};
  return {"Accepted", "False", "Invalid", refusal};
}

Condition ContributionSet::Item::in_pool() const {
  if (offered) return {"Offered", "True", "InPool", "sessions draw on it"};
  if (!offer) return {"Offered", "False", "NotAccepted", "see Accepted; what is leased of it already goes on"};
  return {"Offered", "False", "TooMany",
          "there are " + std::to_string(kMaxOffers) + " older ones already, and a provider can announce no more"};
}

json ContributionSet::Item::status(const inventory::Totals* totals, std::int64_t now) const {
  json status = field(object, "status");
  if (!status.is_object()) status = json::object();
  set_conditions(status, {accepted(), in_pool()}, now);
  const json& generation = field(field(object, "metadata"), "generation");
  if (!generation.is_null()) status["observedGeneration"] = generation;
  if (offer) status["class"] = offer->unit.text();
  if (totals != nullptr) {
    status["free"] = totals->free;
    status["held"] = totals->held;
    status["leased"] = totals->leased;
  }
  return status;
}

}  // namespace drivers
