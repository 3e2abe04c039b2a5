// isolation::Switch in memory: switches that only have ports with states, break when they are told to, and remember what
// was asked of them. All of them are one fabric: what shares a VLAN reaches each other, whichever switch it hangs on.
// A fault stays until heal(), or, with once(), for one call. kSilent is a driver that lies: it confirms what it did not
// do, which reading finds out.
// Threads: any. `during_apply` is called without the lock, before anything is applied.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "isolation/switch.h"

namespace support {

class MemorySwitch {
 public:
  using PortState = isolation::PortState;
  enum class Fault {
    kNone,
    kUnreachable,       // nothing happens
    kTooLate,           // everything is applied, and the answer comes too late
    kHalf,              // the first half of the ports is applied, then the connection breaks
    kReadsUnreachable,  // applied and confirmed, but it cannot be read
    kSilent,            // confirmed, but not applied
    kThrows,            // the driver throws
  };

  void add_port(const std::string& port, PortState state = {}) {
    const std::lock_guard lock(mutex_);
    ports_[port] = std::move(state);
  }
  void set_fault(Fault fault) {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
  }
  void once(Fault fault) {
    const std::lock_guard lock(mutex_);
    script_.push_back(fault);
  }
  void refuse(const std::string& port) {
    const std::lock_guard lock(mutex_);
    refused_.insert(port);
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    fault_ = Fault::kNone;
    script_.clear();
    refused_.clear();
  }
  // Somebody at the switch's own console.
  void meddle(const std::string& port, PortState state) { add_port(port, std::move(state)); }
  std::function<void()> during_apply;

  PortState state(const std::string& port) const {
    const std::lock_guard lock(mutex_);
    const auto found = ports_.find(port);
    return found == ports_.end() ? PortState() : found->second;
  }
  std::map<std::string, PortState> states() const {
    const std::lock_guard lock(mutex_);
    return ports_;
  }
  std::vector<std::vector<isolation::PortSetting>> batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

  base::Result<std::vector<base::Status>> apply(std::span<const isolation::PortSetting> settings) {
    if (during_apply) during_apply();
    const std::lock_guard lock(mutex_);
    batches_.emplace_back(settings.begin(), settings.end());
    const Fault fault = next_fault();
    if (fault == Fault::kUnreachable) return unreachable();
    if (fault == Fault::kThrows) throw std::runtime_error("a driver's bug");
    std::vector<base::Status> answers;
    for (const isolation::PortSetting& setting : settings) {
      if (fault == Fault::kHalf && 2 * answers.size() >= settings.size()) break;
      answers.push_back(apply(setting, fault));
    }
    if (fault == Fault::kHalf) return unreachable();
    if (fault == Fault::kTooLate) return base::Error{base::Code::kDeadline, "The switch took too long."};
    reads_fail_ = fault == Fault::kReadsUnreachable;
    return answers;
  }
  base::Result<std::vector<std::optional<PortState>>> read(std::span<const std::string> ports) {
    const std::lock_guard lock(mutex_);
    if (fault_ == Fault::kUnreachable || std::exchange(reads_fail_, false)) return unreachable();
    std::vector<std::optional<PortState>> states;
    for (const std::string& port : ports) {
      const auto found = ports_.find(port);
      states.push_back(found == ports_.end() ? std::nullopt : std::optional(found->second));
    }
    return states;
  }

 private:
  static base::Error unreachable() { return {base::Code::kUnreachable, "The switch does not answer."}; }
  Fault next_fault() {
    if (script_.empty()) return fault_;
    const Fault fault = script_.front();
    script_.pop_front();
    return fault;
  }
  base::Status apply(const isolation::PortSetting& setting, Fault fault) {
    const auto port = ports_.find(setting.port);
    if (port == ports_.end()) return base::Error{base::Code::kNotFound, "There is no port " + setting.port + "."};
    if (refused_.contains(setting.port))
      return base::Error{base::Code::kInvalidInput, "Port " + setting.port + " cannot be in that state."};
    if (fault != Fault::kSilent) port->second = setting.state;
    return {};
  }

  mutable std::mutex mutex_;
  std::map<std::string, PortState> ports_;
  Fault fault_ = Fault::kNone;
  std::deque<Fault> script_;
  std::set<std::string> refused_;
  bool reads_fail_ = false;
  std::vector<std::vector<isolation::PortSetting>> batches_;
};

// Every switch by its name; the type must be "memory".
class MemorySwitches : public isolation::SwitchDrivers {
 public:
  MemorySwitch& at(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return switches_[name];
  }
  base::Result<std::unique_ptr<isolation::Switch>> open(const isolation::SwitchRecord& record) override {
    if (record.type != "memory") return base::Error{base::Code::kInvalidInput, "There is no driver " + record.type};
    return std::unique_ptr<isolation::Switch>(std::make_unique<Handle>(at(record.name)));
  }

 private:
  class Handle : public isolation::Switch {
   public:
    explicit Handle(MemorySwitch& hardware) : hardware_(hardware) {}
    base::Result<std::vector<base::Status>> apply(std::span<const isolation::PortSetting> settings, int) override {
      return hardware_.apply(settings);
    }
    base::Result<std::vector<std::optional<isolation::PortState>>> read(std::span<const std::string> ports,
                                                                        int) override {
      return hardware_.read(ports);
    }

   private:
    MemorySwitch& hardware_;
  };

  std::mutex mutex_;
  std::map<std::string, MemorySwitch> switches_;
};

}  // namespace support
