// Inventories of any text: what is refused is refused with a reason, and what is accepted keeps the promises of
// tarn/inventory_file.h, so that a plan can be made of it, and of an empty service everything is asked.
#include <set>

#include "base/check.h"
#include "fuzz/input.h"
#include "tarn/inventory_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto file = tarn::InventoryFile::parse(text, "/i");
  if (!file.ok()) {
    CHECK(file.error().code == base::Code::kInvalidInput && !file.error().message.empty());
    return 0;
  }
  std::set<std::pair<std::string, std::string>> ports;
  for (const auto& node : file->nodes) {
    CHECK(!node.name.empty() && !node.bmc_address.empty() && !node.bmc_password_file.empty());
    for (const auto& nic : node.nics) {
      CHECK(nic.mac.size() == 17 && nic.port.empty() == nic.switch_name.empty());
      CHECK(nic.port.empty() || ports.emplace(nic.switch_name, nic.port).second);
    }
  }
  for (const auto& network : file->networks)
    CHECK(network.is_public ? network.owner.empty() && network.access.empty()
                            : !network.owner.empty() || !network.access.empty());
  const auto plan = tarn::plan_inventory(*file, {});
  CHECK(plan.ok());
  CHECK(plan->size() >= file->projects.size() + file->users.size() + file->nodes.size() + file->networks.size());
  for (const auto& step : *plan) {
    CHECK(step.target.starts_with("/v1/"));
    for (const char c : step.target) CHECK(c > 0x20 && c < 0x7f);
  }
  return 0;
}
