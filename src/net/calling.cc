#include "net/calling.h"

#include <algorithm>

#include "net/arrival.h"

namespace net {

using std::chrono::steady_clock;

void Calling::dial(const pool::Peer& peer, base::ByteView message) {
  conversations_.push_back({std::make_unique<Dial>(context_, peer, encode_call(message), options_), nullptr});
  ++open_;
}

void Calling::run(int timeout_ms) {
  const Time until = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (hand_out() && open_ > 0) {
    if (options_.cancelled && options_.cancelled()) return end({base::Code::kCancelled, "interrupted"});
    if (steady_clock::now() >= until) return end({base::Code::kDeadline, "gave no answer in time"});
    wait(until);
  }
}

std::optional<base::Result<base::Bytes>> Calling::news(Conversation& c) const {
  if (c.dial) {
    if (c.dial->error()) return *c.dial->error();
    c.line = c.dial->take();
    if (c.line) c.dial.reset();
  }
  return c.line ? c.line->take(max_reply_) : std::nullopt;
}

// False if the caller has enough.
bool Calling::hand_out() {
  for (std::size_t i = 0; i < conversations_.size(); ++i) {
    auto message = news(conversations_[i]);
    if (!message) continue;
    auto line = std::move(conversations_[i].line);
    conversations_[i] = {};
    --open_;
    if (!message->ok()) line.reset();
    if (!on_reply_({i, std::move(*message), std::move(line)})) return false;
  }
  return true;
}

void Calling::end(const base::Error& error) {
  for (std::size_t i = 0; i < conversations_.size(); ++i) {
    if (!conversations_[i].dial && !conversations_[i].line) continue;
    conversations_[i] = {};
    if (!on_reply_({i, error, nullptr})) return;
  }
}

void Calling::wait(Time until) {
  std::vector<pollfd> watched;
  for (const Conversation& c : conversations_) {
    if (c.dial) {
      c.dial->watch(watched);
      until = std::min(until, c.dial->next_event());
    } else if (c.line) {
      watched.push_back(c.line->watched());
      until = std::min(until, c.line->next_release().value_or(until));
    }
  }
  wait_for(watched.data(), watched.size(), until, options_.cancelled != nullptr);
  const pollfd* ready = watched.data();
  for (Conversation& c : conversations_) {
    if (c.dial)
      c.dial->serve(ready);
    else if (c.line)
      c.line->serve((ready++)->revents);
  }
}

}  // namespace net
