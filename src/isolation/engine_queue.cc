#include <algorithm>
#include <set>

#include "isolation/engine_port.h"
#include "isolation/line.h"
#include "isolation/lookup.h"
#include "isolation/telling.h"

namespace isolation {
namespace {

// One change, what its port was told to hold for it, and what came of that.
struct Job {
  Change change;
  Nic nic;
  Port port;
  PortState target;
  std::optional<PortState> seen = {};  // none: not known
  std::optional<base::Error> error = {};
};

base::Result<std::vector<Job>> plan(Transaction& store, Id switch_id, std::int64_t now, std::size_t limit) {
  std::vector<Job> jobs;
  TARN_ASSIGN(const std::vector<Change> due, store.changes_due(switch_id, now, limit));
  for (const Change& change : due) {
    TARN_ASSIGN(const std::optional<Nic> nic, store.find_nic(change.nic));
    if (!nic || !nic->port) continue;
    TARN_ASSIGN(const std::optional<Port> port, store.find_port(*nic->port));
    if (!port) continue;
    TARN_ASSIGN(const Target target, target_of(store, *nic, &change));
    jobs.push_back({change, *nic, *port, target.state});
  }
  return jobs;
}

base::Result<std::int64_t> next_due(Transaction& store, Id switch_id) {
  ChangeFilter pending;
  pending.switch_id = switch_id;
  pending.state = Change::State::kPending;
  TARN_ASSIGN(const std::vector<Change> changes, store.changes(pending));
  const auto first = std::ranges::min_element(changes, {}, &Change::try_again);
  return first == changes.end() ? 0 : first->try_again;
}

bool is_permanent(const base::Error& error) {
  return error.code == base::Code::kInvalidInput || error.code == base::Code::kNotFound;
}

// Writes down what came of a batch. While the switch was asked, the rules went on: a change may have been ended, a node
// released, an attachment withdrawn. So each is looked at again, and is done only if what the switch confirmed is what is
// wanted now.
class Recorder {
 public:
  Recorder(Transaction& store, const EngineLimits& limits, const SwitchRecord& record, std::int64_t now)
      : store_(store), limits_(limits), switch_(record), now_(now) {}

  base::Status record(const Job& job) {
    TARN_ASSIGN(std::optional<Port> port, store_.find_port(job.port.id));
    if (!port) return {};
    port->observed = job.seen;
    port->observed_at = now_;
    TARN_TRY(store_.update_port(*port));
    TARN_ASSIGN(std::optional<Change> change, store_.find_change(job.change.id));
    if (!change || change->state != Change::State::kPending) return {};
    TARN_ASSIGN(const Target target, target_of(store_, job.nic, &*change));
    if (job.error) return failed(*change, job, *job.error);
    if (job.seen != job.target)
      return failed(*change, job,
                    {base::Code::kUnreachable, "Port " + job.port.name + " was told to let through " +
                                                   describe(job.target) + ", and lets through " +
                                                   (job.seen ? describe(*job.seen) : "what cannot be read")});
    if (target.state != job.target) return again(*change);
    return succeeded(*change, job, target.refusal);
  }

  // Operations whose last change has ended are finished.
  base::Status close() {
    for (const Id id : operations_) TARN_TRY(finish_if_done(store_, id, now_));
    return {};
  }
  const SwitchQueue::Outcome& outcome() const { return outcome_; }

 private:
  base::Status again(Change& change) {
    ++outcome_.postponed;
    change.try_again = now_;
    return store_.update_change(change);
  }

  base::Status succeeded(Change& change, const Job& job, const std::string& refusal) {
    TARN_ASSIGN(const std::vector<Attachment> attachments, store_.attachments_of_nic(job.nic.id));
    for (Attachment attachment : attachments) {
      TARN_ASSIGN(const std::optional<Network> network, store_.find_network(attachment.network));
      const bool live = network && holds(*job.seen, attachment.channel, network->vlan);
      const bool own = change.kind == Change::Kind::kRevert || change.network == attachment.network;
      if (!live && (own || attachment.state == Attachment::State::kUncertain)) {
        TARN_TRY(store_.erase_attachment(attachment.nic, attachment.network));
      } else if (live && own) {
        attachment.state = Attachment::State::kConnected;
        TARN_TRY(store_.update_attachment(attachment));
      }
    }
    TARN_TRY(note_release(job.nic.node, "", false));
    return end(change, job, refusal);
  }

  base::Status failed(Change& change, const Job& job, const base::Error& error) {
    ++change.attempts;
    const bool gives_up = is_permanent(error) || now_ >= change.give_up;
    TARN_TRY(note_release(job.nic.node, named("switch", switch_.name) + ": " + error.message, gives_up));
    if (!gives_up) {
      ++outcome_.postponed;
      change.try_again = std::min(now_ + back_off_ms(limits_, change.attempts), change.give_up);
      return store_.update_change(change);
    }
    TARN_ASSIGN(const std::vector<Attachment> attachments, store_.attachments_of_nic(job.nic.id));
    bool uncertain = false;
    for (Attachment attachment : attachments) {
      if (change.kind != Change::Kind::kRevert && change.network != attachment.network) continue;
      TARN_ASSIGN(const std::optional<Network> network, store_.find_network(attachment.network));
      if (job.seen && network && !passes(*job.seen, network->vlan)) {
        TARN_TRY(store_.erase_attachment(attachment.nic, attachment.network));
        continue;
      }
      uncertain = true;
      attachment.state = Attachment::State::kUncertain;
      TARN_TRY(store_.update_attachment(attachment));
    }
    std::string message = "The switch did not take it";
    if (uncertain) message += "; what its port holds counts as attached until the switch is reconciled";
    message += ": the service's operators see why; ask again when they have seen to it";
    return end(change, job, told(message, named("switch", switch_.name) + " did not take it: " + error.message));
  }

