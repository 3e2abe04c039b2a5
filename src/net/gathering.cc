#include "net/gathering.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kHandshakeTime{5000};
constexpr milliseconds kResolveAgain{10'000};
constexpr milliseconds kFirstBackOff{10};
constexpr milliseconds kLastBackOff{400};
constexpr milliseconds kQuiet{250};
constexpr milliseconds kReportEvery{2000};
constexpr milliseconds kListenerRest{100};  // after the system had no descriptor for us
constexpr std::size_t kMaxStrangers = 32;
constexpr int kAcceptBurst = 16;

constexpr std::uint8_t kVersion = 1;
enum Greeting : std::uint8_t { kWelcome = 0, kAlreadyHere = 1 };

std::string organisation(const crypto::PublicKey& key) { return "org_" + base::to_hex(key); }

}  // namespace

int Gathering::Dial::fd() const { return link ? link->fd() : stream ? stream->fd() : socket.get(); }

Gathering::Gathering(const TlsContext& context, MeshOptions options, const OnMissing& on_missing)
    : context_(context), options_(std::move(options)), on_missing_(on_missing), self_(options_.self) {
  links_.resize(options_.parties.size());
  reasons_.assign(options_.parties.size(), "has not connected to us yet");
  dials_.resize(self_);
  for (std::size_t i = 0; i < self_; ++i) reasons_[i] = "not tried yet";
  for (std::size_t i = self_ + 1; i < options_.parties.size(); ++i) expected_.push_back(options_.parties[i].key);
}

base::Result<std::vector<std::unique_ptr<Link>>> Gathering::run(int wait_ms) {
  now_ = steady_clock::now();
  end_ = now_ + milliseconds(wait_ms);
  report_from_ = now_ + kQuiet;
  TARN_TRY(prepare());
  for (;;) {
    now_ = steady_clock::now();
    drop_late();
    start_dials();
    if (complete()) return std::move(links_);
    if (options_.cancelled && options_.cancelled()) return base::Error{base::Code::kCancelled, "cancelled"};
    if (now_ >= end_) return missing_error(wait_ms);
    report();
    wait();
  }
}

base::Status Gathering::prepare() {
  for (std::size_t i = 0; i < self_; ++i) {
    auto address = Address::parse(options_.parties[i].address);
    if (!address.ok()) return base::Error{address.error().code, address.error().message, i};
    dials_[i].address = std::move(*address);
    dials_[i].back_off = kFirstBackOff;
  }
  return expected_.empty() ? base::Status{} : open_listener();
}

base::Status Gathering::open_listener() {
  listener_ = std::move(options_.listener);
  if (!listener_.valid()) {
    const std::string& text = options_.listen.empty() ? options_.parties[self_].address : options_.listen;
    TARN_ASSIGN(const Address address, Address::parse(text));
    TARN_ASSIGN(listener_, bind_at(address));
  }
  return start_listening(listener_);
}

bool Gathering::complete() const {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (i != self_ && !links_[i]) return false;
  }
  return true;
}

void Gathering::drop_late() {
  for (std::size_t i = 0; i < self_; ++i) {
    if (!dials_[i].active() || now_ < dials_[i].limit) continue;
    dial_failed(i, dials_[i].address.text() + " does not answer");
  }
  std::erase_if(strangers_, [&](const Stranger& s) { return now_ >= s.limit; });
}

void Gathering::start_dials() {
  for (std::size_t i = 0; i < self_; ++i) {
    if (!links_[i] && !dials_[i].active() && now_ >= dials_[i].next_attempt) start_dial(i);
  }
}

void Gathering::start_dial(std::size_t party) {
  Dial& dial = dials_[party];
  // Ask the resolver again now and then: the answer may have changed, or it may have failed.
  if (dial.attempts == 0 || now_ >= dial.resolved + kResolveAgain) {
    auto endpoints = resolve(dial.address);
    now_ = dial.resolved = steady_clock::now();
    if (endpoints.ok())
      dial.endpoints = std::move(*endpoints);
    else
      reasons_[party] = endpoints.error().message;
  }
  if (dial.attempts == 0 && !dial.endpoints.empty()) reasons_[party] = "no answer yet from " + dial.address.text();
  const std::size_t attempt = dial.attempts++;
  if (dial.endpoints.empty()) {
    dial.next_attempt = dial.resolved + kResolveAgain;
    return;
  }
  dial.limit = now_ + kHandshakeTime;
  auto socket = begin_dial(dial.endpoints[attempt % dial.endpoints.size()]);
  if (!socket.ok()) return dial_failed(party, socket.error().message);
  dial.socket = std::move(*socket);
}

