// Lines between parties in one process, the twin of net::Switchboard and net::FrontDoor: a town of addresses, each with
// a key and a door, that a test can kill, silence, slow down and listen in on. Calls run the door's handler on the
// caller's thread; the handler must return at once (hand the line to a thread or keep it), as at a real door.
// Waits are real time: give small timeouts where nobody will answer. The town outlives its lines, meshes and threads.
// Over a mesh, who comes too late is too late, as in net::Mesh: also where the message is here.
// Unlike over TCP, a send() to somebody who left fails for certain, and a mesh that nobody takes up waits for ever.
// Threads: all of it from any; set `wire` before the first call.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "pool/lines.h"

namespace support {

class MemoryTown {
  using Clock = std::chrono::steady_clock;

 public:
  using OnCall = std::function<void(std::unique_ptr<pool::Line>, base::Bytes)>;
  struct Passing {
    const pool::Peer& from;
    const pool::Peer& to;
    bool in_session;  // over a mesh, else over a line
  };
  // The man in the middle: what arrives instead of a message, in this order. Called without locks, from any thread.
  std::function<std::vector<base::Bytes>(const Passing&, base::Bytes)> wire;

  // What `self` uses to reach the others. Its address is only a name while there is no door at it.
  std::unique_ptr<pool::Lines> lines(pool::Peer self, std::function<bool()> cancelled = nullptr) {
    return std::make_unique<MemoryLines>(*this, std::move(self), std::move(cancelled));
  }
  void open_door(const pool::Peer& at, OnCall on_call) {
    const std::lock_guard lock(mutex_);
    places_[at.address].door = Door{at.key, std::make_shared<OnCall>(std::move(on_call))};
  }
  void close_door(const std::string& address) {
    const std::lock_guard lock(mutex_);
    places_[address].door.reset();
  }
  // Dead: its connections break now, and new ones are refused until revive().
  void kill(const std::string& address) {
    change(address, [](Place& p) { p.dead = true; });
  }
  // Silent: it can be connected to, and nothing that it or anybody sends over its lines arrives any more.
  void silence(const std::string& address) {
    change(address, [](Place& p) { p.silent = true; });
  }
  // Slow: what it sends takes so long, a call's first message excepted.
  void slow_down(const std::string& address, int by_ms) {
    change(address, [&](Place& p) { p.slow_ms = by_ms; });
  }
  void revive(const std::string& address) {
    change(address, [](Place& p) { p = Place{std::move(p.door), false, false, 0}; });
  }

 private:
  struct Message {
    base::Bytes bytes;
    Clock::time_point release;
  };
  struct Wire {  // a connection; side s sends to side 1 − s
    pool::Peer peers[2];
    std::deque<Message> inbox[2];
    bool left[2] = {false, false};
    bool broken = false;
  };
  struct End {
    std::shared_ptr<Wire> wire;
    std::size_t side = 0;
    const pool::Peer& peer() const { return wire->peers[1 - side]; }
  };
  struct Door {
    crypto::PublicKey key{};
    std::shared_ptr<OnCall> on_call;
  };
  struct Place {
    std::optional<Door> door;
    bool dead = false, silent = false;
    int slow_ms = 0;
  };
  using Meeting = std::tuple<crypto::Digest, crypto::PublicKey, crypto::PublicKey>;  // session, who dialled, whom

  template <class Change>
  void change(const std::string& address, Change how) {
    const std::lock_guard lock(mutex_);
    how(places_[address]);
    for (const auto& weak : wires_) {
      const auto w = weak.lock();
      if (w && places_[address].dead && (w->peers[0].address == address || w->peers[1].address == address))
        w->broken = true;
    }
    changed_.notify_all();
  }

