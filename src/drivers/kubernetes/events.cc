#include "drivers/kubernetes/events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drivers/kubernetes/pool_lease.h"

namespace drivers {
namespace {

using nlohmann::json;

constexpr unsigned kNotFound = 404;

std::string path_of(const EventOptions& options) { return "/api/v1/namespaces/" + options.name_space + "/events"; }

}  // namespace

json event_object(const Note& note, std::int64_t first, std::int64_t last, std::uint64_t count,
                  const EventOptions& options) {
  return {{"apiVersion", "v1"},
          {"kind", "Event"},
          {"metadata", {{"generateName", note.about.name + "-"}, {"namespace", options.name_space}}},
          {"involvedObject",
           {{"apiVersion", "tarn.dev/v1alpha1"},
            {"kind", note.about.kind},
            {"namespace", options.name_space},
            {"name", note.about.name},
            {"uid", note.about.uid}}},
          {"type", note.type == Note::Type::kWarning ? "Warning" : "Normal"},
          {"reason", note.reason},
          {"message", note.message},
          {"source", {{"component", "tarn"}}},
          {"reportingComponent", "tarn.dev/operator"},
          {"reportingInstance", options.instance},
          {"firstTimestamp", timestamp(first)},
          {"lastTimestamp", timestamp(last)},
          {"count", count}};
}

Events::Events(KubernetesApi& api, EventOptions options) : api_(api), options_(std::move(options)) {}

void Events::note(const Note& note, std::int64_t now) {
  Note kept = note;
  kept.message = short_text(kept.message);
  const std::lock_guard lock(mutex_);
  const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.note == kept; });
  if (same != entries_.end()) {
    entries_.splice(entries_.end(), entries_, same);
  } else {
    if (entries_.size() >= kMostRemembered) forget_one();
    entries_.push_back({.note = std::move(kept), .first = now});
  }
  ++entries_.back().count;
  entries_.back().last = now;
}

void Events::forget_one() {
  auto which =
      std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.count == entry.told; });
  if (which == entries_.end()) which = entries_.begin();
  dropped_ += which->count - which->told;
  entries_.erase(which);
}

void Events::flush(std::int64_t now) {
  for (Entry& entry : due(now)) {
    const Outcome outcome = write(entry);
    remember(entry, outcome, now);
    if (outcome == Outcome::kUnreachable) return;
  }
}

std::uint64_t Events::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

std::vector<Events::Entry> Events::due(std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> out;
  for (const Entry& entry : entries_)
    if (out.size() < kMostInFlush && entry.count > entry.told &&
        (!entry.tried || now - *entry.tried >= options_.quiet_ms || now < *entry.tried))
      out.push_back(entry);
  return out;
}

Events::Outcome Events::write(Entry& entry) {
  if (!entry.event.empty()) {
    const auto reply = api_.merge(path_of(options_) + "/" + entry.event,
                                  {{"count", entry.count}, {"lastTimestamp", timestamp(entry.last)}});
    if (!reply.ok()) return Outcome::kUnreachable;
    if (reply->ok()) return Outcome::kWritten;
    if (reply->status != kNotFound) return Outcome::kRefused;
    entry.event.clear();
  }
  const auto reply =
      api_.create(path_of(options_), event_object(entry.note, entry.first, entry.last, entry.count, options_));
  if (!reply.ok()) return Outcome::kUnreachable;
  if (!reply->ok()) return Outcome::kRefused;
  entry.event = text_at(reply->json(), "/metadata/name");
  return Outcome::kWritten;
}

// More may have been noted meanwhile, and the entry even be forgotten.
void Events::remember(const Entry& tried, Outcome outcome, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto entry =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.note == tried.note; });
  if (entry == entries_.end()) return;
  entry->tried = now;
  entry->event = tried.event;
  if (outcome == Outcome::kUnreachable) return;
  if (outcome == Outcome::kRefused && ++entry->failures < kMostTries) return;
  if (outcome == Outcome::kRefused) dropped_ += tried.count - tried.told;
  entry->failures = 0;
  entry->told = tried.count;
}

}  // namespace drivers
