#include "tarn/lab_tools.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/check.h"
#include "net/socket.h"
#include "tarn/local_process.h"
#include "tarn/signals.h"

namespace tarn::lab {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kNamespaces = "/run/netns";
constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t kLongestOutput = 64 << 10;

std::string name_of(const Command& command) { return fs::path(command.arguments.front()).filename().string(); }

int open_netns(const std::string& name) {
  return ::open((std::string(kNamespaces) + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
}

// In the child: it ends when the parent does, also if that was just now.
void go_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
}

// In the child; everything that it needs was made before the fork.
[[noreturn]] void become(const Command& command, int input, int output, int netns) {
  if ((netns >= 0 && ::setns(netns, CLONE_NEWNET) != 0) || ::dup2(input, STDIN_FILENO) < 0 ||
      ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0)
    ::_exit(126);
  // NOLINTBEGIN(concurrency-mt-unsafe): a child has one thread
  ::setenv("PATH", kPath, 1);
  for (const auto& [name, value] : command.environment) ::setenv(name.c_str(), value.c_str(), 1);
  // NOLINTEND(concurrency-mt-unsafe)
  std::vector<char*> argv;
  for (const std::string& a : command.arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  ::_exit(127);
}

net::Fd memory_file(const std::string& text) {
  net::Fd out(::memfd_create("tarn", MFD_CLOEXEC));
  std::size_t done = 0;
  while (out.valid() && done < text.size()) {
    const auto n = ::pwrite(out.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n <= 0) return {};
    done += static_cast<std::size_t>(n);
  }
  return out;
}

std::string contents(int file) {
  std::string out(kLongestOutput, '\0');
  const auto n = ::pread(file, out.data(), out.size(), 0);
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return out;
}

std::string last_words(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  constexpr std::size_t kMost = 400;
  return text.size() > kMost ? "…" + text.substr(text.size() - kMost) : text;
}

// What wait() says of a child that ended in time.
base::Result<int> await(pid_t child, const Command& command, int timeout_ms) {
  const auto cancelled = [&] { return interrupted() && !command.to_the_end; };
  const net::Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  bool ended = false;
  while (!ended && !cancelled() && Clock::now() < end) {
    pollfd look{handle.get(), POLLIN, 0};
    ended = ::poll(&look, 1, 100) > 0;
  }
  if (!ended) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended && cancelled()) return base::Error{base::Code::kCancelled, "interrupted"};
  if (!ended) return base::Error{base::Code::kDeadline, name_of(command) + " did not end in time"};
  return status;
}

// A process of the lab's names its files; one that has not become its program yet has its output there.
bool belongs_to(pid_t pid, const std::string& directory) {
  const std::string process = "/proc/" + std::to_string(pid), files = directory + "/";
  std::error_code failed;
  return read_all(process + "/cmdline").find(files) != std::string::npos ||
         fs::read_symlink(process + "/fd/1", failed).string().starts_with(files);
}

std::set<pid_t> numbered(const std::string& directory) {
  std::set<pid_t> out;
  std::error_code failed;
  for (fs::recursive_directory_iterator it(directory, failed), end; !failed && it != end; it.increment(failed)) {
    if (it->path().extension() != ".pid") continue;
    pid_t pid = 0;
    std::ifstream(it->path()) >> pid;
    if (pid > 1 && belongs_to(pid, directory)) out.insert(pid);
  }
  return out;
}

std::set<pid_t> inside(const std::vector<std::string>& namespaces) {
  std::set<ino_t> wanted;
  for (const std::string& name : namespaces) {
    struct stat info{};
    if (::stat((std::string(kNamespaces) + "/" + name).c_str(), &info) == 0) wanted.insert(info.st_ino);
  }
  std::set<pid_t> out;
  std::error_code failed;
  if (wanted.empty()) return out;
  for (fs::directory_iterator it("/proc", failed), end; !failed && it != end; it.increment(failed)) {
    const pid_t pid = std::atoi(it->path().filename().c_str());
    struct stat info{};
    if (pid > 1 && pid != ::getpid() && ::stat((it->path() / "ns/net").c_str(), &info) == 0 &&
        wanted.contains(info.st_ino))
      out.insert(pid);
  }
  return out;
}

// A zombie whose parent does not care is as good as gone.
bool lives(pid_t pid) {
  const std::string text = read_all("/proc/" + std::to_string(pid) + "/stat");
  const auto at = text.rfind(") ");
  return at != std::string::npos && at + 2 < text.size() && text[at + 2] != 'Z';
}

}  // namespace

base::Result<std::string> run(const Command& command, int timeout_ms) {
  const net::Fd input = memory_file(command.input), output = memory_file("");
  const net::Fd netns(command.netns.empty() ? -1 : open_netns(command.netns));
  if (!input.valid() || !output.valid() || (!command.netns.empty() && !netns.valid()))
    return system_error(name_of(command));
  ::lseek(input.get(), 0, SEEK_SET);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) return system_error("a process");
  if (child == 0) {
    go_with(parent);  // or it would go on making things while the next --down removes them
    become(command, input.get(), output.get(), netns.get());
  }
  TARN_ASSIGN(const int status, await(child, command, timeout_ms));
  const std::string said = contents(output.get());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  if (interrupted() && !command.to_the_end) return base::Error{base::Code::kCancelled, "interrupted"};
  return base::Error{base::Code::kStorage, name_of(command) + " failed: " + last_words(said)};
}

