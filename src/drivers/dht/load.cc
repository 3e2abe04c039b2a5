#include "drivers/dht/load.h"

#include <dlfcn.h>

#include <filesystem>

#include "drivers/dht/module.h"

namespace drivers {

namespace {

struct Module {
  DhtModuleOpen open = nullptr;
  std::string why;  // there is none
};

std::filesystem::path module_path() {
  std::error_code failure;
  const auto directory = std::filesystem::read_symlink("/proc/self/exe", failure).parent_path();
  const auto installed = directory / "../lib/tarn" / kDhtModuleFile;
  return std::filesystem::exists(installed, failure) ? installed : directory / kDhtModuleFile;
}

Module load() {
  Module module;
  // Never unloaded: its libraries have threads and exit handlers.
  void* const handle = dlopen(module_path().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* const symbol = handle == nullptr ? nullptr : dlsym(handle, kDhtModuleSymbol);
  if (symbol == nullptr) {
    const char* const reason = dlerror();
    module.why = reason == nullptr ? "no such symbol" : reason;
  }
  module.open = reinterpret_cast<DhtModuleOpen>(symbol);
  return module;
}

}  // namespace

base::Result<std::unique_ptr<DhtNode>> open_dht(const DhtOptions& options) {
  static const Module module = load();
  if (module.open == nullptr) {
    return base::Error{base::Code::kInvalidInput, "the DHT's module belongs beside the program: " + module.why};
  }
  std::string why;
  std::unique_ptr<DhtNode> node(module.open(options, why));
  if (node == nullptr) return base::Error{base::Code::kInvalidInput, "the DHT: " + why};
  return node;
}

}  // namespace drivers
