// What went wrong with a change, for two kinds of readers in one text: its first line is for everybody who may see the
// change; what follows names switches, ports and addresses, and is for those who see the topology (administrators and
// auditors). Both are written where the thing went wrong, and taken apart where they are shown (api/views.h).
// Threads: any.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace isolation {

// `everybody` is a line; what a driver said may be several.
inline std::string told(std::string_view everybody, std::string_view operators) {
  return std::string(everybody) + "\n" + std::string(operators);
}

// As one line.
inline std::string told_to(bool operators, std::string_view text) {
  std::string out(operators ? text : text.substr(0, text.find('\n')));
  std::ranges::replace(out, '\n', ' ');
  return out;
}

}  // namespace isolation
