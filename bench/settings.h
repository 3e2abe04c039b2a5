// The settings of a bench: whole numbers with defaults, said as --NAME N. Threads: one.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

namespace bench {

struct Settings {
  std::map<std::string, int> value;
  std::size_t operator[](const char* name) const { return static_cast<std::size_t>(value.at(name)); }
};

// False if something else was said, or less than 1, or less than 0 for `from_zero`.
inline bool parse(int argc, char** argv, Settings& settings, const std::string& from_zero = "") {
  for (int i = 1; i < argc; i += 2) {
    const auto option = settings.value.find(std::strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : "");
    if (option == settings.value.end() || i + 1 == argc) return false;
    option->second = std::atoi(argv[i + 1]);
    if (option->second < (option->first == from_zero ? 0 : 1)) return false;
  }
  return true;
}

}  // namespace bench
