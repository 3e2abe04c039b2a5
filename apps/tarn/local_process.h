// What the demo and the benches share: this program's commands as processes on this machine, in a temporary directory
// that goes at the end. The processes end with the thread that started them, whatever happens to it. One thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tarn {

class TemporaryDirectory {
 public:
  static base::Result<TemporaryDirectory> make();
  ~TemporaryDirectory();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  TemporaryDirectory() = default;
  std::string path_;
};

struct ProcessEnd {
  int exit_code = -1;  // 128 + signal, if one ended it
  double cpu_ms = 0, peak_rss_mb = 0;
};

struct Descriptors {
  int output = -1, errors = -1;
  int listener = -1;  // handed over as kListenFd
};
inline constexpr int kListenFd = 3;

// This program with these arguments; the first is the command. The descriptors stay the caller's.
base::Result<pid_t> spawn(const std::vector<std::string>& arguments, const Descriptors& descriptors);
// Waits for the end of a process, or only looks.
ProcessEnd reap(pid_t process);
std::optional<ProcessEnd> reap_if_ended(pid_t process);

base::Error system_error(const std::string& what);  // of errno
std::string read_all(const std::string& file);      // as far as it can be read: a process may end amid its /proc files
std::string toml_text(const std::string& text);     // as a TOML basic string

}  // namespace tarn
