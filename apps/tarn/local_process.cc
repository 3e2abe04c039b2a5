#include "tarn/local_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace tarn {
namespace {

[[noreturn]] void become(const std::vector<std::string>& arguments, const Descriptors& descriptors, pid_t parent) {
  // Our own handlers would only take a note, which exec() forgets.
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(128 + SIGTERM);  // it ended before that
  if (::dup2(descriptors.output, STDOUT_FILENO) < 0 || ::dup2(descriptors.errors, STDERR_FILENO) < 0) ::_exit(126);
  if (descriptors.listener >= 0 && ::dup2(descriptors.listener, kListenFd) < 0) ::_exit(126);
  if (descriptors.listener == kListenFd) ::fcntl(kListenFd, F_SETFD, 0);
  std::string program = "tarn";
  std::vector<char*> argv{program.data()};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  ::execv("/proc/self/exe", argv.data());
  ::_exit(127);
}

ProcessEnd end_of(int status, const rusage& usage) {
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), ms(usage.ru_utime) + ms(usage.ru_stime),
          static_cast<double>(usage.ru_maxrss) / 1024};
}

}  // namespace

base::Result<TemporaryDirectory> TemporaryDirectory::make() {
  TemporaryDirectory out;
  std::error_code failed;
  std::string name = (std::filesystem::temp_directory_path(failed) / "tarn-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return system_error(name);
  out.path_ = name;
  return out;
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, "")) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

base::Result<pid_t> spawn(const std::vector<std::string>& arguments, const Descriptors& descriptors) {
  const pid_t parent = ::getpid(), process = ::fork();
  if (process < 0) return system_error("a process");
  if (process == 0) become(arguments, descriptors, parent);
  return process;
}

ProcessEnd reap(pid_t process) {
  int status = 0;
  rusage usage{};
  while (::wait4(process, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  return end_of(status, usage);
}

std::optional<ProcessEnd> reap_if_ended(pid_t process) {
  int status = 0;
  rusage usage{};
  if (::wait4(process, &status, WNOHANG, &usage) != process) return std::nullopt;
  return end_of(status, usage);
}

base::Error system_error(const std::string& what) {
  return {base::Code::kStorage, what + ": " + std::generic_category().message(errno)};
}

std::string read_all(const std::string& file) {
  const std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();  // unlike an iterator over it, no exception for what opens and cannot be read
  return std::move(out).str();
}

std::string toml_text(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace tarn
