#!/bin/sh
# The law of the rooms (ARCHITECTURE.md), checked on the source itself. Needs find and awk, nothing built.
#   lint/includes.sh [ROOT]     prints PLACE: FINDING for each violation; exit 1 if there is one
#
# 1. A file of src/ROOM includes its own room and the rooms that the table below allows it; apps and tests include all.
# 2. Rooms of layers 0–3 name no thread, socket, SQL, wall clock or entropy source: those are arguments.
# 3. Every header opens with a comment and has #pragma once. Nobody writes using namespace std.
# Unit tests (*_test.cc) count as tests. includes_test.sh shows each finding.
set -eu
cd "${1:-$(dirname "$0")/..}"

law=$(mktemp)
trap 'rm -f "$law"' EXIT
cat >"$law" <<'AWK'
function room(name, layer, rooms,    list, i, n) {
  layer_of[name] = layer
  n = split(rooms, list, " ")
  for (i = 1; i <= n; ++i) {
    if (!(list[i] in layer_of) || layer_of[list[i]] >= layer) { print "lint/includes.sh: bad table: " name; exit 2 }
    allowed[name, list[i]] = 1
  }
}
function upto2() { return "base crypto model mpc auction discovery inventory ledger isolation imaging attestation verify" }
function upto3() { return upto2() " market pool" }
function upto4() { return upto3() " net store drivers simulation" }
BEGIN {
  #    room         layer  may include
  room("base",        0,   "")
  room("crypto",      1,   "base")
  room("model",       1,   "base")
  room("mpc",         2,   "base crypto")
  room("auction",     2,   "base model")
  room("discovery",   2,   "base crypto model")
  room("inventory",   2,   "base model")
  room("ledger",      2,   "base model")
  room("isolation",   2,   "base crypto model")
  room("imaging",     2,   "base crypto model")
  room("attestation", 2,   "base crypto model")
  room("verify",      2,   "base crypto model")
  room("market",      3,   upto2())
  room("pool",        3,   upto2())
  room("net",         4,   upto3())
  room("store",       4,   upto3())
  room("drivers",     4,   upto3())
  room("simulation",  4,   upto3())
  room("api",         5,   upto4())
}

function found(line, text) { print FILENAME ":" line ": " text; bad = 1 }

# The part of the line that is code. A // inside a string cuts the line short, which only hides, never invents.
function code_of(line,    code, i, j, cut) {
  code = ""
  while (line != "") {
    if (in_comment) {
      i = index(line, "*/")
      if (i == 0) return code
      in_comment = 0
      line = substr(line, i + 2)
      continue
    }
    i = index(line, "//")
    j = index(line, "/*")
    cut = (i && (!j || i < j)) ? i : j
    if (cut == 0) return code line
    code = code substr(line, 1, cut - 1)
    if (cut == i) return code
    in_comment = 1
    line = substr(line, cut + 2)
  }
  return code
}

function end_file() { if (file != "" && header && !pragma) { print file ":1: a header needs #pragma once"; bad = 1 } }

FNR == 1 {
  end_file()
  file = FILENAME
  header = file ~ /\.h$/
  pragma = in_comment = 0
  depth = split(file, part, "/")
  own = ""
  if (part[1] == "src") {
    own = depth > 2 ? part[2] : ""
    if (!(own in layer_of)) found(1, "src/" part[2] " is no room of the table in lint/includes.sh")
  }
  free = file ~ /_test\.cc$/ || !(own in layer_of)                     # may include every room
  pure = !free && layer_of[own] <= 3
  if (header && $0 !~ /^\/\//) found(1, "a header opens with a comment: what, why this way, threads, invariants")
}

{ code = code_of($0) }

code ~ /^[ \t]*#[ \t]*pragma[ \t]+once/ { pragma = 1 }
code ~ /using[ \t]+namespace[ \t]+std[ \t]*;/ { found(FNR, "no using namespace std") }

code ~ /^[ \t]*#[ \t]*include/ {
  name = code
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
  quoted = name ~ /^"/
  sub(/^["<]/, "", name)
  sub(/[">].*$/, "", name)
  top = name
  sub(/\/.*$/, "", top)
  if (name ~ /(^|\/)\.\.?\//) found(FNR, "include \"" name "\": write room/file.h, from src")
  else if (own != "" && quoted && top == name) found(FNR, "include \"" name "\": write room/file.h, from src")
  else if (!free && top != name && (quoted || name !~ /^net\/(if|ethernet|route|ppp)/)) {  # the system has a net/ too
    if (top in layer_of) {
      if (top != own && !((own, top) in allowed)) found(FNR, own " may not know " top " (\"" name "\")")
    } else if (quoted) found(FNR, own " may not include \"" name "\": not a room")
  }
  if (pure && (name in impure_header || top in impure_header))
    found(FNR, own " is a pure room: no <" name ">; declare an interface and take it as an argument")
  next
}

pure {
  rest = code
  gsub(/[^A-Za-z0-9_]+/, " ", rest)
  n = split(rest, word, " ")
  for (i = 1; i <= n; ++i)
    if (word[i] in impure_word || (word[i] in impure_std && code ~ ("std::" word[i])))
      found(FNR, own " is a pure room: no " word[i] "; time, randomness and threads are arguments")
}

BEGIN {
  n = split("thread future stop_token sys/socket.h sys/un.h sys/epoll.h sys/select.h poll.h netdb.h netinet arpa " \
            "ifaddrs.h net/if.h sys/time.h time.h ctime boost asio sqlite3.h libpq-fe.h postgresql soci pqxx", list, " ")
  for (i = 1; i <= n; ++i) impure_header[list[i]] = 1
  n = split("random_device system_clock steady_clock high_resolution_clock utc_clock clock_gettime gettimeofday " \
            "pthread_create sockaddr sqlite3 PGconn", list, " ")
  for (i = 1; i <= n; ++i) impure_word[list[i]] = 1
  n = split("thread jthread async this_thread", list, " ")
  for (i = 1; i <= n; ++i) impure_std[list[i]] = 1
}

END { end_file(); exit bad }
AWK

rooms_and_users=
for top in src apps tests bench; do [ ! -d "$top" ] || rooms_and_users="$rooms_and_users $top"; done
[ -n "$rooms_and_users" ] || { echo "lint/includes.sh: no src here: $PWD" >&2; exit 2; }
status=0
# shellcheck disable=SC2086 # a list of words
find $rooms_and_users -type f \( -name '*.h' -o -name '*.cc' \) -size +0 -exec awk -f "$law" {} + || status=1
# shellcheck disable=SC2086
empty=$(find $rooms_and_users -type f \( -name '*.h' -o -name '*.cc' \) -size 0)
if [ -n "$empty" ]; then
  printf '%s:1: an empty file\n' "$empty"
  status=1
fi
exit $status
