#include "drivers/kubernetes/leader_election.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drivers/kubernetes/pool_lease.h"

namespace drivers {

namespace {

using nlohmann::json;

constexpr std::int64_t kLongestDurationS = 3'600;

std::int64_t number_at(const json& object, const char* pointer) {
  const json::json_pointer at(pointer);
  return object.contains(at) && object.at(at).is_number_integer() ? object.at(at).get<std::int64_t>() : 0;
}

// With microseconds, as this kind of object wants it.
std::string micro_timestamp(std::int64_t unix_ms) {
  std::string text = timestamp(unix_ms);
  const std::string ms = std::to_string(unix_ms % 1000);
  text.pop_back();
  return text + '.' + std::string(3 - ms.size(), '0') + ms + "000Z";
}

base::Error refusal(const ApiReply& reply) {
  return {base::Code::kUnreachable, "the lease that says who leads: " + reply.message()};
}

}  // namespace

LeaderElection::LeaderElection(KubernetesApi& api, const base::Clock& clock, LeaderRules rules)
    : api_(api),
      clock_(clock),
      rules_(std::move(rules)),
      collection_("/apis/coordination.k8s.io/v1/namespaces/" + rules_.name_space + "/leases"),
      path_(collection_ + "/" + rules_.name) {
  CHECK(!rules_.identity.empty() && rules_.retry_ms < rules_.renew_within_ms &&
        rules_.renew_within_ms < rules_.duration_ms);
}

void LeaderElection::saw(const json& lease) {
  const std::string version = text_at(lease, "/metadata/resourceVersion");
  if (version == version_ && !version.empty()) return;
  version_ = version;
  holder_ = text_at(lease, "/spec/holderIdentity");
  seen_at_ = clock_.steady_ms();
  seen_duration_ms_ =
      1'000 * std::clamp<std::int64_t>(number_at(lease, "/spec/leaseDurationSeconds"), 1, kLongestDurationS);
}

bool LeaderElection::may_take(std::int64_t now) const {
  return holder_.empty() || holder_ == rules_.identity || now - seen_at_ > seen_duration_ms_;
}

json LeaderElection::taken(json lease) const {
  const std::string now = micro_timestamp(clock_.unix_ms());
  json& spec = lease["spec"];
  if (!spec.is_object()) spec = json::object();
  if (text_at(spec, "/holderIdentity") != rules_.identity) {
    spec["acquireTime"] = now;
    spec["leaseTransitions"] = number_at(spec, "/leaseTransitions") + (lease.contains("metadata") ? 1 : 0);
  }
  spec["holderIdentity"] = rules_.identity;
  spec["renewTime"] = now;
  spec["leaseDurationSeconds"] = rules_.duration_ms / 1'000;
  return lease;
}

// `begin`: from when on the server may have counted.
base::Status LeaderElection::write(const base::Result<ApiReply>& reply, std::int64_t begin) {
  if (!reply.ok()) return reply.error();
  if (reply->status == 409) return {};  // somebody was faster
  if (!reply->ok()) return refusal(*reply);
  saw(reply->json());
  if (holder_ == rules_.identity) leads_until_ = begin + rules_.renew_within_ms;
  return {};
}

base::Status LeaderElection::attempt() {
  const std::int64_t begin = clock_.steady_ms();
  TARN_ASSIGN(const ApiReply found, api_.get(path_));
  if (found.status == 404) {
    json lease = taken(json::object());
    lease["apiVersion"] = "coordination.k8s.io/v1";
    lease["kind"] = "Lease";
    lease["metadata"] = {{"name", rules_.name}};
    return write(api_.create(collection_, lease), begin);
  }
  if (!found.ok()) return refusal(found);
  json lease = found.json();
  if (!lease.is_object()) return base::Error{base::Code::kInvalidInput, "the API server answers with no lease"};
  saw(lease);
  if (holder_ != rules_.identity) leads_until_ = 0;  // whatever we believed
  if (!may_take(clock_.steady_ms())) return {};
  return write(api_.replace(path_, taken(std::move(lease))), begin);
}

base::Status LeaderElection::hand_over() {
  leads_until_ = 0;
  TARN_ASSIGN(const ApiReply found, api_.get(path_));
  if (!found.ok()) return found.status == 404 ? base::Status() : refusal(found);
  json lease = found.json();
  if (text_at(lease, "/spec/holderIdentity") != rules_.identity) return {};
  lease["spec"].erase("holderIdentity");
  lease["spec"]["leaseDurationSeconds"] = 1;
  lease["spec"]["renewTime"] = micro_timestamp(clock_.unix_ms());
  TARN_ASSIGN(const ApiReply written, api_.replace(path_, lease));
  if (!written.ok() && written.status != 409) return refusal(written);
  return {};
}

}  // namespace drivers
