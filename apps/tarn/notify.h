// Telling the service manager how we are (sd_notify(3), without its library): datagrams to $NOTIFY_SOCKET. Under no
// manager nothing happens. Best effort: a manager that does not listen is not our trouble.
// Threads: any, after construction. from_environment() once, before threads: it also removes what it read, so that no
// process that we start speaks for us.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tarn {

class Notifier {
 public:
  static Notifier from_environment();

  void ready() const { tell("READY=1"); }
  void stopping() const { tell("STOPPING=1"); }
  void alive() const { tell("WATCHDOG=1"); }                       // at least every watchdog_ms() / 2
  std::optional<int> watchdog_ms() const { return watchdog_ms_; }  // nothing: no watchdog

 private:
  void tell(std::string_view message) const;
  std::string socket_;  // a path, or @name of the abstract namespace; empty: no manager
  std::optional<int> watchdog_ms_;
};

}  // namespace tarn
