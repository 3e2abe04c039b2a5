#include "net/front_door.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "net/arrival.h"

namespace net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kListenerRest{100};  // after the system had no descriptor for us
constexpr int kAcceptBurst = 16;

}  // namespace

base::Result<std::unique_ptr<FrontDoor>> FrontDoor::open(const crypto::Identity& identity, FrontDoorOptions options) {
  CHECK(options.on_call && options.max_strangers > 0 && options.max_from_one_place > 0);
  TARN_ASSIGN(TlsContext context, TlsContext::create(identity));
  if (!options.listener.valid()) {
    TARN_ASSIGN(const Address address, Address::parse(options.listen));
    TARN_ASSIGN(options.listener, bind_at(address));
  }
  TARN_TRY(start_listening(options.listener));
  TARN_ASSIGN(const Endpoint at, local_endpoint(options.listener));
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return base::Error{base::Code::kInvalidInput, "cannot make an eventfd: " + system_error(errno)};
  return std::unique_ptr<FrontDoor>(new FrontDoor(std::move(context), std::move(options), at, std::move(wake)));
}

FrontDoor::FrontDoor(TlsContext context, FrontDoorOptions options, const Endpoint& at, Fd wake)
    : context_(std::move(context)), options_(std::move(options)), at_(at), wake_(std::move(wake)) {}

void FrontDoor::run(const std::stop_token& stop) {
  const std::stop_callback waker(stop, [this] {
    const std::uint64_t one = 1;
    (void)!write(wake_.get(), &one, sizeof one);
  });
  while (!stop.stop_requested()) {
    now_ = steady_clock::now();
    std::erase_if(strangers_, [&](const Stranger& s) { return now_ >= s.limit; });
    Time next = rendezvous_.drop_late(now_);
    for (const Stranger& s : strangers_) next = std::min(next, s.limit);
    if (now_ < accept_again_) next = std::min(next, accept_again_);
    serve(next);
  }
  options_.listener.reset();
  strangers_.clear();
  rendezvous_.close();
}

// One poll over all, and a step for each that is ready.
void FrontDoor::serve(Time until) {
  std::vector<pollfd> watched{{wake_.get(), POLLIN, 0}};
  watched.push_back({now_ >= accept_again_ ? options_.listener.get() : -1, POLLIN, 0});
  for (const Stranger& s : strangers_) {
    const bool unsent = s.stream && s.stream->output_size() > 0;
    watched.push_back({s.fd(), static_cast<short>(POLLIN | (unsent ? POLLOUT : 0)), 0});
  }
  if (!wait_for(watched.data(), watched.size(), until, false)) return;
  now_ = steady_clock::now();
  std::vector<bool> done(strangers_.size());
  for (std::size_t i = 0; i < strangers_.size(); ++i) done[i] = watched[2 + i].revents != 0 && advance(strangers_[i]);
  std::size_t i = 0;
  std::erase_if(strangers_, [&](const Stranger&) { return done[i++]; });
  if (watched[1].revents != 0) accept();
}

void FrontDoor::accept() {
  for (int i = 0; i < kAcceptBurst; ++i) {
    Endpoint from;
    int failure = 0;
    Fd socket = accept_one(options_.listener, from, failure);
    if (!socket.valid()) {
      if (failure != EAGAIN && failure != EWOULDBLOCK && failure != ECONNABORTED) accept_again_ = now_ + kListenerRest;
      return;
    }
    make_place(from);
    strangers_.push_back({std::make_unique<TlsStream>(context_, std::move(socket), Role::kListens, AnyKey{}),
                          nullptr,
                          {},
                          from,
                          now_ + milliseconds(options_.stranger_ms)});
  }
}

void FrontDoor::make_place(const Endpoint& from) {
  const auto near = [place = from.neighbourhood()](const Stranger& s) { return s.from.neighbourhood() == place; };
  const auto neighbours = std::count_if(strangers_.begin(), strangers_.end(), near);
  if (static_cast<std::size_t>(neighbours) >= options_.max_from_one_place) {
    strangers_.erase(std::find_if(strangers_.begin(), strangers_.end(), near));
  } else if (strangers_.size() >= options_.max_strangers) {
    strangers_.erase(strangers_.begin());
  }
}

// True once it is no stranger any more: dropped, or let in.
bool FrontDoor::advance(Stranger& stranger) {
  if (stranger.stream) {
    stranger.stream->socket_readable();
    const Io result = stranger.stream->handshake();
    if (result == Io::kAgain) return stranger.stream->push() == Io::kBroken;
    if (result != Io::kDone) return true;
    stranger.key = *stranger.stream->peer_key();
    stranger.link = std::make_unique<Link>(std::move(stranger.stream), std::nullopt, options_.lines.max_message);
  }
  stranger.link->socket_readable();
  stranger.link->read_message(kMaxArrival);
  const auto message = stranger.link->pop();
  if (message) admit(stranger, *message);
  return message.has_value() || !stranger.link->open();
}

void FrontDoor::admit(Stranger& stranger, const base::Bytes& message) {
  auto arrival = decode_arrival(message);
  if (!arrival) return;
  if (const auto* const join = std::get_if<JoinArrival>(&*arrival)) {
    return rendezvous_.arrive(join->session, stranger.key, std::move(stranger.link),
                              now_ + milliseconds(options_.join_ms));
  }
  auto line = std::make_unique<TlsLine>(std::move(stranger.link), stranger.key, stranger.from.text(), options_.lines);
  options_.on_call(std::move(line), std::move(std::get<CallArrival>(*arrival).rest));
}

}  // namespace net
