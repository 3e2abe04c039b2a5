// ControlSocket: how a command asks the process that has its files open, on the same machine and of the same user: a
// Unix socket beside those files, for whoever may read them (mode 0600). A connection is one question and one answer,
// each after its length in four bytes, little-endian. What they mean is the caller's.
// One connection at a time: whoever is slow holds the next one up, for kQuestionMs and kAnswerMs at most.
// Threads: open() anywhere, run() once on a thread of its own, stop from any; `answer` is called on that thread.
// Errors: kStorage (the socket cannot be made or reached), kDeadline, kPeerMisbehaved (what comes is no answer).
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "net/socket.h"

namespace net {

class ControlSocket {
 public:
  static constexpr std::size_t kMaxQuestion = 64 * 1024, kMaxAnswer = 4 * 1024 * 1024;
  static constexpr int kQuestionMs = 2'000, kAnswerMs = 2'000;
  using Answer = std::function<base::Bytes(const base::Bytes& question)>;

  // Takes the place of a socket that a process left which was killed; so only who has locked what lies beside it may.
  static base::Result<ControlSocket> open(const std::string& path);
  ControlSocket(ControlSocket&&) noexcept = default;
  ControlSocket& operator=(ControlSocket&&) = delete;
  ~ControlSocket();

  void run(const std::stop_token& stop, const Answer& answer);

  // Nothing: nobody listens there.
  static base::Result<std::optional<base::Bytes>> ask(const std::string& path, base::ByteView question, int timeout_ms);

 private:
  ControlSocket(Fd listener, std::string path) : listener_(std::move(listener)), path_(std::move(path)) {}

  Fd listener_;
  std::string path_;
};

}  // namespace net