base::Status start(const Command& command, const std::string& pid_file, const std::string& log) {
  const net::Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const net::Fd output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const net::Fd number(::open(pid_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const net::Fd netns(command.netns.empty() ? -1 : open_netns(command.netns));
  if (!input.valid() || !output.valid() || !number.valid() || (!command.netns.empty() && !netns.valid()))
    return system_error(name_of(command));
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) return system_error("a process");
  if (child == 0) {
    go_with(parent);  // until --down can find it: by its number, and by where it writes
    const std::string own = std::to_string(::getpid()) + "\n";
    if (::setsid() < 0 || ::dup2(output.get(), STDOUT_FILENO) < 0 ||
        ::write(number.get(), own.data(), own.size()) != static_cast<ssize_t>(own.size()))
      ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, 0);
    become(command, input.get(), output.get(), netns.get());
  }
  return {};
}

void end_processes(const std::string& directory, const std::vector<std::string>& namespaces) {
  std::set<pid_t> all = numbered(directory);
  all.merge(inside(namespaces));
  for (const int signal : {SIGTERM, SIGKILL}) {
    for (const pid_t pid : all) {
      ::kill(pid, signal);
      ::kill(pid, SIGCONT);  // one that was stopped takes no other signal
    }
    const auto end = Clock::now() + std::chrono::seconds(3);
    while (!all.empty() && Clock::now() < end) {
      // Those that are our own children are waited for by nobody else.
      for (const pid_t pid : all) (void)::waitpid(pid, nullptr, WNOHANG);
      std::erase_if(all, [](pid_t pid) { return !lives(pid); });
      if (!all.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

std::vector<std::string> namespaces_with(const std::string& prefix) {
  std::vector<std::string> out;
  std::error_code failed;
  for (fs::directory_iterator it(kNamespaces, failed), end; !failed && it != end; it.increment(failed))
    if (const std::string name = it->path().filename().string(); name.starts_with(prefix)) out.push_back(name);
  return out;
}

base::Status within(const std::string& netns, const std::function<base::Status()>& body) {
  const net::Fd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)), there(open_netns(netns));
  if (!home.valid() || !there.valid() || ::setns(there.get(), CLONE_NEWNET) != 0)
    return system_error("namespace " + netns);
  const base::Status done = body();
  CHECK(::setns(home.get(), CLONE_NEWNET) == 0);
  return done;
}

bool has_program(const std::string& name) {
  std::string path = kPath;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    if (::access((path.substr(begin, end - begin) + "/" + name).c_str(), X_OK) == 0) return true;
    begin = end + 1;
  }
  return false;
}

base::Status write_file(const std::string& path, const std::string& text, unsigned mode) {
  const net::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, static_cast<mode_t>(mode)));
  if (!file.valid() || ::fchmod(file.get(), static_cast<mode_t>(mode)) != 0 ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return system_error(path);
  return {};
}

}  // namespace tarn::lab
