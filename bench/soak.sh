#!/bin/bash
# A pool under load: `./run bench soak [--minutes 3] [--kill]`, or bench/soak.sh with TARN_BINARY in the environment.
#   50 requesters, each with an identity and a home, six at a time: request, and now and then renew or release
#   30 providers; with --kill one of them is killed (SIGKILL) every few seconds and started again
# At the end nothing is held, free + held + leased is the capacity everywhere and nobody has leased out what no requester
# has a lease for; without --kill also: descriptors and memory have not grown since a third of the time (by more than a
# descriptor and 2 MB each). Ends with 1 if one of these does not hold. Takes the time given and at most a minute and a
# half more.
set -u
root=$(dirname "$(dirname "$(readlink -f "$0")")")
tarn=${TARN_BINARY:-$root/build/tarn}
minutes=3 kill_them=false providers=30 requesters=50 at_once=6 capacity=64
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) minutes=${2:?}; shift ;;
    --providers) providers=${2:?}; shift ;;
    --requesters) requesters=${2:?}; shift ;;
    --kill) kill_them=true ;;
    *)
      echo "usage: soak [--minutes N] [--kill] [--providers N] [--requesters N]" >&2
      exit 2
      ;;
  esac
  shift
done

directory=$(mktemp -d)
pids=()  # of the providers
others=()
# shellcheck disable=SC2317  # called by the trap
finish() {
  kill -9 "${pids[@]}" "${others[@]}" 2>/dev/null
  wait 2>/dev/null
  rm -rf "$directory"
}
trap finish EXIT
trap 'exit 130' INT TERM
base=$((20000 + RANDOM % 90 * 100))  # below those that the kernel gives away: listen, then metrics

start_provider() {
  "$tarn" provider --config "$directory/p$1.toml" 2>>"$directory/p$1.log" &
  pids[$1]=$!
}
metrics() {
  exec 3<>"/dev/tcp/127.0.0.1/$((base + 41 + $1))" || return 1
  printf 'GET /metrics HTTP/1.1\r\nHost: soak\r\nConnection: close\r\n\r\n' >&3
  cat <&3
  exec 3>&-
} 2>/dev/null
# free, held, leased, offered of a provider
units() {
  metrics "$1" | awk '/^tarn_units\{/ { split($0, a, /state="/); split(a[2], b, "\""); u[b[1]] = $NF }
    /^tarn_leases\{state="offered"/ { o = $NF } END { if ("free" in u) print u["free"], u["held"], u["leased"], o }'
}
# The sum over all providers of descriptors and of kB of memory of their own.
sizes() {
  local fds=0 memory=0 pid
  for pid in "${pids[@]}"; do
    fds=$((fds + $(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l)))
    memory=$((memory + $(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 0)))
  done
  echo "$fds $memory"
}
home() { HOME=$directory/home$1 XDG_STATE_HOME='' XDG_CONFIG_HOME='' "${@:2}"; }
ids() { home "$1" "$tarn" lease list --output json 2>/dev/null | grep -o 'lease_[0-9a-f]*'; }

# One after the other of its share of the requesters, until the time is over.
work() {
  local r id
  RANDOM=$((1000 + $1))
  while [ "$SECONDS" -lt "$end" ]; do
    r=$((RANDOM % requesters / at_once * at_once + $1))
    home "$r" "$tarn" request --cpu 1 --memory 1Gi --quantity $((1 + RANDOM % 8)) --providers $((3 + RANDOM % 4)) \
      --lease $((RANDOM % 4 == 0 ? 3600 : 60))s --deadline 8s --bootstrap "127.0.0.1:$base" >/dev/null 2>>"$directory/err$1"
    echo "request $?" >>"$directory/done$1"
    id=$(ids "$r" | shuf -n 1)
    [ -n "$id" ] || continue
    case $((RANDOM % 3)) in
      0) home "$r" "$tarn" lease release "$id" >/dev/null 2>&1; echo "release $?" >>"$directory/done$1" ;;
      1) home "$r" "$tarn" lease renew "$id" --for 60s >/dev/null 2>&1; echo "renew $?" >>"$directory/done$1" ;;
    esac
  done
}

