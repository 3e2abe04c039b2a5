#include "drivers/bmc/drivers.h"

#include <dlfcn.h>

#include <filesystem>

#include "base/json_string.h"
#include "crypto/sha256.h"
#include "drivers/bmc/console_hub.h"
#include "drivers/bmc/module.h"

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;
using base::Status;

struct Module {
  IpmiModuleOpen open = nullptr;
  std::string why;  // there is none
};

Module load() {
  std::error_code failure;
  const auto directory = std::filesystem::read_symlink("/proc/self/exe", failure).parent_path();
  const auto installed = directory / "../lib/tarn" / kIpmiModuleFile;
  const auto path = std::filesystem::exists(installed, failure) ? installed : directory / kIpmiModuleFile;
  Module module;
  // Never unloaded: its console engine has threads.
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* const symbol = handle == nullptr ? nullptr : dlsym(handle, kIpmiModuleSymbol);
  if (symbol == nullptr) {
    const char* const reason = dlerror();
    module.why = reason == nullptr ? "no such symbol" : reason;
  }
  module.open = reinterpret_cast<IpmiModuleOpen>(symbol);
  return module;
}

// A controller whose console is shared with all others who watch the same one with the same credentials.
class SharingConsole final : public isolation::Bmc {
 public:
  SharingConsole(std::shared_ptr<isolation::Bmc> bmc, std::shared_ptr<ConsoleHub> hub, std::string key)
      : bmc_(std::move(bmc)), hub_(std::move(hub)), key_(std::move(key)) {}

  Result<bool> powered(int timeout_ms) override { return bmc_->powered(timeout_ms); }
  Status power_on(int timeout_ms) override { return bmc_->power_on(timeout_ms); }
  Status power_off(bool force, int timeout_ms) override { return bmc_->power_off(force, timeout_ms); }
  Status power_cycle(bool force, int timeout_ms) override { return bmc_->power_cycle(force, timeout_ms); }
  Status set_boot_device(isolation::BootDevice device, int timeout_ms) override {
    return bmc_->set_boot_device(device, timeout_ms);
  }
  Status watch_console(const ConsoleHub::OnData& on_data, int timeout_ms) override {
    const auto source = [bmc = bmc_](const ConsoleHub::OnData& take, int patience_ms) {
      return bmc->watch_console(take, patience_ms);
    };
    return hub_->watch(key_, source, on_data, timeout_ms);
  }
  void end_console() override { hub_->end(key_); }

 private:
  std::shared_ptr<isolation::Bmc> bmc_;
  std::shared_ptr<ConsoleHub> hub_;
  std::string key_;
};

class Drivers final : public isolation::BmcDrivers {
 public:
  Status check(const isolation::BmcTarget& target) const override {
    if (target.type != "ipmi")
      return Error{Code::kInvalidInput,
                   "no driver for a controller of type " + base::json_string(target.type) + "; there is: ipmi"};
    if (target.address.empty()) return Error{Code::kInvalidInput, "the controller has no address: HOST or HOST:PORT"};
    return {};
  }
  Result<std::unique_ptr<isolation::Bmc>> open(isolation::BmcTarget target) override {
    TARN_TRY(check(target));
    static const Module module = load();
    if (module.open == nullptr)
      return Error{Code::kInvalidInput, "the module for IPMI belongs beside the program: " + module.why};
    std::string key = console_key(target);
    std::shared_ptr<isolation::Bmc> bmc(module.open(std::move(target)));
    return std::unique_ptr<isolation::Bmc>(std::make_unique<SharingConsole>(std::move(bmc), hub_, std::move(key)));
  }

 private:
  // With the password's hash: whoever has a wrong one does not watch by somebody else's right one.
  static std::string console_key(const isolation::BmcTarget& target) {
    return target.address + '\0' + target.user + '\0' + base::to_hex(crypto::sha256(target.password));
  }

  std::shared_ptr<ConsoleHub> hub_ = std::make_shared<ConsoleHub>();
};

}  // namespace

std::unique_ptr<isolation::BmcDrivers> make_bmc_drivers() { return std::make_unique<Drivers>(); }

}  // namespace drivers
