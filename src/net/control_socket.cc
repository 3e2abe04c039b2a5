#include "net/control_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

namespace net {
namespace {

constexpr std::chrono::milliseconds kRest{100};
constexpr std::size_t kLengthBytes = 4;

Time in_ms(int ms) { return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms); }

base::Error failed(const std::string& path, int number) {
  return {base::Code::kStorage, path + ": " + system_error(number)};
}
base::Error too_slow() { return {base::Code::kDeadline, "the process that runs does not answer in time"}; }
base::Error no_answer() { return {base::Code::kPeerMisbehaved, "the process that runs gave no answer"}; }

// The address of a path, however long: one that does not fit is named by its directory's descriptor.
struct Place {
  sockaddr_un address{};
  Fd directory;

  static base::Result<Place> at(const std::string& path) {
    Place out;
    out.address.sun_family = AF_UNIX;
    std::string name = path;
    if (name.size() >= sizeof out.address.sun_path) {
      const std::filesystem::path whole(path);
      out.directory = Fd(::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!out.directory.valid()) return failed(path, errno);
      name = "/proc/self/fd/" + std::to_string(out.directory.get()) + "/" + whole.filename().string();
    }
    if (name.size() >= sizeof out.address.sun_path) return failed(path, ENAMETOOLONG);
    std::copy(name.begin(), name.end(), out.address.sun_path);
    return out;
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// All of the bytes, or false: too late, or the other side has gone.
bool send_all(const Fd& socket, base::ByteView bytes, Time until) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd writable{socket.get(), POLLOUT, 0};
      if (!wait_for(&writable, 1, until, false)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool receive_all(const Fd& socket, std::span<std::uint8_t> bytes, Time until) {
  while (!bytes.empty()) {
    const ssize_t got = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    } else if (got < 0 && errno == EAGAIN) {
      pollfd readable{socket.get(), POLLIN, 0};
      if (!wait_for(&readable, 1, until, false)) return false;
    } else if (got == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool send_message(const Fd& socket, base::ByteView message, Time until) {
  std::array<std::uint8_t, kLengthBytes> length{};
  for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<std::uint8_t>(message.size() >> (8 * i));
  return send_all(socket, length, until) && send_all(socket, message, until);
}

std::optional<base::Bytes> receive_message(const Fd& socket, std::size_t most, Time until) {
  std::array<std::uint8_t, kLengthBytes> length{};
  if (!receive_all(socket, length, until)) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < length.size(); ++i) size |= std::size_t{length[i]} << (8 * i);
  if (size > most) return std::nullopt;
  base::Bytes out(size);
  if (!receive_all(socket, out, until)) return std::nullopt;
  return out;
}

Fd make_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

}  // namespace

base::Result<ControlSocket> ControlSocket::open(const std::string& path) {
  TARN_ASSIGN(const Place place, Place::at(path));
  Fd listener = make_socket();
  if (!listener.valid()) return failed(path, errno);
  struct stat there{};
  if (::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) ::unlink(path.c_str());
  if (::bind(listener.get(), place.get(), sizeof place.address) != 0) return failed(path, errno);
  ControlSocket out(std::move(listener), path);  // from here on it is taken away again
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return failed(path, errno);
  TARN_TRY(start_listening(out.listener_));
  return out;
}

ControlSocket::~ControlSocket() {
  if (listener_.valid()) ::unlink(path_.c_str());
}

void ControlSocket::run(const std::stop_token& stop, const Answer& answer) {
  while (!stop.stop_requested()) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (!wait_for(&waiting, 1, std::chrono::steady_clock::now() + kRest, true)) continue;
    const Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.valid()) {  // who has left already; or there are no descriptors, which waiting may mend
      if (errno == EMFILE || errno == ENFILE)
        (void)wait_for(nullptr, 0, std::chrono::steady_clock::now() + kRest, true);
      continue;
    }
    const auto question = receive_message(socket, kMaxQuestion, in_ms(kQuestionMs));
    if (question) (void)send_message(socket, answer(*question), in_ms(kAnswerMs));
  }
}

base::Result<std::optional<base::Bytes>> ControlSocket::ask(const std::string& path, base::ByteView question,
                                                            int timeout_ms) {
  const Time until = in_ms(timeout_ms);
  TARN_ASSIGN(const Place place, Place::at(path));
  const Fd socket = make_socket();
  if (!socket.valid()) return failed(path, errno);
  // A full queue of those who ask is EAGAIN on a Unix socket, and nothing to poll for.
  while (::connect(socket.get(), place.get(), sizeof place.address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<base::Bytes>();
    if (errno != EAGAIN && errno != EINTR) return failed(path, errno);
    if (std::chrono::steady_clock::now() >= until) return too_slow();
    (void)wait_for(nullptr, 0, std::min(until, std::chrono::steady_clock::now() + kRest), true);
  }
  if (!send_message(socket, question, until)) return no_answer();
  auto answer = receive_message(socket, kMaxAnswer, until);
  if (answer) return answer;
  if (std::chrono::steady_clock::now() >= until) return too_slow();
  return no_answer();
}

}  // namespace net
