#include "drivers/kubernetes/contributions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "drivers/kubernetes/pool_lease.h"

namespace drivers {
namespace {

using nlohmann::json;

constexpr unsigned kNotFound = 404, kConflict = 409, kGone = 410;
constexpr char kKind[] = "PoolContribution";

base::Error refused(const char* what, const std::string& name_space, const std::string& message) {
  return {base::Code::kUnreachable,
          std::string("cannot ") + what + " PoolContributions in namespace " + name_space + ": " + message};
}

// With the version that was seen, so that it is refused where the object is another by now.
json patch(const json& object, json status) {
  if (const auto old = object.find("status"); old != object.end() && old->is_object())
    for (const auto& [field, value] : old->items())
      if (!status.contains(field)) status[field] = nullptr;
  json out = {{"status", std::move(status)}};
  for (const char* field : {"name", "uid", "resourceVersion"}) out["metadata"][field] = object["metadata"][field];
  return out;
}

}  // namespace

struct Contributions::Seen {
  json object;
  std::string made;         // when, in the order of time
  Contribution as_written;  // by itself
  Contribution as_offered;  // beside all others
  std::optional<Refusal> said;
  std::optional<std::int64_t> written_ms;  // its status, steady
};

struct Contributions::Choice {
  std::vector<inventory::Offer> offers;
  Versions versions;
  bool again = false;  // some can only be judged once others are withdrawn
};

Contributions::Contributions(KubernetesApi& api, inventory::Inventory& inventory, Events& events, base::Log& log,
                             const base::Clock& clock, ContributionOptions options)
    : api_(api),
      inventory_(inventory),
      events_(events),
      log_(log),
      clock_(clock),
      options_(std::move(options)),
      objects_(std::make_unique<Objects>()) {}

Contributions::~Contributions() = default;

std::string Contributions::path() const {
  return "/apis/tarn.dev/v1alpha1/namespaces/" + options_.name_space + "/poolcontributions";
}

Contributions::Summary Contributions::summary() const {
  const std::lock_guard lock(mutex_);
  return summary_;
}

base::Status Contributions::follow() {
  TARN_ASSIGN(const std::string version, read_all());
  if (stopped_) return {};
  return watch(version);
}

base::Result<std::string> Contributions::read_all() {
  TARN_ASSIGN(const ApiReply reply, api_.list(path(), ""));
  if (!reply.ok()) return refused("list", options_.name_space, reply.message());
  const json list = reply.json();
  const auto items = list.is_object() ? list.find("items") : list.end();
  if (items == list.end() || !items->is_array())
    return base::Error{base::Code::kInvalidInput, "the API server sent no list of PoolContributions"};

  Objects fresh;
  const std::lock_guard lock(mutex_);
  for (const json& item : *items) put(fresh, item);
  *objects_ = std::move(fresh);
  summary_.read = true;
  return text_at(list, "/metadata/resourceVersion");
}

base::Status Contributions::watch(const std::string& version) {
  const std::int64_t end = clock_.steady_ms() + options_.watch_ms;
  const auto reply = api_.watch(path(), version, options_.watch_ms, [&](const json& event) {
    take(event);
    return !stopped_ && clock_.steady_ms() < end;
  });
  if (!reply.ok()) return reply.error().code == base::Code::kDeadline ? base::Status() : reply.error();
  if (!reply->ok() && reply->status != kGone) return refused("watch", options_.name_space, reply->message());
  return {};
}

void Contributions::take(const json& event) {
  const std::string type = text_at(event, "/type");
  const auto object = event.find("object");
  if (object == event.end()) return;
  const std::lock_guard lock(mutex_);
  if (type == "ADDED" || type == "MODIFIED") put(*objects_, *object);
  if (type == "DELETED") objects_->erase(text_at(*object, "/metadata/name"));
}

// With mutex_ held. `objects` may be a new map: what we know of the same object is kept.
void Contributions::put(Objects& objects, json object) {
  if (!object.is_object()) return;
  Seen seen;
  seen.as_written = seen.as_offered = read_contribution(object, options_.rules);
  const std::string& name = seen.as_written.name;
  if (name.empty() || (objects.size() >= kMostSeen && !objects.contains(name))) return;
  seen.made = text_at(object, "/metadata/creationTimestamp");
  seen.said = told(object);
  const auto known = objects_->find(name);
  if (known != objects_->end() && known->second.as_written.uid == seen.as_written.uid) {
    if (known->second.said) seen.said = known->second.said;
    seen.written_ms = known->second.written_ms;
  }
  seen.object = std::move(object);
  objects.insert_or_assign(name, std::move(seen));
}

base::Status Contributions::run_once() {
  if (!summary().read) return {};
  TARN_TRY(offer());
  for (const json& patch : due()) TARN_TRY(write(patch));
  return {};
}

// Twice at most: a class that changed is first withdrawn, then looked at for what is promised of it, then the new one is
// offered. In one step somebody could take the last of the old while we do.
base::Status Contributions::offer() {
  for (int step = 0; step < 2; ++step) {
    Choice choice = choose();
    if (offered_ != choice.versions) {
      TARN_TRY(inventory_.set_offers(std::move(choice.offers)));
      offered_ = std::move(choice.versions);
      log_.info("contributions_offered", {{"offers", offered_->size()}});
    }
    if (!choice.again) break;
  }
  const std::lock_guard lock(mutex_);
  summary_.accepted = summary_.refused = 0;
  for (auto& [name, seen] : *objects_) {
    ++(seen.as_offered.offer ? summary_.accepted : summary_.refused);
    say(seen);
  }
  return {};
}

Contributions::Choice Contributions::choose() {
  const auto totals = inventory_.totals(clock_.unix_ms());
  const auto current = inventory_.offers();
  Choice out;
  const std::lock_guard lock(mutex_);
  std::vector<Seen*> by_age;
  for (auto& [name, seen] : *objects_) by_age.push_back(&seen);
  std::sort(by_age.begin(), by_age.end(), [](const Seen* a, const Seen* b) {
    return std::tie(a->made, a->as_written.name) < std::tie(b->made, b->as_written.name);
  });
  for (Seen* seen : by_age) judge(*seen, out, totals, current);
  return out;
}

void Contributions::judge(Seen& seen, Choice& choice, const std::vector<inventory::Totals>& totals,
                          const std::vector<inventory::Offer>& current) {
  seen.as_offered = seen.as_written;
  if (!seen.as_written.offer) return;
  const auto refuse = [&](const char* reason, const std::string& message) {
    seen.as_offered.offer.reset();
    seen.as_offered.refusal = {reason, message};
  };
  const inventory::Offer& offer = *seen.as_written.offer;
  const auto former = [&](const std::string& name) {
    return name != offer.name && name.starts_with(offer_prefix(seen.as_written.name));
  };
  const bool promised = std::any_of(totals.begin(), totals.end(), [&](const inventory::Totals& t) {
    return former(t.offer) && t.held + t.leased + t.reserved_at_most > 0;
  });
  const bool still_offered =
      std::any_of(current.begin(), current.end(), [&](const inventory::Offer& o) { return former(o.name); });
  if (choice.offers.size() >= kMostContributions)
    return refuse(kTooMany, "at most " + std::to_string(kMostContributions) + " are offered, the oldest");
  if (promised)
    return refuse(
        kClassInUse,
        "units of the class that it had before are still promised; it is offered when they are back, or under "
        "another name at once");
  if (still_offered) {
    choice.again = true;
    return;
  }
  choice.offers.push_back(offer);
  choice.versions[offer.name] = {seen.as_written.uid, seen.as_written.generation};
}

// Once for each change, also over restarts: what a status says has been said.
void Contributions::say(Seen& seen) {
  const Contribution& of = seen.as_offered;
  const Refusal now = of.offer ? Refusal{} : of.refusal;
  if (seen.said == now) return;
  seen.said = now;
  const Involved about{kKind, of.name, of.uid};
  if (of.offer) {
    log_.info("contribution_accepted", {{"name", of.name}, {"offer", of.offer->name}});
    events_.note({about, Note::Type::kNormal, "Accepted", "in the inventory as " + of.offer->name}, clock_.unix_ms());
  } else {
    log_.warning("contribution_refused", {{"name", of.name}, {"reason", now.reason}, {"message", now.message}});
    events_.note({about, Note::Type::kWarning, now.reason, now.message}, clock_.unix_ms());
  }
}

std::vector<json> Contributions::due() {
  const std::int64_t now = clock_.steady_ms(), unix_ms = clock_.unix_ms();
  const auto totals = inventory_.totals(unix_ms);
  std::vector<json> out;
  const std::lock_guard lock(mutex_);
  for (auto& [name, seen] : *objects_) {
    if (out.size() >= kMostWrites) break;
    if (seen.written_ms && now - *seen.written_ms < options_.status_ms) continue;
    json status = contribution_status(seen.object, seen.as_offered, promised_of(name, totals), unix_ms);
    if (seen.object.contains("status") && seen.object["status"] == status) continue;
    seen.written_ms = now;
    out.push_back(patch(seen.object, std::move(status)));
  }
  return out;
}

// If the object is another now, or gone, the watch says so, and the next round writes.
base::Status Contributions::write(const json& patch) {
  const std::string name = text_at(patch, "/metadata/name");
  TARN_ASSIGN(const ApiReply reply, api_.merge(path() + "/" + name + "/status", patch));
  if (reply.status == kConflict || reply.status == kNotFound) return {};
  if (!reply.ok()) return refused("write the status of", options_.name_space, reply.message());
  const std::lock_guard lock(mutex_);
  const auto seen = objects_->find(name);
  const bool same = seen != objects_->end() && text_at(seen->second.object, "/metadata/resourceVersion") ==
                                                   text_at(patch, "/metadata/resourceVersion");
  if (same) put(*objects_, reply.json());
  return {};
}

}  // namespace drivers
