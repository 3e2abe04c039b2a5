#include "net/rendezvous.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace net {

void Rendezvous::arrive(const crypto::Digest& session, const crypto::PublicKey& key, std::unique_ptr<Link> link,
                        Time limit) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  std::erase_if(waiting_, [&](const Waiting& w) { return w.session == session && w.key == key; });
  waiting_.push_back({session, key, std::move(link), limit});
  if (Seat* const seat = seat_for(waiting_.back())) {
    const std::uint64_t one = 1;
    (void)!write(seat->wake_.get(), &one, sizeof one);
  } else {
    make_place(session);
  }
}

Rendezvous::Seat* Rendezvous::seat_for(const Waiting& waiting) const {
  const auto seat = std::find_if(seats_.begin(), seats_.end(), [&](const Seat* s) {
    return s->session_ == waiting.session &&
           std::find(s->expected_.begin(), s->expected_.end(), waiting.key) != s->expected_.end();
  });
  return seat == seats_.end() ? nullptr : *seat;
}

void Rendezvous::make_place(const crypto::Digest& session) {
  std::size_t all = 0, of_session = 0;
  for (const Waiting& w : waiting_) {
    if (seat_for(w) != nullptr) continue;
    ++all;
    if (w.session == session) ++of_session;
  }
  if (all <= kMaxWaiting && of_session <= kMaxOfSession) return;
  const bool any = of_session <= kMaxOfSession;
  waiting_.erase(std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) {
    return seat_for(w) == nullptr && (any || w.session == session);
  }));
}

Time Rendezvous::drop_late(Time now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(waiting_, [&](const Waiting& w) { return now >= w.limit; });
  Time next = Time::max();
  for (const Waiting& w : waiting_) next = std::min(next, w.limit);
  return next;
}

void Rendezvous::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  waiting_.clear();
}

std::size_t Rendezvous::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

Rendezvous::Seat::Seat(Rendezvous& rendezvous, const crypto::Digest& session, std::vector<crypto::PublicKey> keys)
    : rendezvous_(rendezvous),
      session_(session),
      expected_(std::move(keys)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const std::lock_guard lock(rendezvous_.mutex_);
  rendezvous_.seats_.push_back(this);
}

Rendezvous::Seat::~Seat() {
  const std::lock_guard lock(rendezvous_.mutex_);
  std::erase(rendezvous_.seats_, this);
}

std::unique_ptr<Link> Rendezvous::Seat::take(const crypto::PublicKey& key) {
  const std::lock_guard lock(rendezvous_.mutex_);
  auto& waiting = rendezvous_.waiting_;
  const auto found = std::find_if(waiting.begin(), waiting.end(),
                                  [&](const Waiting& w) { return w.session == session_ && w.key == key; });
  if (found == waiting.end()) return nullptr;
  auto link = std::move(found->link);
  waiting.erase(found);
  std::erase(expected_, key);
  return link;
}

void Rendezvous::Seat::woken() {
  std::uint64_t count = 0;
  (void)!read(wake_.get(), &count, sizeof count);
}

}  // namespace net
