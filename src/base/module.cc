#include "base/module.h"

#include <dlfcn.h>

#include <filesystem>

namespace base {

Module load_module(const char* file, const char* function) {
  std::error_code failure;
  const auto directory = std::filesystem::read_symlink("/proc/self/exe", failure).parent_path();
  const auto installed = directory / "../lib/tarn" / file;
  const auto path = std::filesystem::exists(installed, failure) ? installed : directory / file;
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  Module module{handle == nullptr ? nullptr : dlsym(handle, function), {}};
  if (module.function == nullptr) {
    const char* const reason = dlerror();
    module.why = reason == nullptr ? "no such symbol" : reason;
  }
  return module;
}

}  // namespace base