"$tarn" dht --listen "127.0.0.1:$base" >/dev/null 2>&1 &
others+=($!)
for ((i = 0; i < providers; ++i)); do
  "$tarn" keygen --out "$directory/p$i.key" >/dev/null
  cat >"$directory/p$i.toml" <<EOF
identity = "p$i.key"
state_dir = "p$i"
listen = "127.0.0.1:$((base + 1 + i))"
http = "127.0.0.1:$((base + 41 + i))"
[dht]
listen = "127.0.0.1:0"
bootstrap = ["127.0.0.1:$base"]
[limits]
from_one_place = 1000
burst = 10000
refill_per_minute = 10000
epoch = "10ms"
[[offers]]
name = "units"
class = "cpu=1 memory=1Gi"
capacity = $capacity
price = "0.01 + 0.0$((1 + i % 9)) * leased / capacity"
EOF
  start_provider "$i"
done
for ((i = 0; i < 60; ++i)); do
  seen=$(home 999 "$tarn" pool map --bootstrap "127.0.0.1:$base" 2>/dev/null | grep -c 127.0.0.1)
  [ "$seen" -ge $((providers * 2 / 3)) ] && break
  sleep 1
done
echo "$seen providers are seen; $minutes minutes" >&2

begin=$SECONDS end=$((SECONDS + minutes * 60))
workers=()
for ((i = 0; i < at_once; ++i)); do
  work "$i" &
  workers+=($!)
done
others+=("${workers[@]}")
killed=0 early='' next=0
while [ "$SECONDS" -lt "$end" ]; do
  sleep 2
  if [ "$SECONDS" -ge $((begin + next * 60)) ]; then
    echo "$next of $minutes minutes; descriptors, kB: $(sizes)" >&2
    next=$((next + 1))
  fi
  if $kill_them; then
    i=$((RANDOM % providers))
    kill -9 "${pids[$i]}" && wait "${pids[$i]}" 2>/dev/null
    start_provider "$i"
    killed=$((killed + 1))
  elif [ -z "$early" ] && [ "$SECONDS" -ge $((begin + minutes * 20)) ]; then
    early=$(sizes)
  fi
done
wait "${workers[@]}"

# Asked first: what ends meanwhile ends at the providers, too.
booked=0
for ((r = 0; r < requesters + at_once; ++r)); do
  [ -d "$directory/home$r" ] || continue
  for n in $(home "$r" "$tarn" lease list --output json 2>/dev/null | sed -n 's/.*"units": "\([0-9]*\)".*/\1/p'); do
    booked=$((booked + n))
  done
done
wrong=0 held=1
sleep 6  # figures are brought up to date every five seconds
for ((round = 0; round < 40 && held > 0; ++round)); do  # the longest hold is over in half a minute
  sleep 2
  held=0 leased=0 unbalanced=0
  for ((i = 0; i < providers; ++i)); do
    read -r f h l o <<<"$(units "$i")" || true
    [ -n "${f-}" ] || { held=$((held + 1)); continue; }
    held=$((held + h + o)) leased=$((leased + l))
    [ $((f + h + l)) -eq "$capacity" ] || unbalanced=$((unbalanced + 1))
  done
done
late=$(sizes)
cat "$directory"/done* 2>/dev/null | sort | uniq -c | awk '{ printf "%-8s exit code %-3s %d times\n", $2, $3, $1 }'
echo "providers killed       $killed"
echo "held at the end        $held"
echo "unbalanced             $unbalanced"
echo "leased at providers    $leased"
echo "booked by requesters   $booked"
echo "descriptors, kB early  ${early:-not measured}"
echo "descriptors, kB late   $late"
[ "$held" -eq 0 ] && [ "$unbalanced" -eq 0 ] || wrong=1
[ "$leased" -le "$booked" ] || wrong=1
if [ -n "$early" ]; then
  read -r fds memory <<<"$early"
  read -r late_fds late_memory <<<"$late"
  [ "$late_fds" -le $((fds + providers)) ] && [ "$late_memory" -le $((memory + providers * 2048)) ] || wrong=1
fi
[ "$wrong" -eq 0 ] && echo "sound" || echo "NOT SOUND"
exit "$wrong"
