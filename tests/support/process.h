// Process: a program that a test starts, and what it says. It runs in a process group of its own, so that nothing of it
// outlives the test; what it writes is collected whenever the test waits for something.
// Threads: use from the one that started it (the child dies with that thread).
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace support {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

inline constexpr milliseconds kPatience{60'000};  // longer than any busy machine needs

// Until `holds`, or not in time. For events that can only be looked at.
inline bool eventually(const std::function<bool()>& holds, milliseconds patience = kPatience) {
  const auto end = steady_clock::now() + patience;
  while (!holds()) {
    if (steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct ProcessOptions {
  std::string directory = {};                     // to start in; empty: ours
  std::map<std::string, std::string> added = {};  // to the environment
  int inherited = -1;                             // becomes the child's descriptor 3
  int terminal = -1;  // becomes its stdin and stdout, and the terminal of a session of its own; stdout is not collected
};

class Process {
 public:
  // Returns when the program has begun; a program that cannot be started ends with code 127.
  explicit Process(std::vector<std::string> arguments, const ProcessOptions& options = {}) {
    std::array<int, 2> out{}, err{}, begun{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0 ||
        ::pipe2(begun.data(), O_CLOEXEC) != 0)
      std::abort();
    const Descriptor out_end(out[1]), err_end(err[1]), wait_for_exec(begun[0]);
    Descriptor begun_end(begun[1]);
    out_.from = Descriptor(out[0]);
    err_.from = Descriptor(err[0]);
    for (Stream* stream : {&out_, &err_}) ::fcntl(stream->from.get(), F_SETFL, O_NONBLOCK);
    pid_ = ::fork();
    if (pid_ < 0) std::abort();
    if (pid_ == 0) become(arguments, options, out[1], err[1], begun[1]);
    if (options.terminal < 0) ::setpgid(pid_, pid_);
    begun_end.close();
    char none = 0;
    while (::read(wait_for_exec.get(), &none, 1) < 0 && errno == EINTR) {
    }
    handle_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  }
  ~Process() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    if (status_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Process(Process&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)),
        handle_(std::move(other.handle_)),
        out_(std::move(other.out_)),
        err_(std::move(other.err_)),
        status_(other.status_) {}
  Process& operator=(Process&&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const {
    if (!status_) ::kill(pid_, signal);
  }
  void send_to_group(int signal) const { ::kill(-pid_, signal); }  // as a terminal does for Ctrl-C

  // The exit code, or 128 and the signal that ended it; nothing if it is still running then.
  std::optional<int> wait(milliseconds patience = kPatience) {
    const auto end = steady_clock::now() + patience;
    while (!status_ && turn(end)) {
    }
    if (!status_) return std::nullopt;
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : 128 + WTERMSIG(*status_);
  }
  bool ended_by_signal() const { return status_ && WIFSIGNALED(*status_); }
  // Whether stderr holds the text in time; a process that has ended says no more.
  bool says(const std::string& text, milliseconds patience = kPatience) {
    const auto end = steady_clock::now() + patience;
    while (err_.text.find(text) == std::string::npos && !status_ && turn(end)) {
    }
    return err_.text.find(text) != std::string::npos;
  }
  const std::string& out() const { return out_.text; }
  const std::string& err() const { return err_.text; }

 private:
  struct Stream {
    Descriptor from;
    std::string text;
    void read() {
      std::array<char, 16384> buffer{};
      for (;;) {
        const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
        if (got > 0) {
          text.append(buffer.data(), static_cast<std::size_t>(got));
          continue;
        }
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) from.close();
        return;
      }
    }
  };

  [[noreturn]] static void become(const std::vector<std::string>& arguments, const ProcessOptions& options, int out,
                                  int err, int begun) {
    if (options.terminal < 0)
      ::setpgid(0, 0);
    else if (::setsid() < 0 || ::ioctl(options.terminal, TIOCSCTTY, 0) != 0)
      ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Where a pipe's end has number 3 it must not be lost to what is inherited there.
    const int safe_begun = ::fcntl(begun, F_DUPFD_CLOEXEC, 10);
    ::close(begun);
    const int none = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int in = options.terminal < 0 ? none : options.terminal, to = options.terminal < 0 ? out : options.terminal;
    if (safe_begun < 0 || ::dup2(in, 0) < 0 || ::dup2(to, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(126);
    if (options.inherited >= 0) {
      if (options.inherited == 3)
        ::fcntl(3, F_SETFD, 0);
      else if (::dup2(options.inherited, 3) < 0)
        ::_exit(126);
    }
    if (!options.directory.empty() && ::chdir(options.directory.c_str()) != 0) ::_exit(126);
    for (const auto& [name, value] : options.added) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv;
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  // One wait for whatever comes first; false once the time is over.
  bool turn(steady_clock::time_point end) {
    const auto rest = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    std::array<pollfd, 3> watched{
        {{out_.from.get(), POLLIN, 0}, {err_.from.get(), POLLIN, 0}, {handle_.get(), POLLIN, 0}}};
    (void)::poll(watched.data(), watched.size(), static_cast<int>(std::max<milliseconds::rep>(rest.count(), 0)));
    if (watched[0].revents != 0) out_.read();
    if (watched[1].revents != 0) err_.read();
    int status = 0;
    if (watched[2].revents != 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
      for (Stream* stream : {&out_, &err_})
        if (stream->from.valid()) stream->read();
      status_ = status;
      return true;
    }
    return steady_clock::now() < end;
  }

  pid_t pid_ = -1;
  Descriptor handle_;
  Stream out_, err_;
  std::optional<int> status_;
};

}  // namespace support
