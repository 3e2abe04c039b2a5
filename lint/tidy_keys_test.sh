#!/bin/sh
# Shows which keys lint/tidy_keys.sh changes, and which it leaves: one small tree, one change at a time.
set -eu
keys=$(cd "$(dirname "$0")" && pwd)/tidy_keys.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# This machine's packages may change meanwhile; these change when a test says so.
mkdir "$tree/bin"
printf '#!/bin/sh\ncat "%s/packages"\n' "$tree" >"$tree/bin/dpkg-query"
chmod +x "$tree/bin/dpkg-query"
PATH=$tree/bin:$PATH

entry() { # entry ROOT FILE OPTION
  printf '{\n  "directory": "%s/build/clang",\n  "command": "c++ -I%s/src %s -c %s/%s",\n  "file": "%s/%s"\n},\n' \
    "$1" "$1" "$3" "$1" "$2" "$1" "$2"
}
commands() { # commands ROOT OPTION-OF-APPS
  entry "$1" src/a/one.cc -O3
  entry "$1" src/a/two.cc -O3
  entry "$1" src/a/one_test.cc -O3
  entry "$1" apps/tarn/main.cc "$2"
}
clean() {
  rm -rf "${tree:?}/here"
  echo 'clang-tidy-19 1:19.1.7' >"$tree/packages"
  mkdir -p "$tree/here/src/a" "$tree/here/apps/tarn" "$tree/here/build/clang"
  cd "$tree/here"
  echo 'Checks: all' >.clang-tidy
  echo 'int low;' >src/a/low.h
  printf '#include "a/low.h"\n#include "a/high.h"\n' >src/a/high.h # itself: no end
  printf '#include "a/high.h"\nint one;\n' >src/a/one.cc
  printf '#include "a/one.h"\n' >src/a/one_test.cc
  printf '#include <vector>\nint two;\n' >src/a/two.cc
  printf '#include "tarn/main.h"\n' >apps/tarn/main.cc
  printf '#include "a/low.h"\n' >apps/tarn/main.h
  commands "$tree/here" -O3 >build/clang/compile_commands.json
}
# changes "FILE…" COMMAND…: the keys of these and no others.
changes() {
  expected=$1
  shift
  clean
  "$keys" "$tree/here" | sort -k 2 >"$tree/before"
  "$@"
  "$keys" "$tree/here" | sort -k 2 >"$tree/after"
  changed=$(diff "$tree/before" "$tree/after" | sed -n 's/^> [0-9a-f]* //p' | tr '\n' ' ')
  [ "$changed" = "$expected" ] || {
    echo "tidy_keys_test: $*: changed the keys of '$changed', not of '$expected'"
    failures=$((failures + 1))
  }
}
write() { echo "$2" >>"$1"; }
changes '' true
changes 'src/a/two.cc ' write src/a/two.cc 'int more;'
changes 'apps/tarn/main.cc src/a/one.cc ' write src/a/low.h 'int more;'
changes 'src/a/one.cc ' write src/a/high.h 'int more;'
changes 'apps/tarn/main.cc ' write apps/tarn/main.h 'int more;'
changes '' write src/a/one_test.cc 'int more;'
changes '' write src/a/nobodys.h 'int more;'
changes 'apps/tarn/main.cc src/a/one.cc src/a/two.cc ' write .clang-tidy 'WarningsAsErrors: all'
changes 'apps/tarn/main.cc src/a/one.cc src/a/two.cc ' write "$tree/packages" 'libcli11-dev 2.1.2'
other_options() { commands "$tree/here" -O0 >build/clang/compile_commands.json; }
changes 'apps/tarn/main.cc ' other_options

# Another clone of the same has the same keys.
clean
"$keys" "$tree/here" >"$tree/before"
cd "$tree" && mv here there && commands "$tree/there" -O3 >there/build/clang/compile_commands.json
"$keys" "$tree/there" >"$tree/after"
cmp "$tree/before" "$tree/after" || failures=$((failures + 1))

[ "$failures" -eq 0 ] && echo "tidy_keys_test: every key was as expected"
