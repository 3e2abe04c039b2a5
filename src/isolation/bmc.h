// Bmc: what the service needs of a server's management controller. Every call opens a session of its own and has a
// deadline; setting what is set already is fine, and returns when the controller says that it is so.
// Errors: kUnreachable, kDeadline, kInvalidInput (wrong credentials; a controller that cannot). Messages name the address,
// never the password.
// Threads: any; one call at a time for one controller. Implementations: drivers/bmc/; tests/support/memory_bmc.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sealed_box.h"  // SecretBytes

namespace isolation {

enum class BootDevice : std::uint8_t { kDefault, kDisk, kNetwork };  // "none", "disk", "pxe"

struct BmcTarget {
  std::string type, address, user;
  crypto::SecretBytes password;
};

class Bmc {
 public:
  virtual ~Bmc() = default;
  virtual base::Result<bool> powered(int timeout_ms) = 0;
  virtual base::Status power_on(int timeout_ms) = 0;
  virtual base::Status power_off(bool force, int timeout_ms) = 0;    // force: at once; else as if by its button
  virtual base::Status power_cycle(bool force, int timeout_ms) = 0;  // a server that is off is turned on
  virtual base::Status set_boot_device(BootDevice device, int timeout_ms) = 0;
  // The serial console, until it breaks or on_data returns false; on_data is called with nothing about once a second.
  virtual base::Status watch_console(const std::function<bool(std::string_view)>& on_data, int timeout_ms) = 0;
  // The server changes hands: whoever watches its console is ended, and what was kept of it is forgotten.
  virtual void end_console() = 0;
};

class BmcDrivers {
 public:
  virtual ~BmcDrivers() = default;
  // kInvalidInput: unknown type, no address. open() says so, too.
  virtual base::Status check(const BmcTarget& target) const = 0;
  virtual base::Result<std::unique_ptr<Bmc>> open(BmcTarget target) = 0;
};

}  // namespace isolation
