#include "net/mesh.h"

#include <poll.h>

#include <algorithm>
#include <array>

#include "net/gathering.h"

namespace net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kCloseTime{250};
constexpr int kMaxDelayMs = 60'000;
constexpr std::size_t kMinMaxMessage = 64;  // the greeting fits
constexpr std::size_t kMaxMessageLimit = std::size_t{1} << 30;

base::Error invalid(const std::string& what) { return {base::Code::kInvalidInput, what}; }

base::Status check(const crypto::Identity& identity, const MeshOptions& options) {
  const auto& parties = options.parties;
  if (parties.size() < 2 || parties.size() > kMaxParties) return invalid("a mesh has 2 to 16 parties");
  if (options.self >= parties.size()) return invalid("self is not one of the parties");
  if (parties[options.self].key != identity.public_key()) return invalid("our key is not the one listed for us");
  for (std::size_t i = 0; i < parties.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (parties[i].key == parties[j].key) return invalid("two parties have the same key");
    }
  }
  if (options.one_way_delay_ms < 0 || options.one_way_delay_ms > kMaxDelayMs) return invalid("delay out of range");
  if (options.max_message < kMinMaxMessage || options.max_message > kMaxMessageLimit) {
    return invalid("max_message out of range");
  }
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Mesh>> Mesh::connect(const crypto::Identity& identity, MeshOptions options, int wait_ms,
                                                  const OnMissing& on_missing) {
  TARN_TRY(check(identity, options));
  TARN_ASSIGN(const TlsContext context, TlsContext::create(identity));
  const std::size_t self = options.self;
  const int delay_ms = options.one_way_delay_ms;
  std::function<bool()> cancelled = options.cancelled;
  Gathering gathering(context, std::move(options), on_missing);
  TARN_ASSIGN(auto links, gathering.run(wait_ms));
  return std::make_unique<Mesh>(self, std::move(links), delay_ms, std::move(cancelled));
}

Mesh::Mesh(std::size_t self, std::vector<std::unique_ptr<Link>> links, int delay_ms, std::function<bool()> cancelled)
    : self_(self),
      links_(std::move(links)),
      delay_(delay_ms),
      cancelled_(std::move(cancelled)),
      deadline_(steady_clock::now() + milliseconds(kDefaultDeadlineMs)) {}

void Mesh::set_deadline_ms(int from_now) { deadline_ = steady_clock::now() + milliseconds(from_now); }

base::Status Mesh::send(std::size_t peer, base::Bytes message) {
  CHECK(peer < links_.size() && peer != self_);
  const std::size_t size = message.size() + 4;
  TARN_TRY(links_[peer]->send(std::move(message), send_time(), delay_));
  sent_bytes_ += size;
  return {};
}

base::Result<base::Bytes> Mesh::receive(std::size_t peer, std::size_t max_bytes) {
  CHECK(peer < links_.size() && peer != self_);
  Link& link = *links_[peer];
  for (;;) {
    TARN_TRY(may_wait(peer));  // also where the message is here: who comes too late is too late
    if (auto message = link.pop()) {
      if (message->size() <= max_bytes) return std::move(*message);
      link.fail(base::Code::kPeerMisbehaved, "sends a message longer than this step allows");
      return base::Error{base::Code::kPeerMisbehaved, "sends a message longer than this step allows", peer};
    }
    if (!link.open()) return link.error();
    pump(deadline_);
  }
}

base::Status Mesh::flush() {
  for (;;) {
    const auto busy = std::find_if(links_.begin(), links_.end(), [](const auto& l) { return l && !l->idle(); });
    if (busy == links_.end()) break;
    TARN_TRY(may_wait(static_cast<std::size_t>(busy - links_.begin())));
    pump(deadline_);
  }
  for (const auto& link : links_) {
    if (!link || !link->lost_output()) continue;
    if (!link->open()) return link->error();
    const auto party = static_cast<std::size_t>(&link - links_.data());
    return base::Error{base::Code::kUnreachable, "takes no more messages", party};
  }
  return {};
}

void Mesh::close() {
  const Time end = steady_clock::now() + kCloseTime;
  const auto due = [&](const auto& link) {
    const auto release = link ? link->next_release() : std::nullopt;
    return link && (link->blocked() || (release && *release <= end));
  };
  while (steady_clock::now() < end && std::any_of(links_.begin(), links_.end(), due)) pump(end);
  for (const auto& link : links_) {
    if (link) link->shut_down();
  }
}

base::Status Mesh::may_wait(std::size_t party) const {
  if (cancelled_ && cancelled_()) return base::Error{base::Code::kCancelled, "interrupted"};
  if (steady_clock::now() < deadline_) return {};
  return base::Error{base::Code::kDeadline, "gave no answer in time (it may have waited for another itself)", party};
}

// Only delayed messages need to know the time.
Time Mesh::send_time() const { return delay_.count() == 0 ? Time{} : steady_clock::now(); }

// True if there was something to read without asking the kernel whether there is.
bool Mesh::read_and_write_now() {
  bool progress = false;
  const Time now = send_time();
  for (const auto& link : links_) {
    if (!link) continue;
    if (link->has_input()) {
      link->read();
      progress = true;
    }
    const auto release = link->next_release();
    if (release && *release <= now && !link->blocked()) link->write(now);
  }
  return progress;
}

// One turn: whatever is possible now, else one wait for whatever comes first.
void Mesh::pump(Time until) {
  if (read_and_write_now()) return;
  std::array<pollfd, kMaxParties> watched{};
  for (std::size_t i = 0; i < links_.size(); ++i) {
    watched[i].fd = -1;  // an unwatched link must not wake us with a hang-up again and again
    const Link* const link = links_[i].get();
    if (link == nullptr || !link->open()) continue;
    if (link->wants_read()) watched[i].events |= POLLIN;
    if (link->blocked()) watched[i].events |= POLLOUT;
    if (watched[i].events != 0) watched[i].fd = link->fd();
    const auto release = link->next_release();
    if (release && !link->blocked()) until = std::min(until, *release);
  }
  if (!wait_for(watched.data(), links_.size(), until, cancelled_ != nullptr)) return;
  const Time now = send_time();
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (watched[i].revents == 0) continue;
    Link& link = *links_[i];
    if ((watched[i].revents & POLLOUT) != 0) link.write(now);
    if ((watched[i].revents & ~POLLOUT) != 0) link.on_readable();
  }
}

}  // namespace net
