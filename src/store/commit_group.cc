#include "store/commit_group.h"

#include <algorithm>
#include <iterator>

namespace store {

namespace {
constexpr std::size_t kLargestGroup = 64;  // so that the first of them does not wait for ever
}

base::Status CommitGroup::run(const Body& body) {
  Job job;
  job.body = &body;
  const auto until = Clock::now() + patience_;
  std::unique_lock lock(mutex_);
  waiting_.push_back(&job);
  while (!job.done) {
    if (led_) {
      if (wait_for_turn(lock, job, until)) continue;
      waiting_.remove(&job);
      return base::Error{base::Code::kStorage, "the database is busy with other writers; try again"};
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

// Whether to look again: something has changed, or there is no way back any more.
bool CommitGroup::wait_for_turn(std::unique_lock<std::mutex>& lock, const Job& job, Clock::time_point until) {
  if (!job.taken) return changed_.wait_until(lock, until) == std::cv_status::no_timeout || job.taken || !led_;
  changed_.wait(lock);
  return true;
}

CommitGroup::Jobs CommitGroup::take() noexcept {
  Jobs jobs;
  const std::size_t largest = Clock::now() < apart_until_ ? 1 : kLargestGroup;
  const auto size = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), largest));
  jobs.splice(jobs.begin(), waiting_, waiting_.begin(), std::next(waiting_.begin(), size));
  for (Job* const job : jobs) job->taken = true;
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

// Where a transaction does not even begin, the database is away, which is nobody's fault.
base::Status CommitGroup::commit_all(const Jobs& jobs) {
  if (base::Status begun = connection_->begin(SqlConnection::Access::kWrite); !begun.ok()) {
    connection_->rollback();
    apart_until_ = {};
    return begun;
  }
  base::Status done = run_bodies(jobs);
  const bool worth_it = std::ranges::any_of(jobs, [](const Job* job) { return job->well(); });
  if (done.ok() && worth_it)
    done = connection_->commit();
  else
    connection_->rollback();
  if (!done.ok()) apart_until_ = Clock::now() + apart_;
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
