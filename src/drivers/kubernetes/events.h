// Events: what Tarn tells people about an object of theirs (`kubectl describe`, `kubectl get events`), as core/v1 Events.
// Notes only: nobody waits for them, and nothing fails because one could not be written; what is to be relied on is in
// an object's status. note() puts it into memory, flush() writes: at most kMostInFlush each time, none more often than
// every quiet_ms. What is said again meanwhile is one Event with a count, as `kubectl` shows it; where an API server has
// forgotten an Event (after an hour), it is written anew with the count so far.
// Bounded: kMostRemembered different notes; beyond them the one longest unsaid is forgotten, first of those that are
// written already. What a server refused kMostTries times is dropped.
// Threads: note() and dropped() from any; flush() from one. Times: Unix milliseconds.
// Source: Kubernetes API v1, Event; k8s.io/client-go/tools/record (aggregation).
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "drivers/kubernetes/api.h"

namespace drivers {

// An object of tarn.dev/v1alpha1 in our namespace.
struct Involved {
  std::string kind, name, uid;
  bool operator==(const Involved&) const = default;
};

struct Note {
  enum class Type : std::uint8_t { kNormal, kWarning };
  Involved about;
  Type type = Type::kNormal;
  std::string reason;   // UpperCamelCase, for programs
  std::string message;  // for people; cut at 1000 bytes
  bool operator==(const Note&) const = default;
};

struct EventOptions {
  std::string name_space = "tarn-system";
  std::string instance{};  // the pod's name
  std::int64_t quiet_ms = 10'000;
};

// As it is written first; its name is the server's to make.
nlohmann::json event_object(const Note& note, std::int64_t first, std::int64_t last, std::uint64_t count,
                            const EventOptions& options);

class Events {
 public:
  static constexpr std::size_t kMostRemembered = 256, kMostInFlush = 20;
  static constexpr int kMostTries = 5;

  Events(KubernetesApi& api, EventOptions options);

  void note(const Note& note, std::int64_t now);
  // Ends early if no server answers: the rest is for the next time.
  void flush(std::int64_t now);
  std::uint64_t dropped() const;  // notes that nobody will read; for metrics

 private:
  struct Entry {
    Note note;
    std::int64_t first = 0, last = 0;
    std::optional<std::int64_t> tried{};
    std::uint64_t count = 0, told = 0;  // told: of them, what the server knows
    std::string event{};                // its name there; empty: none yet
    int failures = 0;
  };

  enum class Outcome : std::uint8_t { kWritten, kRefused, kUnreachable };
  void forget_one();
  std::vector<Entry> due(std::int64_t now) const;
  Outcome write(Entry& entry);
  void remember(const Entry& tried, Outcome outcome, std::int64_t now);

  KubernetesApi& api_;
  const EventOptions options_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the one longest unsaid first
  std::uint64_t dropped_ = 0;
};

}  // namespace drivers
