#!/bin/sh
# Under which key what clang-tidy found clean is remembered: it changes with whatever clang-tidy sees, and with nothing
# else, so that a changed header costs those who include it and no others. That is the file and all headers of this
# project that it includes, directly or not, how it is compiled, the checks, and the packages (their headers and itself).
#   lint/tidy_keys.sh [ROOT]     prints KEY FILE for each file in ROOT/build/clang/compile_commands.json that is below src
#                                or apps and no test; tidy_keys_test.sh shows what changes a key
set -eu
cd "${1:-$(dirname "$0")/..}"
around=$({ cat .clang-tidy && dpkg-query -W; } | sha256sum)
{
  find src apps -type f \( -name '*.cc' -o -name '*.h' \) -exec sha256sum {} +
  find src apps -type f \( -name '*.cc' -o -name '*.h' \) -exec grep -H '^#include "' {} +
  cat build/clang/compile_commands.json
} | awk -v around="$around" -v root="$PWD/" '
function without_root(text,    at) {
  while (at = index(text, root)) text = substr(text, 1, at - 1) substr(text, at + length(root))
  return text
}
function visit(file,    list, n, i) {
  if (file in seen || !(file in sum)) return
  seen[file] = 1
  text = text sum[file] " " file "\n"
  n = split(includes[file], list, "\n")
  for (i = 1; i <= n; ++i) {
    visit("src/" list[i])
    visit("apps/" list[i])
  }
}
/^[0-9a-f]+  (src|apps)\// { sum[$2] = $1; next }
/^(src|apps)\/[^:]*:#include/ {
  at = index($0, ":")
  split(substr($0, at), part, "\"")
  includes[substr($0, 1, at - 1)] = includes[substr($0, 1, at - 1)] part[2] "\n"
  next
}
/^ *"command": / { command = without_root($0) }
/^ *"file": / {
  split(without_root($0), part, "\"")
  file = part[4]
  if (!(file in commands)) order[++files] = file
  commands[file] = commands[file] command "\n"
}
END {
  for (i = 1; i <= files; ++i) {
    file = order[i]
    if (!(file in sum) || file ~ /_test\.cc$/) continue
    text = around "\n" commands[file]
    split("", seen)
    visit(file)
    hash = "sha256sum | sed \"s|  -|" " " file "|\""
    printf "%s", text | hash
    close(hash)
  }
}'
