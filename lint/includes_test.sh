#!/bin/sh
# Shows what lint/includes.sh finds, and what it lets pass: one small tree, one planted violation at a time.
set -eu
lint=$(cd "$(dirname "$0")" && pwd)/includes.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# A tree that keeps the law, also where the law is close.
clean() {
  rm -rf "${tree:?}/src" "$tree/apps" "$tree/tests"
  mkdir -p "$tree/src/base" "$tree/src/crypto" "$tree/src/model" "$tree/src/mpc" "$tree/src/auction/placement" \
    "$tree/src/pool" "$tree/src/net" "$tree/apps/tarn" "$tree/tests/e2e"
  printf '// Base.\n#pragma once\n#include <vector>\n' >"$tree/src/base/a.h"
  printf '// Crypto.\n#pragma once\n#include "base/a.h"\n' >"$tree/src/crypto/a.h"
  printf '// Model.\n#pragma once\n#include "base/a.h"\n#include "model/b.h"\n' >"$tree/src/model/a.h"
  printf '#include "mpc/a.h"\n#include "crypto/a.h"\n// no #include <thread>, no steady_clock\nint thread = 0;\n' \
    >"$tree/src/mpc/a.cc"
  printf '#include "model/a.h"\n/* std::random_device\n   system_clock */ int x;\n' >"$tree/src/auction/placement/a.cc"
  printf '#include "mpc/a.h"\n#include "auction/placement/a.h"\n#include <sys/types.h>\n' >"$tree/src/pool/a.cc"
  printf '#include "pool/a.h"\n#include <thread>\n#include <sys/socket.h>\n#include <net/if.h>\nstd::chrono::steady_clock c;\n' \
    >"$tree/src/net/a.cc"
  printf '#include "net/a.h"\n#include "support/a.h"\n#include <thread>\n' >"$tree/src/mpc/a_test.cc"
  printf '#include "net/a.h"\n#include "main.h"\n#include <thread>\nusing namespace std::chrono_literals;\n' \
    >"$tree/apps/tarn/main.cc"
  printf '#include "base/a.h"\n#include <ctime>\nstd::random_device d;\n' >"$tree/tests/e2e/a_test.cc"
}

fail() {
  echo "includes_test: $1"
  sed 's/^/    /' "$tree/out"
  failures=$((failures + 1))
}

# finds FILE PLACE-AND-WORDS TEXT: TEXT in FILE is found, as this one finding.
finds() {
  clean
  mkdir -p "$(dirname "$tree/$1")"
  printf '%b' "$3" >"$tree/$1"
  if "$lint" "$tree" >"$tree/out" 2>&1; then
    fail "nothing found in $1: $3"
  elif ! grep -q "^$1:$2" "$tree/out" || [ "$(wc -l <"$tree/out")" -ne 1 ]; then
    fail "wanted just '$1:$2', found:"
  fi
}

clean
"$lint" "$tree" >"$tree/out" 2>&1 || fail "the clean tree is not clean:"

# 1. who may know whom
finds src/base/x.cc '1: base may not know model' '#include "model/a.h"\n'
finds src/crypto/x.cc '2: crypto may not know model' '#include "base/a.h"\n#include "model/a.h"\n'
finds src/model/x.h '3: model may not know crypto' '// X.\n#pragma once\n#include "crypto/a.h"\n'
finds src/mpc/x.cc '1: mpc may not know model' '#include <model/a.h>\n'
finds src/mpc/x.cc '1: mpc may not know auction' '#  include "auction/a.h"  // same layer\n'
finds src/auction/x.cc '1: auction may not know crypto' '#include "crypto/a.h"\n'
finds src/auction/placement/x.cc '1: auction may not know pool' '#include "pool/a.h"\n'
finds src/inventory/x.cc '1: inventory may not know crypto' '#include "crypto/a.h"\n'
finds src/verify/x.cc '1: verify may not know auction' '#include "auction/a.h"\n'
finds src/pool/x.cc '1: pool may not know market' '#include "market/a.h"\n'
finds src/pool/x.cc '1: pool may not know net' '#include "net/a.h"\n'
finds src/net/x.cc '1: net may not know store' '#include "store/a.h"\n'
finds src/net/x.cc '1: net may not know api' '#include "api/a.h"\n'
finds src/mpc/x.cc '1: mpc may not include "support/a.h"' '#include "support/a.h"\n'
finds src/mpc/x.cc '1: include "../net/a.h"' '#include "../net/a.h"\n'
finds src/mpc/x.cc '1: include "a.h": write room/file.h' '#include "a.h"\n'
finds src/attic/x.cc '1: src/attic is no room' 'int x;\n'
finds src/x.cc '1: src/x.cc is no room' 'int x;\n'

# 2. pure rooms
for header in thread future ctime sys/socket.h netinet/in.h arpa/inet.h poll.h net/if.h sqlite3.h libpq-fe.h soci/soci.h boost/asio.hpp; do
  finds src/pool/x.cc '1: pool is a pure room: no <' "#include <$header>\n"
done
for word in std::random_device std::chrono::system_clock 'std::chrono::steady_clock::now()' std::thread std::jthread clock_gettime; do
  finds src/base/x.h '3: base is a pure room: no ' "// X.\n#pragma once\nint x = $word; // y\n"
done
finds src/auction/x.cc '2: auction is a pure room: no steady_clock' '/* a\n b */ steady_clock c; /* d */\n'

# 3. headers, and everybody
finds src/mpc/x.h '1: a header needs #pragma once' '// X.\nint x;\n'
finds src/mpc/x.h '1: a header opens with a comment' '#pragma once\n// X.\n'
finds tests/support/x.h '1: a header needs #pragma once' '// X. #pragma once\n'
finds apps/tarn/x.cc '1: no using namespace std' 'using namespace std;\n'
finds src/mpc/x_test.cc '2: no using namespace std' '\n  using  namespace std ;\n'
finds src/mpc/x.cc '1: an empty file' ''

[ "$failures" -eq 0 ] || { echo "includes_test: $failures failures" >&2; exit 1; }
