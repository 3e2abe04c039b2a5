// isolation::Bmc in memory: servers that are on or off, by their controller's address, and what was asked of them.
// Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "isolation/bmc.h"
#include "isolation/engine.h"

namespace support {

class MemoryBmcs : public isolation::BmcDrivers {
 public:
  enum class Fault {
    kNone,
    kUnreachable,
    kStaysOn,  // power_off is confirmed, and the server stays on
    kThrows,
  };
  struct Server {
    bool on = false;
    isolation::BootDevice boot_device = isolation::BootDevice::kDefault;
    Fault fault = Fault::kNone;
    std::string console;             // what a watcher gets to see, until the console is ended
    std::vector<std::string> calls;  // "power_off"
  };

  Server server(const std::string& address) const {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(address);
    return found == servers_.end() ? Server() : found->second;
  }
  void set_power(const std::string& address, bool on) {
    const std::lock_guard lock(mutex_);
    servers_[address].on = on;
  }
  void set_fault(const std::string& address, Fault fault) {
    const std::lock_guard lock(mutex_);
    servers_[address].fault = fault;
  }
  void set_console(const std::string& address, std::string text) {
    const std::lock_guard lock(mutex_);
    servers_[address].console = std::move(text);
  }
  // Called in the middle of each call, without the lock: power_cycle has turned the server off by then, and not on yet.
  std::function<void(const std::string& address, const std::string& call)> during;

  void heal() {
    const std::lock_guard lock(mutex_);
    for (auto& [address, server] : servers_) server.fault = Fault::kNone;
  }

  base::Status check(const isolation::BmcTarget& target) const override {
    if ((target.type != "ipmi" && target.type != "memory") || target.address.empty())
      return base::Error{base::Code::kInvalidInput, "A BMC is of type ipmi or memory, and has an address."};
    return {};
  }
  base::Result<std::unique_ptr<isolation::Bmc>> open(isolation::BmcTarget target) override {
    TARN_TRY(check(target));
    return std::unique_ptr<isolation::Bmc>(std::make_unique<Handle>(*this, std::move(target.address)));
  }
  // For a Releaser: as if the password had come out of its seal.
  isolation::OpenBmc opener() {
    return [this](const isolation::Node& node) { return open({node.bmc.type, node.bmc.address, node.bmc.user, {}}); };
  }

 private:
  class Handle : public isolation::Bmc {
   public:
    Handle(MemoryBmcs& all, std::string address) : all_(all), address_(std::move(address)) {}
    base::Result<bool> powered(int) override {
      bool on = false;
      TARN_TRY(all_.call(address_, "powered", [&](Server& server) { on = server.on; }));
      return on;
    }
    base::Status power_on(int) override {
      return all_.call(address_, "power_on", [](Server& server) { server.on = true; });
    }
    base::Status power_off(bool, int) override {
      return all_.call(address_, "power_off",
                       [](Server& server) { server.on = server.on && server.fault == Fault::kStaysOn; });
    }
    base::Status power_cycle(bool, int) override {
      if (all_.server(address_).on) TARN_TRY(power_off(true, 0));
      return all_.call(address_, "power_cycle", [](Server& server) { server.on = true; });
    }
    base::Status set_boot_device(isolation::BootDevice device, int) override {
      return all_.call(address_, "set_boot_device", [&](Server& server) { server.boot_device = device; });
    }
    base::Status watch_console(const std::function<bool(std::string_view)>& on_data, int) override {
      std::string text;
      TARN_TRY(all_.call(address_, "watch_console", [&](Server& server) { text = server.console; }));
      if (!text.empty() && !on_data(text)) return {};
      while (on_data("")) {
      }
      return {};
    }
    void end_console() override {
      const std::lock_guard lock(all_.mutex_);
      all_.servers_[address_].console.clear();
      all_.servers_[address_].calls.emplace_back("end_console");
    }

   private:
    MemoryBmcs& all_;
    std::string address_;
  };

  base::Status call(const std::string& address, const char* name, const std::function<void(Server&)>& act) {
    if (during) during(address, name);
    const std::lock_guard lock(mutex_);
    Server& server = servers_[address];
    server.calls.emplace_back(name);
    if (server.fault == Fault::kThrows) throw std::runtime_error("a driver's bug");
    if (server.fault == Fault::kUnreachable)
      return base::Error{base::Code::kUnreachable, "The controller at " + address + " does not answer."};
    act(server);
    return {};
  }

  mutable std::mutex mutex_;
  std::map<std::string, Server> servers_;
};

}  // namespace support
