#include "drivers/dht/load.h"

#include "base/module.h"
#include "drivers/dht/module.h"

namespace drivers {

base::Result<std::unique_ptr<DhtNode>> open_dht(const DhtOptions& options) {
  static const base::Module module = base::load_module(kDhtModuleFile, kDhtModuleSymbol);
  if (module.function == nullptr) {
    return base::Error{base::Code::kInvalidInput, "the DHT's module belongs beside the program: " + module.why};
  }
  std::string why;
  std::unique_ptr<DhtNode> node(reinterpret_cast<DhtModuleOpen>(module.function)(options, why));
  if (node == nullptr) return base::Error{base::Code::kInvalidInput, "the DHT: " + why};
  return node;
}

}  // namespace drivers
