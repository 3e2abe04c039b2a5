#include "net/dial.h"

#include <algorithm>

namespace net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kNextEndpoint{250};
constexpr int kRoundTrips = 2;  // TCP's and TLS's

}  // namespace

Dial::Dial(const TlsContext& context, pool::Peer peer, base::Bytes first, const LineOptions& options)
    : context_(context), peer_(std::move(peer)), first_(std::move(first)), options_(options) {
  now_ = steady_clock::now();
  next_start_ = now_ + kRoundTrips * 2 * milliseconds(options.one_way_delay_ms);
  if (const auto address = Address::parse(peer_.address); address.ok()) {
    lookup_.emplace(*address);
    look_up();
  } else {
    error_ = base::Error{base::Code::kUnreachable, "the peer announced an address that is none"};
  }
}

void Dial::fail(const std::string& why) {
  error_ = base::Error{base::Code::kUnreachable, peer_.address + ": " + why};
  attempts_.clear();
  endpoints_.clear();
  lookup_.reset();
}

void Dial::look_up() {
  if (!lookup_ || !lookup_->done()) return;
  auto found = lookup_->result();
  lookup_.reset();
  if (!found.ok()) return fail(found.error().message);
  endpoints_ = std::move(*found);
  std::reverse(endpoints_.begin(), endpoints_.end());  // the best is taken from the back
  start_attempts();
}

void Dial::start_attempts() {
  while (!endpoints_.empty() && now_ >= next_start_) {
    const Endpoint endpoint = endpoints_.back();
    endpoints_.pop_back();
    auto socket = begin_dial(endpoint);
    if (socket.ok()) {
      attempts_.push_back({endpoint, std::move(*socket), nullptr});
      next_start_ = now_ + kNextEndpoint;
    } else {
      reason_ = socket.error().message;
    }
  }
  if (attempts_.empty() && endpoints_.empty()) fail(reason_);
}

void Dial::watch(std::vector<pollfd>& watched) const {
  if (lookup_) watched.push_back({lookup_->fd(), POLLIN, 0});
  for (const Attempt& a : attempts_) {
    const bool out = !a.stream || a.stream->output_size() > 0;
    watched.push_back({a.fd(), static_cast<short>((a.stream ? POLLIN : 0) | (out ? POLLOUT : 0)), 0});
  }
}

Time Dial::next_event() const { return endpoints_.empty() ? Time::max() : next_start_; }

void Dial::serve(const pollfd*& ready) {
  now_ = steady_clock::now();
  const bool looked_up = lookup_.has_value();
  if (looked_up) ++ready;
  std::vector<bool> failed(attempts_.size());
  for (std::size_t i = 0; i < failed.size(); ++i, ++ready) {
    if (ready->revents != 0 && !over()) failed[i] = !advance(attempts_[i]);
  }
  if (over()) return attempts_.clear();
  std::size_t i = 0;
  const auto gone = std::erase_if(attempts_, [&](const Attempt&) { return failed[i++]; });
  if (looked_up) return look_up();
  if (gone > 0) next_start_ = std::min(next_start_, now_);
  start_attempts();
}

// False if this one will not do.
bool Dial::advance(Attempt& attempt) {
  if (!attempt.stream) {
    const int outcome = dial_outcome(attempt.socket);
    if (outcome != 0) reason_ = "cannot connect: " + system_error(outcome);
    if (outcome != 0) return false;
    attempt.stream =
        std::make_unique<TlsStream>(context_, std::move(attempt.socket), Role::kDials, std::vector{peer_.key});
  } else {
    attempt.stream->socket_readable();
  }
  const Io result = attempt.stream->handshake();
  if (result == Io::kAgain) {
    (void)attempt.stream->push();
    return true;
  }
  if (result == Io::kDone) {
    connected(attempt);
    return true;
  }
  const bool other = attempt.stream->refused_key().has_value();
  reason_ = (other ? "somebody else answers there: " : "") + attempt.stream->failure();
  return false;
}

void Dial::connected(Attempt& attempt) {
  finished_ = true;
  endpoints_.clear();
  auto link = std::make_unique<Link>(std::move(attempt.stream), std::nullopt, options_.max_message);
  line_ = std::make_unique<TlsLine>(std::move(link), peer_.key, attempt.endpoint.text(), options_);
  (void)line_->send(std::move(first_));  // what does not get through is noticed by whoever uses the line
}

}  // namespace net
