#include "net/tls_line.h"

#include <algorithm>

namespace net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kCloseTime{250};

}  // namespace

TlsLine::TlsLine(std::unique_ptr<Link> link, const crypto::PublicKey& peer, std::string from,
                 const LineOptions& options)
    : link_(std::move(link)),
      peer_(peer),
      from_(std::move(from)),
      delay_(options.one_way_delay_ms),
      cancelled_(options.cancelled) {}

TlsLine::~TlsLine() {
  if (!link_) return;
  const Time end = steady_clock::now() + delay_ + kCloseTime;
  while (steady_clock::now() < end && (link_->blocked() || link_->next_release())) {
    pollfd entry{link_->fd(), static_cast<short>(link_->blocked() ? POLLOUT : 0), 0};
    wait_for(&entry, 1, std::min(end, next_release().value_or(end)), false);
    if ((entry.revents & (POLLERR | POLLHUP)) != 0) break;
    link_->write(steady_clock::now());
  }
  link_->shut_down();
}

base::Status TlsLine::send(base::Bytes message) {
  return link_->send(std::move(message), delay_.count() == 0 ? Time{} : steady_clock::now(), delay_);
}

base::Result<base::Bytes> TlsLine::receive(std::size_t max_bytes, int timeout_ms) {
  const Time until = steady_clock::now() + milliseconds(timeout_ms);
  for (bool late = false;;) {
    if (auto message = take(max_bytes)) return std::move(*message);
    if (cancelled_ && cancelled_()) return base::Error{base::Code::kCancelled, "interrupted"};
    if (late) return base::Error{base::Code::kDeadline, "gave no answer in time"};
    late = steady_clock::now() >= until;  // then one look more at what is there
    pollfd entry = watched();
    wait_for(&entry, 1, std::min(until, next_release().value_or(until)), cancelled_ != nullptr);
    serve(entry.revents);
  }
}

std::optional<base::Result<base::Bytes>> TlsLine::take(std::size_t max_bytes) {
  if (link_->has_input()) link_->read_message(max_bytes);
  if (auto message = link_->pop()) {
    if (message->size() <= max_bytes) return std::move(*message);
    link_->fail(base::Code::kPeerMisbehaved, "sends a message longer than this step allows");
  }
  if (!link_->open()) return link_->error();
  return std::nullopt;
}

pollfd TlsLine::watched() const {
  if (!link_->open()) return {-1, 0, 0};
  return {link_->fd(), static_cast<short>(POLLIN | (link_->blocked() ? POLLOUT : 0)), 0};
}

void TlsLine::serve(short events) {
  if ((events & ~POLLOUT) != 0) link_->socket_readable();
  link_->write(steady_clock::now());
}

}  // namespace net
