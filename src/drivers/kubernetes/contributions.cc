#include "drivers/kubernetes/contributions.h"

#include <algorithm>

namespace drivers {

namespace {

using nlohmann::json;

constexpr int kWatchGraceMs = 10'000;  // for the server to end a watch

base::Error refusal(const std::string& what, const ApiReply& reply) {
  return {base::Code::kUnreachable, what + ": " + reply.message()};
}

}  // namespace

Contributions::Contributions(KubernetesApi& api, const base::Clock& clock, EventRecorder& events,
                             ContributionsOptions options)
    : api_(api),
      clock_(clock),
      events_(events),
      options_(std::move(options)),
      path_("/apis/tarn.dev/v1alpha1/namespaces/" + options_.home + "/poolcontributions"),
      set_(options_.rules) {}

base::Status Contributions::round(int watch_s) {
  if (version_.empty() || clock_.steady_ms() - listed_at_ >= kResyncMs) TARN_TRY(list());
  if (!handed_over_) TARN_TRY(hand_over());
  TARN_TRY(tell());
  TARN_TRY(watch(watch_s));
  return tell();
}

base::Status Contributions::list() {
  TARN_ASSIGN(const ApiReply reply, api_.list(path_, ""));
  if (!reply.ok()) return refusal("listing PoolContributions", reply);
  const json all = reply.json();
  set_.replace(all.at("items"));
  version_ = text_at(all, "/metadata/resourceVersion");
  listed_at_ = clock_.steady_ms();
  handed_over_ = false;
  return {};
}

base::Status Contributions::hand_over() {
  handed_over_ = false;
  TARN_TRY(options_.set_offers(set_.offers()));
  handed_over_ = true;
  return {};
}

base::Status Contributions::watch(int watch_s) {
  base::Status trouble;
  const auto take = [&](const json& event) {
    const std::string version = text_at(event, "/object/metadata/resourceVersion");
    if (!version.empty()) version_ = version;
    if (text_at(event, "/type") == "BOOKMARK") return true;
    if (!set_.apply(event)) return true;
    trouble = hand_over();
    return false;  // its status is told first
  };
  const std::string target = path_ + "?timeoutSeconds=" + std::to_string(watch_s);
  const auto ended = api_.watch(target, version_, watch_s * 1'000 + kWatchGraceMs, take);
  TARN_TRY(trouble);
  if (ended.ok() && ended->ok()) return {};
  version_.clear();
  if (!ended.ok()) return ended.error();
  if (ended->status == 410) return {};
  return refusal("watching PoolContributions", *ended);
}

base::Status Contributions::tell() {
  const auto totals = options_.totals();
  for (const auto& [name, item] : set_.items()) {
    const auto own = std::find_if(totals.begin(), totals.end(), [&](const auto& one) { return one.offer == name; });
    const json status = item.status(own == totals.end() ? nullptr : &*own, clock_.unix_ms());
    if (item.object.contains("status") && item.object.at("status") == status) continue;
    tell_turn(item, item.accepted());
    tell_turn(item, item.in_pool());
    TARN_ASSIGN(const ApiReply reply, api_.merge(path_ + "/" + name + "/status", {{"status", status}}));
    if (reply.ok())
      set_.wrote(name, reply.json());
    else if (reply.status != 404)  // gone meanwhile: the watch will say so
      return refusal("writing the status of a PoolContribution", reply);
  }
  return {};
}

// An Event if the condition was not so before.
void Contributions::tell_turn(const ContributionSet::Item& item, const Condition& condition) {
  const json::json_pointer at("/status/conditions");
  if (item.object.contains(at) && item.object.at(at).is_array())
    for (const json& old : item.object.at(at))
      if (text_at(old, "/type") == condition.type && text_at(old, "/status") == condition.status &&
          text_at(old, "/message") == condition.message)
        return;
  const bool good = condition.status == "True";
  const auto kind = good ? EventRecorder::Kind::kNormal : EventRecorder::Kind::kWarning;
  const std::string reason = good ? condition.type : "Not" + condition.type;
  EventSubject subject = subject_of(item.object);
  subject.api_version = "tarn.dev/v1alpha1";  // objects of a list may lack them
  subject.kind = "PoolContribution";
  (void)events_.record(subject, kind, reason, condition.message);  // best effort
}

}  // namespace drivers