  // mutex_ held
  base::Result<std::shared_ptr<Wire>> connect(const pool::Peer& from, const pool::Peer& to) {
    const Place& there = places_[to.address];
    if (places_[from.address].dead || there.dead || !there.door)
      return base::Error{base::Code::kUnreachable, "nobody answers at " + to.address};
    if (there.door->key != to.key) return base::Error{base::Code::kUnreachable, "somebody else is at " + to.address};
    std::erase_if(wires_, [](const auto& w) { return w.expired(); });
    auto made = std::make_shared<Wire>();
    made->peers[0] = from;
    made->peers[1] = to;
    wires_.push_back(made);
    return made;
  }

  std::vector<base::Bytes> passed(const End& end, base::Bytes message, bool in_session) {
    std::vector<base::Bytes> out;
    if (wire)
      out = wire({end.wire->peers[end.side], end.peer(), in_session}, std::move(message));
    else
      out.push_back(std::move(message));
    return out;
  }

  base::Status send(const End& end, base::Bytes message, bool in_session) {
    auto messages = passed(end, std::move(message), in_session);
    const std::lock_guard lock(mutex_);
    if (end.wire->broken || end.wire->left[1 - end.side]) return base::Error{base::Code::kUnreachable, "left"};
    deliver(end, std::move(messages));
    return {};
  }
  // mutex_ held
  void deliver(const End& end, std::vector<base::Bytes> messages) {
    const Place& here = places_[end.wire->peers[end.side].address];
    if (here.silent || places_[end.peer().address].silent) return;
    const auto release = Clock::now() + std::chrono::milliseconds(here.slow_ms);
    for (auto& m : messages) end.wire->inbox[1 - end.side].push_back({std::move(m), release});
    changed_.notify_all();
  }

  // A message, why there will be none, or nothing yet: then `until` is brought forward to when one will be. mutex_ held.
  static std::optional<base::Result<base::Bytes>> next(const End& end, std::size_t max_bytes,
                                                       Clock::time_point& until) {
    auto& inbox = end.wire->inbox[end.side];
    if (inbox.empty()) {
      if (!end.wire->broken && !end.wire->left[1 - end.side]) return std::nullopt;
      return base::Error{base::Code::kUnreachable, "left"};
    }
    if (inbox.front().release > Clock::now()) {
      until = std::min(until, inbox.front().release);
      return std::nullopt;
    }
    base::Bytes message = std::move(inbox.front().bytes);
    inbox.pop_front();
    if (message.size() > max_bytes) {
      end.wire->broken = true;
      return base::Error{base::Code::kPeerMisbehaved, "sends a message longer than this step allows"};
    }
    return message;
  }
  // Until somebody did something, but not past `until` nor for long. mutex_ held, given back meanwhile.
  void wait(std::unique_lock<std::mutex>& lock, Clock::time_point until) {
    changed_.wait_until(lock, std::min(until, Clock::now() + std::chrono::milliseconds(20)));
  }
  base::Result<base::Bytes> receive(const End& end, std::size_t max_bytes, Clock::time_point until,
                                    const std::function<bool()>& cancelled) {
    std::unique_lock lock(mutex_);
    for (;;) {
      Clock::time_point wake = until;
      if (cancelled && cancelled()) return base::Error{base::Code::kCancelled, "interrupted"};
      if (auto message = next(end, max_bytes, wake)) return std::move(*message);
      if (Clock::now() >= until) return base::Error{base::Code::kDeadline, "no message in time"};
      wait(lock, wake);
    }
  }
  void leave(const End& end) {
    const std::lock_guard lock(mutex_);
    end.wire->left[end.side] = true;
    changed_.notify_all();
  }

  class MemoryLine final : public pool::Line {
   public:
    MemoryLine(MemoryTown& town, End end, std::function<bool()> cancelled)
        : town_(town), end_(std::move(end)), cancelled_(std::move(cancelled)) {}
    ~MemoryLine() override {
      if (end_.wire) town_.leave(end_);
    }
    const crypto::PublicKey& peer() const override { return end_.peer().key; }
    std::string from() const override { return end_.peer().address; }
    base::Status send(base::Bytes message) override { return town_.send(end_, std::move(message), false); }
    base::Result<base::Bytes> receive(std::size_t max_bytes, int timeout_ms) override {
      return town_.receive(end_, max_bytes, Clock::now() + std::chrono::milliseconds(timeout_ms), cancelled_);
    }
    const End& end() const { return end_; }
    void release() { end_ = {}; }