void Gathering::dial_failed(std::size_t party, const std::string& reason) {
  Dial& dial = dials_[party];
  reasons_[party] = reason;
  dial.link.reset();
  dial.stream.reset();
  dial.socket.reset();
  dial.next_attempt = now_ + dial.back_off;
  dial.back_off = std::min(2 * dial.back_off, kLastBackOff);
}

// The socket of this attempt is ready for its next step.
void Gathering::advance_dial(std::size_t party) {
  Dial& dial = dials_[party];
  const std::string where = dial.address.text();
  if (dial.socket.valid()) {
    const int outcome = dial_outcome(dial.socket);
    if (outcome != 0) return dial_failed(party, "cannot connect to " + where + ": " + system_error(outcome));
    dial.stream = std::make_unique<TlsStream>(context_, std::move(dial.socket), Role::kDials,
                                              std::vector{options_.parties[party].key});
  } else if (dial.stream) {
    dial.stream->socket_readable();
  } else {
    dial.link->on_readable();
  }
  if (dial.stream) {
    const Io result = dial.stream->handshake();
    if (result == Io::kAgain) return void(dial.stream->push());
    if (result != Io::kDone) {
      const bool impostor = dial.stream->refused_key().has_value();
      const std::string claim = impostor ? " is not " + organisation(options_.parties[party].key) + ": " : " ";
      return dial_failed(party, where + claim + dial.stream->failure());
    }
    dial.link = std::make_unique<Link>(std::move(dial.stream), party, options_.max_message);
    dial.link->read();
  }
  read_greeting(party);
}

void Gathering::read_greeting(std::size_t party) {
  Dial& dial = dials_[party];
  const auto greeting = dial.link->pop();
  if (!greeting && dial.link->open()) return;
  const std::string where = dial.address.text();
  if (!greeting) return dial_failed(party, where + " did not let us in: " + dial.link->error().message);
  if (greeting->size() != 2 || (*greeting)[0] != kVersion) {
    return dial_failed(party, where + " speaks another version of this protocol");
  }
  if ((*greeting)[1] == kAlreadyHere) {
    return dial_failed(party, where + " already has a connection that presented our key");
  }
  if ((*greeting)[1] != kWelcome) return dial_failed(party, where + " turned us away");
  if (dial.link->broken()) return dial_failed(party, dial.link->error().message);
  dial.back_off = kFirstBackOff;
  links_[party] = std::move(dial.link);
}

void Gathering::accept_strangers() {
  for (int i = 0; i < kAcceptBurst; ++i) {
    Endpoint from;
    int failure = 0;
    Fd socket = accept_one(listener_, from, failure);
    if (!socket.valid()) {
      if (failure != EAGAIN && failure != EWOULDBLOCK && failure != ECONNABORTED) listen_again_ = now_ + kListenerRest;
      return;
    }
    if (strangers_.size() >= kMaxStrangers) strangers_.erase(strangers_.begin());
    strangers_.push_back({std::make_unique<TlsStream>(context_, std::move(socket), Role::kListens, expected_),
                          from.text(), now_ + kHandshakeTime});
  }
}

void Gathering::advance_stranger(Stranger& stranger) {
  stranger.stream->socket_readable();
  const Io result = stranger.stream->handshake();
  if (result == Io::kAgain) return void(stranger.stream->push());
  if (result == Io::kDone) return admit(std::move(stranger.stream));
  last_stranger_ = stranger.from + " " + stranger.stream->failure();
  stranger.stream.reset();
}

void Gathering::admit(std::unique_ptr<TlsStream> stream) {
  std::size_t party = self_ + 1;
  while (options_.parties[party].key != *stream->peer_key()) ++party;  // the handshake let only these in
  std::unique_ptr<Link>& place = links_[party];
  if (place) place->on_readable();  // notice a broken one now, or its successor would be turned away
  const bool taken = place && place->open();
  auto link = std::make_unique<Link>(std::move(stream), party, options_.max_message);
  const auto greeted = link->send({kVersion, taken ? kAlreadyHere : kWelcome}, Time{}, milliseconds(0));
  if (taken) return link->shut_down();
  if (greeted.ok() && link->open())
    place = std::move(link);
  else
    place.reset();
}

