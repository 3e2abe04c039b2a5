#include "net/assembly.h"

#include <algorithm>

namespace net {

using std::chrono::steady_clock;

void Assembly::add(std::size_t party, TlsLine& line) {
  places_[party].link = line.release();
  places_[party].link->set_party(party);
}

void Assembly::await(Rendezvous& rendezvous, const pool::MeshPlan& plan, std::vector<crypto::PublicKey> keys) {
  for (std::size_t i = plan.self + 1; i < places_.size(); ++i) {
    if (!places_[i].link) places_[i].awaited = plan.parties[i].key;
  }
  seat_.emplace(rendezvous, plan.session, std::move(keys));
}

base::Result<std::vector<std::unique_ptr<Link>>> Assembly::run(int timeout_ms) {
  const Time until = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    TARN_TRY(fill());
    if (std::none_of(places_.begin(), places_.end(), [](const Place& p) { return p.missing(); })) break;
    if (options_.cancelled && options_.cancelled()) return base::Error{base::Code::kCancelled, "interrupted"};
    if (steady_clock::now() >= until) return missing_error(timeout_ms);
    wait(until);
  }
  std::vector<std::unique_ptr<Link>> links;
  for (Place& place : places_) links.push_back(std::move(place.link));
  return links;
}

// Takes what has come, and fails with what will not.
base::Status Assembly::fill() {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    if (place.dial) {
      if (const auto& error = place.dial->error()) return base::Error{error->code, error->message, i};
      if (const auto line = place.dial->take()) {
        add(i, *line);
        place.dial.reset();
      }
    } else if (place.awaited) {
      place.link = seat_->take(*place.awaited);
      if (place.link) {
        place.link->set_party(i);
        place.awaited.reset();
      }
    }
    if (place.link && place.link->broken()) return place.link->error();
  }
  return {};
}

base::Error Assembly::missing_error(int timeout_ms) const {
  const auto first = std::find_if(places_.begin(), places_.end(), [](const Place& p) { return p.missing(); });
  const auto party = static_cast<std::size_t>(first - places_.begin());
  return {base::Code::kUnreachable,
          std::string(first->dial ? "does not answer" : "has not connected to us") + " within " +
              std::to_string(timeout_ms) + " ms",
          party};
}

void Assembly::wait(Time until) {
  std::vector<pollfd> watched;
  if (seat_) watched.push_back({seat_->fd(), POLLIN, 0});
  for (const Place& place : places_) {
    if (place.dial) {
      place.dial->watch(watched);
      until = std::min(until, place.dial->next_event());
    } else if (place.link && place.link->open()) {
      const short in = place.link->wants_read() ? POLLIN : 0, out = place.link->blocked() ? POLLOUT : 0;
      watched.push_back({in != 0 || out != 0 ? place.link->fd() : -1, static_cast<short>(in | out), 0});
      const auto release = place.link->next_release();
      if (release && out == 0) until = std::min(until, *release);
    }
  }
  wait_for(watched.data(), watched.size(), until, true);
  const pollfd* ready = watched.data();
  if (seat_ && (ready++)->revents != 0) seat_->woken();
  for (Place& place : places_) {
    if (place.dial) {
      place.dial->serve(ready);
    } else if (place.link && place.link->open()) {
      if ((ready->revents & ~POLLOUT) != 0) place.link->on_readable();
      if (place.link->open()) place.link->write(steady_clock::now());
      ++ready;
    }
  }
}

}  // namespace net
