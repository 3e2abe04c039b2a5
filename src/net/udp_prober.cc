#include "net/udp_prober.h"

#include <algorithm>
#include <map>
#include <optional>

#include "net/datagrams.h"
#include "net/lookup.h"
#include "net/probe_message.h"

namespace net {

namespace {

using Clock = std::chrono::steady_clock;
using discovery::ProbeAnswer;
using discovery::ProbeTarget;

constexpr std::chrono::milliseconds kSendAgain{200};
constexpr std::size_t kMaxAttempts = 16;  // a target
constexpr int kMaxForged = 4;             // answers to one nonce that do not verify

// One call of probe(): the targets still in question and the nonces on their way.
class Round {
 public:
  Round(std::span<const ProbeTarget> targets, base::Random& random, int one_way_delay_ms)
      : targets_(targets), random_(random) {
    for (const int family : {AF_INET, AF_INET6}) {
      sockets_.emplace_back(Fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), one_way_delay_ms);
    }
    for (const ProbeTarget& target : targets) {
      State& state = states_.emplace_back();
      const auto address = Address::parse(target.address);
      if (address.ok()) {
        state.lookup.emplace(*address);
      } else {
        state.over = true;
      }
    }
  }

  bool all_over() const {
    return std::all_of(states_.begin(), states_.end(), [](const State& state) { return state.over; });
  }

  // Sends what is due.
  void send() {
    const Time now = Clock::now();
    for (std::size_t i = 0; i < states_.size(); ++i) {
      State& state = states_[i];
      if (state.over) continue;
      if (state.lookup && state.lookup->done()) found(state);
      if (!state.over && !state.lookup && state.attempts < kMaxAttempts && now >= state.send_at) send_to(i);
    }
    for (Datagrams& socket : sockets_) socket.send_due();
  }

  void wait(Time end) const {
    std::vector<pollfd> watched;
    for (const Datagrams& socket : sockets_) {
      watched.push_back({socket.fd(), POLLIN, 0});
      end = std::min(end, socket.next_due());
    }
    for (const State& state : states_) {
      if (state.over) continue;
      if (state.lookup) {
        watched.push_back({state.lookup->fd(), POLLIN, 0});
      } else if (state.attempts < kMaxAttempts) {
        end = std::min(end, state.send_at);
      }
    }
    (void)wait_for(watched.data(), watched.size(), end, false);
  }

  // The answers that have arrived and verify, each target's first.
  std::vector<ProbeAnswer> receive() {
    std::vector<Datagram> arrived;  // all at once: verifying makes the next ones late
    for (Datagrams& socket : sockets_) {
      auto more = socket.receive(kProbeRequestSize);
      std::move(more.begin(), more.end(), std::back_inserter(arrived));
    }
    std::vector<ProbeAnswer> answers;
    for (const Datagram& datagram : arrived)
      if (const auto answer = accepted(datagram)) answers.push_back(*answer);
    return answers;
  }

 private:
  struct State {
    std::optional<Lookup> lookup;  // until the endpoints are known
    std::vector<Endpoint> endpoints;
    std::size_t attempts = 0;
    Time send_at{};
    bool over = false;  // answered, or cannot be
  };
  struct Sent {
    std::size_t target;
    Time at;
    int forged = 0;
  };

  static void found(State& state) {
    auto endpoints = state.lookup->result();
    state.lookup.reset();
    if (endpoints.ok()) {
      state.endpoints = std::move(*endpoints);
    } else {
      state.over = true;
    }
  }

  void send_to(std::size_t target) {
    State& state = states_[target];
    const Endpoint& endpoint = state.endpoints[state.attempts++ % state.endpoints.size()];
    ProbeNonce nonce;
    random_.fill(nonce);
    base::Bytes request = encode_probe_request(nonce);
    const Time now = Clock::now();
    state.send_at = now + kSendAgain;
    sent_.emplace(nonce, Sent{target, now});
    sockets_[endpoint.storage.ss_family == AF_INET6 ? 1 : 0].send(endpoint, std::move(request));
  }

  std::optional<ProbeAnswer> accepted(const Datagram& datagram) {
    const auto reply = ProbeReply::decode(datagram.bytes);
    if (!reply) return std::nullopt;
    const auto sent = sent_.find(reply->nonce);
    if (sent == sent_.end() || states_[sent->second.target].over) return std::nullopt;
    const std::size_t target = sent->second.target;
    if (!reply->by(targets_[target].key)) {
      if (++sent->second.forged >= kMaxForged) sent_.erase(sent);
      return std::nullopt;
    }
    states_[target].over = true;
    const double rtt_ms = std::chrono::duration<double, std::milli>(datagram.at - sent->second.at).count();
    return ProbeAnswer{target, rtt_ms, reply->coordinate};
  }

  std::span<const ProbeTarget> targets_;
  base::Random& random_;
  std::vector<Datagrams> sockets_;  // IPv4, IPv6; of a family that we lack, sends fail
  std::vector<State> states_;
  std::map<ProbeNonce, Sent> sent_;
};

}  // namespace

void UdpProber::probe(std::span<const ProbeTarget> targets, int timeout_ms,
                      const std::function<bool(const ProbeAnswer&)>& on_answer) {
  const Time end = Clock::now() + std::chrono::milliseconds(std::max(timeout_ms, 0));
  Round round(targets, random_, one_way_delay_ms_);
  while (!round.all_over() && Clock::now() < end) {
    round.send();
    round.wait(end);
    for (const ProbeAnswer& answer : round.receive())
      if (!on_answer(answer)) return;
  }
}

}  // namespace net
