#!/bin/bash
# ensure.sh [--no-build]: prints the folder with etcd, kube-apiserver, kube-controller-manager and kubectl for tests and
# demos; builds them (build.sh) once a machine if there are none, with --no-build fails instead.
#   TARN_K8S_BIN      a folder that has them already
#   TARN_K8S_CACHE    where they are built and found again (default: /var/cache/tarn-k8s, or ~/.cache/tarn-k8s for
#                     who may not write there)
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
key=$(sha256sum <"$here/build.sh" | cut -c 1-16)

complete() { # complete FOLDER: all programs are there, and run
  local name
  for name in etcd kube-apiserver kube-controller-manager kubectl; do [ -x "$1/$name" ] || return 1; done
  "$1/kube-apiserver" --version 2>/dev/null | grep -q '^Kubernetes v1\.'
}

if [ -n "${TARN_K8S_BIN-}" ]; then
  complete "$TARN_K8S_BIN" || { echo "kubernetes: TARN_K8S_BIN=$TARN_K8S_BIN lacks a program that runs" >&2; exit 1; }
  echo "$TARN_K8S_BIN"
  exit
fi
cache=${TARN_K8S_CACHE:-/var/cache/tarn-k8s}
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || cache=${HOME:-/nonexistent}/.cache/tarn-k8s
# The second is where other projects of a shared machine keep the same.
for folder in "$cache/$key" /var/cache/k8s-test/*; do
  if complete "$folder"; then
    echo "$folder"
    exit
  fi
done
[ "${1-}" != --no-build ] || { echo "kubernetes: not built on this machine; tests/kubernetes/ensure.sh does it" >&2; exit 1; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # one builds, the others wait for it
if ! complete "$cache/$key"; then
  work=$(mktemp -d "$cache/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "kubernetes: building it, once on this machine; takes some minutes, log: $cache/build.log" >&2
  "$here/build.sh" "$work/out" "$work/build" >"$cache/build.log" 2>&1 || {
    tail -n 5 "$cache/build.log" >&2
    exit 1
  }
  rm -rf "${cache:?}/$key"
  mv "$work/out" "$cache/$key"
fi
echo "$cache/$key"