  base::Status end(Change& change, const Job& job, const std::string& error) {
    ++(error.empty() ? outcome_.done : outcome_.failed);
    change.state = error.empty() ? Change::State::kDone : Change::State::kError;
    change.error = error;
    TARN_TRY(store_.update_change(change));
    operations_.insert(change.operation);
    TARN_TRY(tell(change, job));
    return promote_next(store_, Context{now_, nullptr, &limits_.settings}, change.nic);
  }

  base::Status tell(const Change& change, const Job& job) {
    TARN_ASSIGN(const std::optional<Operation> operation, store_.find_operation(change.operation));
    TARN_ASSIGN(const std::optional<Node> node, store_.find_node(job.nic.node));
    if (!operation || !node) return {};
    Event event{0,
                now_,
                "nic.failed",
                operation->project,
                "node/" + node->name + "/nic/" + job.nic.name,
                operation->by,
                change.error};
    if (change.state == Change::State::kDone) {
      const bool connected = change.kind == Change::Kind::kConnect;
      event.kind = connected ? "nic.connected" : change.kind == Change::Kind::kDetach ? "nic.detached" : "nic.reverted";
      if (change.network) {
        TARN_ASSIGN(const std::optional<Network> network, store_.find_network(*change.network));
        if (network) event.detail = "network " + network->name;
      }
    }
    return store_.insert_event(event);
  }

  // A node on its way back waits for this port: its release goes on at once, or has a problem to tell of; when this
  // change has given up, the release makes another one, later each time.
  base::Status note_release(Id id, const std::string& problem, bool gives_up) {
    TARN_ASSIGN(std::optional<Node> node, store_.find_node(id));
    if (!node || node->state != NodeState::kReleasing) return {};
    node->problem = problem;
    if (gives_up) node->try_again = now_ + back_off_ms(limits_, ++node->attempts);
    if (problem.empty()) {
      node->attempts = 0;
      node->try_again = now_;
    }
    return store_.update_node(*node);
  }

  Transaction& store_;
  const EngineLimits& limits_;
  const SwitchRecord& switch_;
  std::int64_t now_;
  SwitchQueue::Outcome outcome_;
  std::set<Id> operations_;
};

}  // namespace

SwitchQueue::SwitchQueue(Store& store, SwitchDrivers& drivers, Id switch_id, const EngineLimits& limits, base::Log& log)
    : store_(store), drivers_(drivers), switch_id_(switch_id), limits_(limits), log_(log) {}

base::Status SwitchQueue::open(const SwitchRecord& record) {
  if (switch_) return {};
  TARN_ASSIGN(switch_, guarded([&] { return drivers_.open(record); }));
  return {};
}

base::Result<std::vector<std::optional<PortState>>> SwitchQueue::look(const SwitchRecord& record,
                                                                      const std::vector<std::string>& ports) {
  TARN_TRY(open(record));
  auto seen = guarded([&] { return switch_->read(ports, limits_.switch_timeout_ms); });
  if (seen.ok() && seen->size() != ports.size())
    seen = base::Error{base::Code::kUnreachable, "The driver did not tell of every port"};
  if (!seen.ok()) switch_.reset();  // whatever was wrong with it, the next one starts anew
  return seen;
}

base::Result<std::vector<SwitchQueue::Answer>> SwitchQueue::bring(const SwitchRecord& record,
                                                                  const std::vector<PortSetting>& settings) {
  TARN_TRY(open(record));
  auto applied = guarded([&] { return switch_->apply(settings, limits_.switch_timeout_ms); });
  if (applied.ok() && applied->size() != settings.size())
    applied = base::Error{base::Code::kUnreachable, "The driver did not answer for every port"};
  if (!applied.ok()) {
    switch_.reset();
    return applied.error();
  }
  std::vector<std::string> names;
  for (const PortSetting& setting : settings) names.push_back(setting.port);
  TARN_ASSIGN(const auto seen, look(record, names));
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < settings.size(); ++i) answers.push_back({(*applied)[i], seen[i]});
  return answers;
}

base::Result<SwitchQueue::Outcome> SwitchQueue::run_once(std::int64_t now) {
  Outcome outcome;
  std::optional<SwitchRecord> record;
  std::vector<Job> jobs;
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(record, store.find_switch(switch_id_));
    TARN_ASSIGN(jobs, plan(store, switch_id_, now, limits_.batch));
    TARN_ASSIGN(outcome.next, next_due(store, switch_id_));
    return {};
  }));
  if (!record || jobs.empty()) return outcome;

  std::vector<PortSetting> settings;
  for (const Job& job : jobs) settings.push_back({job.port.name, job.target});
  const auto answers = bring(*record, settings);
  if (!answers.ok())
    log_.warning("switch_failed",
                 {{"switch", record->name}, {"changes", jobs.size()}, {"why", answers.error().message}});
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (answers.ok()) jobs[i].seen = answers.value()[i].seen;
    if (!answers.ok())
      jobs[i].error = answers.error();
    else if (!answers.value()[i].status.ok())
      jobs[i].error = answers.value()[i].status.error();
  }

  const base::Status written = store_.write([&](Transaction& store) -> base::Status {
    Recorder recorder(store, limits_, *record, now);
    for (const Job& job : jobs) TARN_TRY(recorder.record(job));
    TARN_TRY(recorder.close());
    outcome = recorder.outcome();
    TARN_ASSIGN(outcome.next, next_due(store, switch_id_));
    return {};
  });
  if (!written.ok()) return written.error();
  return outcome;
}

}  // namespace isolation
