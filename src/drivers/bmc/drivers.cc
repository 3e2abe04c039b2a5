#include "drivers/bmc/drivers.h"

#include "base/json_string.h"
#include "base/module.h"
#include "crypto/sha256.h"
#include "drivers/bmc/console_hub.h"
#include "drivers/bmc/module.h"

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;
using base::Status;

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
    static const base::Module module = base::load_module(kIpmiModuleFile, kIpmiModuleSymbol);
    if (module.function == nullptr)
      return Error{Code::kInvalidInput, "the module for IPMI belongs beside the program: " + module.why};
    std::string key = console_key(target);
    std::shared_ptr<isolation::Bmc> bmc(reinterpret_cast<IpmiModuleOpen>(module.function)(std::move(target)));
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
