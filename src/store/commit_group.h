// CommitGroup: the writers of one connection. A durable commit costs milliseconds of the disk's time however much it
// holds, so callers that come while one is under way are done together in the next: one transaction, each body behind a
// mark of its own, so that an error undoes nothing but its own work, and one commit, after which they all return. Sixteen
// callers then wait for two commits rather than for sixteen. Who comes first leads: it runs the others' bodies, too, so
// a body must not mind on which thread it is called; its caller waits meanwhile.
// Who has waited ten seconds for its turn is told so, kStorage, and nothing of its work was begun: what is under way takes
// as long as it does, but holds no others' threads for ever.
// A body that throws has failed alone: its work is undone, and its own caller gets the exception. What the connection
// throws is everybody's in that group, and so is a transaction that is lost (sql.h), as kStorage: nobody is told that its
// work is done before the commit is. The group goes on either way, for a minute with one body a transaction: a body
// that can never be written, and comes back each turn, then fails alone, without those that come with it.
// Threads: any. A body must not call run() of the same group.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "store/sql.h"

namespace store {

class CommitGroup {
 public:
  using Body = std::function<base::Status(SqlConnection&)>;
  static constexpr std::chrono::milliseconds kPatience{10'000}, kApart{60'000};
  explicit CommitGroup(std::unique_ptr<SqlConnection> connection, std::chrono::milliseconds patience = kPatience,
                       std::chrono::milliseconds apart = kApart)
      : connection_(std::move(connection)), patience_(patience), apart_(apart) {}

  // Returns when what `body` did is durable, or nothing of it is there: its error, or kStorage.
  base::Status run(const Body& body);

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    const Body* body = nullptr;
    base::Status result;
    std::exception_ptr thrown;         // instead of a result
    bool taken = false, done = false;  // taken: by a leader, out of waiting_
    bool well() const { return !thrown && result.ok(); }
  };
  using Jobs = std::list<Job*>;  // handed over without asking for memory
  Jobs take() noexcept;
  void carry_out(const Jobs& jobs) noexcept;
  base::Status commit_all(const Jobs& jobs);
  base::Status run_bodies(const Jobs& jobs);
  base::Status run_marked(Job& job);
  void run_body(Job& job);
  void undo() noexcept;

  bool wait_for_turn(std::unique_lock<std::mutex>& lock, const Job& job, Clock::time_point until);

  std::unique_ptr<SqlConnection> connection_;  // the leader's
  const std::chrono::milliseconds patience_, apart_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Jobs waiting_;
  bool led_ = false;
  Clock::time_point apart_until_{};  // the leader's: until then one body a transaction
};

}  // namespace store
