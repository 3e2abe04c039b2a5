#include "drivers/kubernetes/leader_election.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "drivers/kubernetes/pool_lease.h"

namespace drivers {
namespace {

using nlohmann::json;

constexpr unsigned kNotFound = 404, kConflict = 409;

std::int64_t number_at(const json& object, const char* pointer) {
  const json::json_pointer path(pointer);
  if (!object.contains(path) || !object.at(path).is_number_integer()) return 0;
  const json& found = object.at(path);
  if (found.is_number_unsigned() && found.get<std::uint64_t>() > INT64_MAX) return INT64_MAX;
  return found.get<std::int64_t>();
}

// Leases take six decimals, neither more nor fewer.
std::string micro_timestamp(std::int64_t unix_ms) {
  std::string out = timestamp(unix_ms);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03d000Z", static_cast<int>(((unix_ms % 1000) + 1000) % 1000));
  out.replace(out.size() - 1, 1, fraction);
  return out;
}

std::int64_t seconds_of(std::int64_t ms) { return (ms + 999) / 1000; }

std::int64_t patience_ms(const LeaseRecord& seen, const ElectionOptions& options) {
  if (seen.duration_s <= 0) return options.lease_ms;
  return std::min(seen.duration_s, kMostPatienceMs / 1000) * 1000;
}

void put(json& lease, const LeaseRecord& record) {
  json& spec = lease["spec"];
  if (!spec.is_object()) spec = json::object();
  spec["holderIdentity"] = record.holder;
  spec["leaseDurationSeconds"] = record.duration_s;
  spec["acquireTime"] = record.acquired;
  spec["renewTime"] = record.renewed;
  spec["leaseTransitions"] = record.transitions;
}

std::string collection(const ElectionOptions& options) {
  return "/apis/coordination.k8s.io/v1/namespaces/" + options.name_space + "/leases";
}

base::Error refused(const ElectionOptions& options, const char* what, const ApiReply& reply) {
  return {base::Code::kUnreachable, std::string("cannot ") + what + " the Lease " + options.name + " in namespace " +
                                        options.name_space + ": " + reply.message()};
}

}  // namespace

LeaseRecord read_record(const json& lease) {
  return {text_at(lease, "/spec/holderIdentity"), text_at(lease, "/spec/acquireTime"),
          text_at(lease, "/spec/renewTime"), number_at(lease, "/spec/leaseDurationSeconds"),
          number_at(lease, "/spec/leaseTransitions")};
}

ElectionMove decide(const LeaseRecord& seen, std::int64_t since, std::int64_t now, const ElectionOptions& options) {
  if (seen.holder == options.identity) return ElectionMove::kRenew;
  if (seen.holder.empty() || now - since >= patience_ms(seen, options)) return ElectionMove::kTake;
  return ElectionMove::kWait;
}

LeaseRecord next_record(const LeaseRecord& seen, ElectionMove move, std::int64_t unix_ms,
                        const ElectionOptions& options) {
  const std::string now = micro_timestamp(unix_ms);
  LeaseRecord out{options.identity, seen.acquired, now, seconds_of(options.lease_ms), seen.transitions};
  if (move == ElectionMove::kTake || !parse_timestamp(out.acquired)) out.acquired = now;
  // The field has 32 bits, and anybody may have written anything into it.
  const bool counts = out.transitions >= 0 && out.transitions < INT32_MAX;
  if (move == ElectionMove::kTake) out.transitions = counts ? out.transitions + 1 : 0;
  return out;
}

LeaseRecord released_record(const LeaseRecord& seen, std::int64_t unix_ms) {
  const std::string now = micro_timestamp(unix_ms);
  return {"", now, now, 1, seen.transitions};
}

LeaderElection::LeaderElection(KubernetesApi& api, const base::Clock& clock, ElectionOptions options)
    : api_(api), clock_(clock), options_(std::move(options)) {
  CHECK(!options_.identity.empty());
  CHECK(options_.retry_ms > 0 && options_.retry_ms < options_.renew_deadline_ms);
  CHECK(options_.renew_deadline_ms < options_.lease_ms && options_.lease_ms <= kMostPatienceMs);
}

bool LeaderElection::leading() const {
  const Moment now = moment();
  const std::lock_guard lock(mutex_);
  return renewed_ && now.steady_ms - renewed_->steady_ms < options_.renew_deadline_ms &&
         now.unix_ms - renewed_->unix_ms < options_.renew_deadline_ms;
}

std::string LeaderElection::holder() const {
  const std::lock_guard lock(mutex_);
  return seen_ ? seen_->holder : std::string();
}

base::Status LeaderElection::run_once() {
  const std::int64_t now = clock_.steady_ms();
  if (gone_ || (next_ms_ && now < *next_ms_)) return {};
  next_ms_ = now + options_.retry_ms;
  return stand();
}

base::Status LeaderElection::stand() {
  TARN_ASSIGN(const ApiReply reply, api_.get(collection(options_) + "/" + options_.name));
  const Moment sent = moment();
  if (reply.status == kNotFound) return create(sent);
  if (!reply.ok()) return refused(options_, "read", reply);
  json lease = reply.json();
  if (!lease.is_object()) return base::Error{base::Code::kInvalidInput, "the API server sent no Lease"};
  const LeaseRecord record = read_record(lease);
  saw(record);
  const ElectionMove move = decide(record, since_ms_, sent.steady_ms, options_);
  if (move == ElectionMove::kWait) return {};
  return write(lease, next_record(record, move, sent.unix_ms, options_), sent);
}

base::Status LeaderElection::create(const Moment& sent) {
  const LeaseRecord record = next_record({}, ElectionMove::kRenew, sent.unix_ms, options_);
  json lease = {{"apiVersion", "coordination.k8s.io/v1"},
                {"kind", "Lease"},
                {"metadata", {{"name", options_.name}, {"namespace", options_.name_space}}}};
  put(lease, record);
  TARN_ASSIGN(const ApiReply reply, api_.create(collection(options_), lease));
  if (reply.status == kConflict) return {};
  if (!reply.ok()) return refused(options_, "create", reply);
  won(record, sent);
  return {};
}

base::Status LeaderElection::write(json& lease, const LeaseRecord& record, const Moment& sent) {
  put(lease, record);
  TARN_ASSIGN(const ApiReply reply, api_.replace(collection(options_) + "/" + options_.name, lease));
  if (reply.status == kConflict || reply.status == kNotFound) return {};  // somebody was faster; we look again
  if (!reply.ok()) return refused(options_, "write", reply);
  won(record, sent);
  return {};
}

// The moment is after the answer came: later than the record changed, so that we rather wait too long.
void LeaderElection::saw(const LeaseRecord& record) {
  const std::int64_t now = clock_.steady_ms();
  const std::lock_guard lock(mutex_);
  if (seen_ != record) since_ms_ = now;
  seen_ = record;
  if (record.holder != options_.identity) renewed_.reset();
}

void LeaderElection::won(const LeaseRecord& record, const Moment& sent) {
  const std::lock_guard lock(mutex_);
  seen_ = record;
  since_ms_ = clock_.steady_ms();
  renewed_ = sent;
}

base::Status LeaderElection::release() {
  gone_ = true;
  {
    const std::lock_guard lock(mutex_);
    renewed_.reset();
  }
  TARN_ASSIGN(const ApiReply reply, api_.get(collection(options_) + "/" + options_.name));
  if (reply.status == kNotFound) return {};
  if (!reply.ok()) return refused(options_, "read", reply);
  json lease = reply.json();
  if (!lease.is_object()) return base::Error{base::Code::kInvalidInput, "the API server sent no Lease"};
  const LeaseRecord record = read_record(lease);
  if (record.holder != options_.identity) return {};
  put(lease, released_record(record, clock_.unix_ms()));
  TARN_ASSIGN(const ApiReply written, api_.replace(collection(options_) + "/" + options_.name, lease));
  if (written.ok() || written.status == kConflict || written.status == kNotFound) return {};
  return refused(options_, "give back", written);
}

}  // namespace drivers