   private:
    MemoryTown& town_;
    End end_;
    std::function<bool()> cancelled_;
  };

  class MemoryMesh final : public pool::SessionMesh {
   public:
    MemoryMesh(MemoryTown& town, std::size_t self, std::vector<End> ends, std::function<bool()> cancelled)
        : town_(town), self_(self), ends_(std::move(ends)), cancelled_(std::move(cancelled)) {
      set_deadline_ms(60'000);
    }
    ~MemoryMesh() override {
      for (std::size_t i = 0; i < ends_.size(); ++i) {
        if (i != self_) town_.leave(ends_[i]);
      }
    }
    std::size_t parties() const override { return ends_.size(); }
    std::size_t self() const override { return self_; }
    void set_deadline_ms(int from_now) override { deadline_ = Clock::now() + std::chrono::milliseconds(from_now); }
    base::Status flush() override { return {}; }
    std::uint64_t sent_bytes() const override { return sent_bytes_; }
    base::Status send(std::size_t peer, base::Bytes message) override {
      sent_bytes_ += message.size() + 4;
      if (auto sent = town_.send(ends_[peer], std::move(message), true); !sent.ok()) return named(sent.error(), peer);
      return {};
    }
    base::Result<base::Bytes> receive(std::size_t peer, std::size_t max_bytes) override {
      if (Clock::now() >= deadline_) return base::Error{base::Code::kDeadline, "no message in time", peer};
      auto message = town_.receive(ends_[peer], max_bytes, deadline_, cancelled_);
      if (!message.ok()) return named(message.error(), peer);
      return message;
    }

   private:
    static base::Error named(base::Error error, std::size_t peer) {
      if (error.code != base::Code::kCancelled) error.party = peer;
      return error;
    }
    MemoryTown& town_;
    std::size_t self_;
    std::vector<End> ends_;
    std::function<bool()> cancelled_;
    Clock::time_point deadline_;
    std::uint64_t sent_bytes_ = 0;
  };

  class MemoryLines final : public pool::Lines {
   public:
    MemoryLines(MemoryTown& town, pool::Peer self, std::function<bool()> cancelled)
        : town_(town), self_(std::move(self)), cancelled_(std::move(cancelled)) {}

    void call(std::span<const pool::Peer> peers, std::span<const base::Bytes> messages, std::size_t max_reply,
              int timeout_ms, const std::function<bool(Reply)>& on_reply) override {
      CHECK(peers.size() == messages.size());
      const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
      std::vector<std::unique_ptr<MemoryLine>> pending(peers.size());
      for (std::size_t i = 0; i < peers.size(); ++i) {
        auto line = dial(peers[i], messages[i]);
        if (line.ok())
          pending[i] = std::move(*line);
        else if (!on_reply({i, line.error(), nullptr}))
          return;
      }
      for (;;) {
        const bool over = Clock::now() >= until, cancelled = cancelled_ && cancelled_();
        bool waiting = false;
        for (std::size_t i = 0; i < peers.size(); ++i) {
          if (!pending[i]) continue;
          auto message = pending[i]->receive(max_reply, 0);
          if (!message.ok() && message.error().code == base::Code::kDeadline && !over && !cancelled) {
            waiting = true;
            continue;
          }
          auto line = std::move(pending[i]);
          if (!message.ok()) line.reset();
          if (!on_reply({i, std::move(message), std::move(line)})) return;
        }
        if (!waiting) return;
        std::unique_lock lock(town_.mutex_);
        town_.changed_.wait_until(lock, std::min(until, Clock::now() + std::chrono::milliseconds(1)));
      }
    }

