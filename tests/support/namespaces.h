// NetworkNamespace: one of `ip netns` that a test made, and what can be done inside. Its name has the maker's process id,
// so that what a run that was killed left behind is found and removed by the next one.
// Threads: inside() runs its argument in a thread of its own, because a namespace is entered for a thread's whole life.
#pragma once

#include <fcntl.h>
#include <sched.h>

#include <cctype>
#include <charconv>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/process.h"

namespace support {

inline constexpr char kNamespacePrefix[] = "tarn-lab-";

// Whether the shell script ran to its end without an error.
inline bool run_script(const std::string& script) {
  Process shell({"/bin/sh", "-euc", script},
                {.directory = "", .added = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}}, .inherited = -1});
  const bool good = shell.wait() == 0;
  if (!good) ADD_FAILURE() << "a script of the test's failed: " << shell.err();
  return good;
}

inline void remove_stale_namespaces() {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", none)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kNamespacePrefix)) continue;
    pid_t maker = 0;
    const char* const digits = name.c_str() + sizeof kNamespacePrefix - 1;
    std::from_chars(digits, name.c_str() + name.size(), maker);
    if (maker > 0 && ::kill(maker, 0) != 0) run_script("ip netns delete " + name);
  }
}

class NetworkNamespace {
 public:
  explicit NetworkNamespace(const std::string& suffix)
      : name_(kNamespacePrefix + std::to_string(::getpid()) + "-" + suffix) {
    run_script("ip netns add " + name_ + "; ip -n " + name_ + " link set lo up; ip netns exec " + name_ +
               " sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
  }
  ~NetworkNamespace() {
    if (!name_.empty()) run_script("ip netns delete " + name_);
  }
  NetworkNamespace(NetworkNamespace&& other) noexcept : name_(std::exchange(other.name_, {})) {}
  NetworkNamespace& operator=(NetworkNamespace&&) = delete;

  const std::string& name() const { return name_; }
  // Whether it could be entered; `work` is then done.
  static bool inside(const std::string& name, const std::function<void()>& work) {
    bool entered = false;
    std::thread([&] {
      const Descriptor space(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
      entered = space.valid() && ::setns(space.get(), CLONE_NEWNET) == 0;
      if (entered) work();
    }).join();
    return entered;
  }

 private:
  std::string name_;
};

}  // namespace support