void Gathering::serve_link(std::size_t party, short events) {
  Link& link = *links_[party];
  if ((events & POLLOUT) != 0) link.write(Time{});
  if ((events & ~POLLOUT) != 0) link.on_readable();
  if (!link.broken()) return;
  const std::string reason = link.error().message;
  links_[party].reset();
  if (party < self_)
    dial_failed(party, reason);
  else
    reasons_[party] = reason;
}

// One poll over the listener, the attempts, the links and the strangers, in this order; a step for each that is ready.
void Gathering::wait() {
  std::vector<pollfd> watched;
  const auto watch = [&](int fd, bool in, bool out) {
    watched.push_back({fd, static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0)), 0});
  };
  watch(now_ >= listen_again_ ? listener_.get() : -1, true, false);
  for (const Dial& dial : dials_) {
    const bool unsent = dial.stream ? dial.stream->output_size() > 0 : dial.socket.valid();
    watch(dial.active() ? dial.fd() : -1, !dial.socket.valid(), unsent || (dial.link && dial.link->blocked()));
  }
  for (const auto& link : links_) {
    const bool in = link && link->wants_read(), out = link && link->blocked();
    watch(in || out ? link->fd() : -1, in, out);
  }
  for (const Stranger& s : strangers_) watch(s.stream->fd(), true, s.stream->output_size() > 0);
  if (!wait_for(watched.data(), watched.size(), next_event(), options_.cancelled != nullptr)) return;
  now_ = steady_clock::now();
  const pollfd* ready = watched.data() + 1;
  for (std::size_t i = 0; i < dials_.size(); ++i, ++ready) {
    if (ready->revents == 0) continue;
    if (dials_[i].link && (ready->revents & POLLOUT) != 0) dials_[i].link->write(Time{});
    advance_dial(i);
  }
  for (std::size_t i = 0; i < links_.size(); ++i, ++ready) {
    // A dial that was admitted just now has a link that was not watched: its entry is empty.
    if (ready->revents != 0 && links_[i]) serve_link(i, ready->revents);
  }
  for (Stranger& stranger : strangers_) {
    if ((ready++)->revents != 0) advance_stranger(stranger);
  }
  std::erase_if(strangers_, [](const Stranger& s) { return !s.stream; });
  if (watched[0].revents != 0) accept_strangers();
}

Time Gathering::next_event() const {
  Time next = end_;
  for (std::size_t i = 0; i < self_; ++i) {
    if (links_[i]) continue;
    next = std::min(next, dials_[i].active() ? dials_[i].limit : dials_[i].next_attempt);
  }
  for (const Stranger& s : strangers_) next = std::min(next, s.limit);
  if (now_ < listen_again_) next = std::min(next, listen_again_);
  return on_missing_ ? std::min(next, std::max(report_from_, last_report_ + kReportEvery)) : next;
}

std::vector<MissingParty> Gathering::missing() const {
  std::vector<MissingParty> list;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (i == self_ || links_[i]) continue;
    std::string reason = reasons_[i];
    if (i > self_ && !last_stranger_.empty()) reason += "; refused: " + last_stranger_;
    list.push_back({i, std::move(reason)});
  }
  return list;
}

void Gathering::report() {
  if (!on_missing_ || now_ < report_from_) return;
  std::vector<std::size_t> parties;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (i != self_ && !links_[i]) parties.push_back(i);
  }
  if (parties == reported_ && now_ < last_report_ + kReportEvery) return;
  reported_ = std::move(parties);
  last_report_ = now_;
  on_missing_(missing());
}

base::Error Gathering::missing_error(int wait_ms) const {
  const auto list = missing();
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f s", wait_ms / 1000.0);
  std::string text = "not connected to everybody within " + std::string(seconds);
  for (const MissingParty& m : list) text += "; party " + std::to_string(m.party) + ": " + m.reason;
  return {base::Code::kUnreachable, text, list.front().party};
}

}  // namespace net