    base::Result<std::unique_ptr<pool::SessionMesh>> mesh(const pool::MeshPlan& plan,
                                                          std::vector<std::unique_ptr<pool::Line>>& lines,
                                                          int timeout_ms) override {
      const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
      CHECK(plan.self < plan.parties.size() && plan.parties[plan.self].key == self_.key);
      lines.resize(plan.parties.size());
      std::vector<End> ends(plan.parties.size());
      const auto broken = [](const End& end) { return end.wire && end.wire->broken; };
      std::unique_lock lock(town_.mutex_);
      for (std::size_t i = 0; i < ends.size(); ++i) {
        if (lines[i]) {
          CHECK(i != plan.self && lines[i]->peer() == plan.parties[i].key);
          ends[i] = dynamic_cast<MemoryLine&>(*lines[i]).end();
        } else if (i < plan.self) {
          auto made = town_.connect(self_, plan.parties[i]);
          if (!made.ok()) return unwound(lock, lines, ends, {made.error().code, made.error().message, i});
          ends[i] = {*made, 0};
          // A newer connection of the same party takes the place of the one that nobody took up.
          if (!town_.places_[plan.parties[i].address].silent && !town_.places_[self_.address].silent)
            town_.meetings_[{plan.session, self_.key, plan.parties[i].key}] = *made;
        }
      }
      town_.changed_.notify_all();
      for (std::size_t i = plan.self + 1; i < ends.size(); ++i) {
        while (!ends[i].wire) {
          const auto found = town_.meetings_.find({plan.session, plan.parties[i].key, self_.key});
          if (found != town_.meetings_.end()) {
            ends[i] = {found->second, 1};
            town_.meetings_.erase(found);
          } else if (cancelled_ && cancelled_()) {
            return unwound(lock, lines, ends, {base::Code::kCancelled, "interrupted"});
          } else if (const auto gone = std::find_if(ends.begin(), ends.end(), broken); gone != ends.end()) {
            return unwound(lock, lines, ends,
                           {base::Code::kUnreachable, "left", static_cast<std::size_t>(gone - ends.begin())});
          } else if (Clock::now() >= until) {
            return unwound(lock, lines, ends, {base::Code::kUnreachable, "has not connected in time", i});
          } else {
            town_.wait(lock, until);
          }
        }
      }
      for (const auto& line : lines) {
        if (line) dynamic_cast<MemoryLine&>(*line).release();
      }
      return std::unique_ptr<pool::SessionMesh>(
          std::make_unique<MemoryMesh>(town_, plan.self, std::move(ends), cancelled_));
    }

   private:
    base::Result<std::unique_ptr<MemoryLine>> dial(const pool::Peer& to, const base::Bytes& message) {
      End end;
      std::shared_ptr<OnCall> on_call;
      {
        const std::lock_guard lock(town_.mutex_);
        TARN_ASSIGN(auto made, town_.connect(self_, to));
        end = {made, 0};
        if (!town_.places_[to.address].silent && !town_.places_[self_.address].silent)
          on_call = town_.places_[to.address].door->on_call;
      }
      auto line = std::make_unique<MemoryLine>(town_, end, cancelled_);
      auto messages = town_.passed(end, message, false);
      if (!on_call || messages.empty()) return line;
      base::Bytes first = std::move(messages.front());
      messages.erase(messages.begin());
      {
        const std::lock_guard lock(town_.mutex_);
        town_.deliver(end, std::move(messages));
      }
      (*on_call)(std::make_unique<MemoryLine>(town_, End{end.wire, 1}, nullptr), std::move(first));
      return line;
    }
    base::Error unwound(std::unique_lock<std::mutex>& lock, const std::vector<std::unique_ptr<pool::Line>>& given,
                        const std::vector<End>& ends, base::Error error) {
      lock.unlock();
      for (std::size_t i = 0; i < ends.size(); ++i) {
        if (ends[i].wire && !given[i]) town_.leave(ends[i]);
      }
      return error;
    }
    MemoryTown& town_;
    pool::Peer self_;
    std::function<bool()> cancelled_;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Place> places_;
  std::vector<std::weak_ptr<Wire>> wires_;
  std::map<Meeting, std::shared_ptr<Wire>> meetings_;
};

}  // namespace support
