#include "drivers/kubernetes/events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"
#include "drivers/kubernetes/pool_lease.h"

namespace drivers {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxMessage = 1'000, kMaxNameOfSubject = 200;

std::string digest_of(std::initializer_list<std::string_view> parts) {
  crypto::Sha256 hash;
  for (const auto part : parts) {
    const std::string size = std::to_string(part.size()) + ':';
    hash.update(base::view(size)).update(base::view(part));
  }
  return base::to_hex(base::ByteView(hash.finish()).first(8));
}

}  // namespace

EventSubject subject_of(const json& object) {
  return {text_at(object, "/apiVersion"), text_at(object, "/kind"), text_at(object, "/metadata/namespace"),
          text_at(object, "/metadata/name"), text_at(object, "/metadata/uid")};
}

EventRecorder::EventRecorder(KubernetesApi& api, const base::Clock& clock, std::string component, std::string instance)
    : api_(api), clock_(clock), component_(std::move(component)), instance_(std::move(instance)) {}

base::Status EventRecorder::record(const EventSubject& subject, Kind kind, const std::string& reason,
                                   const std::string& message) {
  const std::string key = digest_of({subject.uid, reason, message});
  const std::int64_t now = clock_.steady_ms();
  Entry entry;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(key);
    again = found != kept_.end();
    if (again) {
      ++found->second.count;
      if (now - found->second.told_at < kQuietMs) return {};
      found->second.told_at = now;
    } else {
      if (kept_.size() >= kMaxKept)
        kept_.erase(std::min_element(kept_.begin(), kept_.end(),
                                     [](const auto& a, const auto& b) { return a.second.told_at < b.second.told_at; }));
      const std::string suffix = digest_of({key, instance_, std::to_string(clock_.unix_ms())});
      kept_[key] = {subject.name.substr(0, kMaxNameOfSubject) + "." + suffix, timestamp(clock_.unix_ms()), 1, now};
    }
    entry = kept_[key];
  }
  return tell(subject, kind, reason, message, entry, again);
}

base::Status EventRecorder::tell(const EventSubject& subject, Kind kind, const std::string& reason,
                                 const std::string& message, const Entry& entry, bool again) {
  const std::string collection = "/api/v1/namespaces/" + subject.name_space + "/events";
  const std::string last = timestamp(clock_.unix_ms());
  if (again) {
    const auto reply = api_.merge(collection + "/" + entry.name, {{"count", entry.count}, {"lastTimestamp", last}});
    if (!reply.ok()) return reply.error();
    if (reply->ok()) return {};
    if (reply->status != 404) return base::Error{base::Code::kUnreachable, "an event: " + reply->message()};
  }  // else, or if the cluster has forgotten it:
  const json event = {{"apiVersion", "v1"},
                      {"kind", "Event"},
                      {"metadata", {{"name", entry.name}, {"namespace", subject.name_space}}},
                      {"involvedObject",
                       {{"apiVersion", subject.api_version},
                        {"kind", subject.kind},
                        {"namespace", subject.name_space},
                        {"name", subject.name},
                        {"uid", subject.uid}}},
                      {"type", kind == Kind::kNormal ? "Normal" : "Warning"},
                      {"reason", reason},
                      {"message", message.substr(0, kMaxMessage)},
                      {"source", {{"component", component_}}},
                      {"reportingComponent", component_},
                      {"reportingInstance", instance_},
                      {"firstTimestamp", entry.first},
                      {"lastTimestamp", last},
                      {"count", entry.count}};
  const auto reply = api_.create(collection, event);
  if (!reply.ok()) return reply.error();
  if (!reply->ok()) return base::Error{base::Code::kUnreachable, "an event: " + reply->message()};
  return {};
}

}  // namespace drivers
