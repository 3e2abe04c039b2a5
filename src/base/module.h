// A library that a process loads when it needs it (ARCHITECTURE.md, "A module"): it lies beside the program or in
// ../lib/tarn/, and gives one function. It is never unloaded, as libraries behind it have threads and exit handlers.
// Threads: any.
#pragma once

#include <string>

namespace base {

struct Module {
  void* function = nullptr;
  std::string why;  // there is none
};

Module load_module(const char* file, const char* function);

}  // namespace base
