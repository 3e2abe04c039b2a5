#include "store/commit_group.h"

#include <algorithm>
#include <iterator>

namespace store {

namespace {
constexpr std::size_t kLargestGroup = 64;  // so that the first of them does not wait for ever
}

base::Status CommitGroup::run(const Body& body) {
  Job job{&body, {}, nullptr, false};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&job);
  while (!job.done) {
    if (led_) {
      changed_.wait(lock);
      continue;
    }
    led_ = true;
    const Jobs jobs = take();
    lock.unlock();
    carry_out(jobs);
    lock.lock();
    led_ = false;
    for (Job* const one : jobs) one->done = true;
    changed_.notify_all();
  }
  if (job.thrown) std::rethrow_exception(job.thrown);
  return job.result;
}

CommitGroup::Jobs CommitGroup::take() noexcept {
  Jobs jobs;
  const auto size = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kLargestGroup));
  jobs.splice(jobs.begin(), waiting_, waiting_.begin(), std::next(waiting_.begin(), size));
  return jobs;
}

void CommitGroup::carry_out(const Jobs& jobs) noexcept {
  try {
    const base::Status done = commit_all(jobs);
    if (done.ok()) return;
    for (Job* const job : jobs)
      if (job->well()) job->result = done;
  } catch (...) {  // no memory, most likely
    for (Job* const job : jobs)
      if (job->well()) job->thrown = std::current_exception();
    undo();
  }
}

// If even that fails, the next begin() does, and says why.
void CommitGroup::undo() noexcept {
  try {
    connection_->rollback();
  } catch (...) {
  }
}

base::Status CommitGroup::commit_all(const Jobs& jobs) {
  base::Status done = connection_->begin(SqlConnection::Access::kWrite);
  if (done.ok()) done = run_bodies(jobs);
  const bool worth_it = std::ranges::any_of(jobs, [](const Job* job) { return job->well(); });
  if (done.ok() && worth_it) return connection_->commit();
  connection_->rollback();
  return done;
}

// An error is the whole transaction's; those of single bodies are in their jobs.
base::Status CommitGroup::run_bodies(const Jobs& jobs) {
  if (jobs.size() == 1) {  // needs no mark: without it there is nothing to commit
    run_body(*jobs.front());
    return {};
  }
  for (Job* const job : jobs) TARN_TRY(run_marked(*job));
  return {};
}

base::Status CommitGroup::run_marked(Job& job) {
  TARN_TRY(connection_->mark());
  run_body(job);
  return job.well() ? connection_->keep_mark() : connection_->undo_to_mark();
}

void CommitGroup::run_body(Job& job) {
  try {
    job.result = (*job.body)(*connection_);
  } catch (...) {
    job.thrown = std::current_exception();
  }
}

}  // namespace store
