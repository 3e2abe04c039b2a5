// EventRecorder: tells the administrators of a cluster, by Events of its API, what happened to one of their objects
// (kubectl describe). The same event again is counted, and told again after a minute at the earliest. Best effort: an
// event that cannot be written is lost, and nothing waits for it.
// Limits: kMaxKept different ones are remembered. Threads: any. Errors: why it was not written.
// Source: Event of Kubernetes API v1.
#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.h"
#include "drivers/kubernetes/api.h"

namespace drivers {

struct EventSubject {
  std::string api_version, kind, name_space, name, uid;
};
EventSubject subject_of(const nlohmann::json& object);

class EventRecorder {
 public:
  static constexpr std::size_t kMaxKept = 512;
  static constexpr std::int64_t kQuietMs = 60'000;

  EventRecorder(KubernetesApi& api, const base::Clock& clock, std::string component, std::string instance);

  enum class Kind { kNormal, kWarning };
  // `reason`: a CamelCase word for machines; `message`: a sentence for people.
  base::Status record(const EventSubject& subject, Kind kind, const std::string& reason, const std::string& message);

 private:
  struct Entry {
    std::string name, first;  // first: its timestamp
    std::uint64_t count = 0;
    std::int64_t told_at = 0;
  };
  base::Status tell(const EventSubject& subject, Kind kind, const std::string& reason, const std::string& message,
                    const Entry& entry, bool again);

  KubernetesApi& api_;
  const base::Clock& clock_;
  const std::string component_, instance_;
  std::mutex mutex_;
  std::map<std::string, Entry> kept_;
};

}  // namespace drivers
