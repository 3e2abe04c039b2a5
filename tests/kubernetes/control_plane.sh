#!/bin/bash
# control_plane.sh fresh|start|stop|apply DIR …: a real etcd, kube-apiserver (RBAC on, tokens signed) and
# kube-controller-manager on loopback, on free ports, everything of theirs in DIR; no nodes, so pods stay pending.
#   fresh   forgets what was in DIR and starts
#   start   starts what does not run, with the data, keys and ports that DIR has
#   stop    ends them, or one PROGRAM alone, by their process ids
#   apply   installs manifests, FILE…, and waits until their resources are served
# fresh and start print DIR/admin.kubeconfig. In DIR are also port, ca.crt, PROGRAM.pid and PROGRAM.log. Exit code 77: there are no
# programs (ensure.sh --no-build says why, on stderr and in DIR/unavailable). Needs openssl and curl.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
action=${1:?fresh, start, stop or apply} dir=${2:?a folder}
host=127.0.0.1

running() { [ -f "$dir/$1.pid" ] && kill -0 "$(cat "$dir/$1.pid")" 2>/dev/null; }
stop() { # stop PROGRAM
  running "$1" || { rm -f "$dir/$1.pid"; return 0; }
  local pid tries=0
  pid=$(cat "$dir/$1.pid")
  kill "$pid" 2>/dev/null || :
  while kill -0 "$pid" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -ne 150 ] || kill -KILL "$pid" 2>/dev/null || :
    [ "$tries" -lt 200 ] || { echo "kubernetes: $1 ($pid) does not end" >&2; exit 1; }
    sleep 0.1
  done
  rm -f "$dir/$1.pid"
}
stop_all() { for program in kube-controller-manager kube-apiserver etcd; do stop "$program"; done; }

case $action in
  stop)
    if [ $# -ge 3 ]; then stop "$3"; else stop_all; fi
    exit
    ;;
  apply)
    [ ! -f "$dir/unavailable" ] || exit 77
    shift 2
    export KUBECONFIG=$dir/admin.kubeconfig
    for file; do "$dir/bin/kubectl" apply --cache-dir="$dir/kubectl" -f "$file"; done
    exec "$dir/bin/kubectl" wait --cache-dir="$dir/kubectl" --for=condition=Established --timeout=30s crd --all
    ;;
  fresh)
    [ ! -d "$dir" ] || [ -f "$dir/this-is-a-control-plane" ] || { echo "kubernetes: $dir is something else" >&2; exit 1; }
    stop_all
    rm -rf "$dir"
    ;;
  start) ;;
  *) echo "kubernetes: fresh, start, stop or apply, not '$action'" >&2; exit 2 ;;
esac
mkdir -p "$dir"
chmod 700 "$dir"
dir=$(readlink -f "$dir")
touch "$dir/this-is-a-control-plane"
if ! bin=$("$here/ensure.sh" --no-build 2>"$dir/unavailable"); then
  cat "$dir/unavailable" >&2
  exit 77
fi
rm -f "$dir/unavailable"
ln -sfn "$bin" "$dir/bin"

make_keys() (
  mkdir -p "$dir/pki"
  cd "$dir/pki"
  key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
  certificate() { # certificate NAME SUBJECT USAGE [ALTERNATIVE NAMES]
    key "$1"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    printf '%s\n' basicConstraints=CA:FALSE keyUsage=critical,digitalSignature,keyEncipherment \
      "extendedKeyUsage=$3" ${4:+"subjectAltName=$4"} >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
  }
  key ca
  openssl req -x509 -new -key ca.key -subj /CN=test-ca -days 3650 -out ca.crt \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
  certificate apiserver /CN=kube-apiserver serverAuth \
    IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
  certificate admin /O=system:masters/CN=admin clientAuth
  certificate manager /CN=system:kube-controller-manager clientAuth
  openssl genrsa -out tokens.key 2048 2>/dev/null
  openssl rsa -in tokens.key -pubout -out tokens.pub 2>/dev/null
  cp ca.crt ../ca.crt # last: it says that all are there
)
[ -f "$dir/ca.crt" ] || make_keys

# Four ports in a row that nobody listens at, below those that the kernel gives to others.
choose_ports() {
  local tries port
  for ((tries = 0; tries < 50; ++tries)); do
    base=$((10240 + RANDOM % 20000))
    for ((port = base; port < base + 4; ++port)); do
      ! (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null || continue 2
    done
    return 0
  done
  echo "kubernetes: no free ports" >&2
  exit 1
}
kubeconfig() { # kubeconfig NAME: with the key of that name
  (umask 077 && cat >"$dir/$1.kubeconfig") <<KUBECONFIG
apiVersion: v1
kind: Config
clusters:
- name: test
  cluster:
    server: https://$host:$base
    certificate-authority: $dir/ca.crt
users:
- name: $1
  user:
    client-certificate: $dir/pki/$1.crt
    client-key: $dir/pki/$1.key
contexts:
- name: test
  context:
    cluster: test
    user: $1
current-context: test
KUBECONFIG
}
# background PROGRAM ARGUMENT…: in a session of its own, so that it outlives whoever started the tests' fixture.
background() {
  local program=$1
  shift
  setsid "$bin/$program" "$@" >>"$dir/$program.log" 2>&1 </dev/null 9>&- &
  echo $! >"$dir/$program.pid"
}
# answers USER PATH PROGRAM: waits until the server shows USER the PATH; fails if PROGRAM ends.
answers() {
  local tries
  for ((tries = 0; tries < 900; ++tries)); do
    ! curl -fsS -m 5 --cacert "$dir/ca.crt" --cert "$dir/pki/$1.crt" --key "$dir/pki/$1.key" "https://$host:$base$2" \
      >/dev/null 2>&1 || return 0
    running "$3" || return 1
    sleep 0.1
  done
  return 1
}

start_server() {
  kubeconfig admin
  kubeconfig manager
  running etcd || background etcd --name=test --data-dir="$dir/etcd" --unsafe-no-fsync \
    --listen-client-urls="http://$host:$((base + 1))" --advertise-client-urls="http://$host:$((base + 1))" \
    --listen-peer-urls="http://$host:$((base + 2))" --initial-advertise-peer-urls="http://$host:$((base + 2))" \
    --initial-cluster="test=http://$host:$((base + 2))"
  running kube-apiserver || background kube-apiserver --etcd-servers="http://$host:$((base + 1))" \
    --bind-address=$host --secure-port="$base" --insecure-port=0 --advertise-address=$host \
    --endpoint-reconciler-type=none --service-cluster-ip-range=10.0.0.0/24 --cert-dir="$dir/pki" \
    --tls-cert-file="$dir/pki/apiserver.crt" --tls-private-key-file="$dir/pki/apiserver.key" --client-ca-file="$dir/ca.crt" \
    --authorization-mode=Node,RBAC --anonymous-auth=true --allow-privileged=true \
    --service-account-issuer=https://kubernetes.default.svc --api-audiences=https://kubernetes.default.svc \
    --service-account-signing-key-file="$dir/pki/tokens.key" --service-account-key-file="$dir/pki/tokens.pub" \
    --requestheader-client-ca-file="$dir/ca.crt" --requestheader-allowed-names=front-proxy-client \
    --enable-bootstrap-token-auth=false --profiling=false --v=1
  answers admin /readyz kube-apiserver
}
start_manager() {
  # It gives up if it may not yet read this, so ask first, as itself.
  answers manager /api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication kube-apiserver || return 1
  running kube-controller-manager || background kube-controller-manager --kubeconfig="$dir/manager.kubeconfig" \
    --authentication-kubeconfig="$dir/manager.kubeconfig" --authorization-kubeconfig="$dir/manager.kubeconfig" \
    --bind-address=$host --secure-port=$((base + 3)) --port=0 --cert-dir="$dir/pki" --leader-elect=false \
    --use-service-account-credentials=true --service-account-private-key-file="$dir/pki/tokens.key" \
    --root-ca-file="$dir/ca.crt" --cluster-signing-cert-file="$dir/ca.crt" --cluster-signing-key-file="$dir/pki/ca.key" \
    --controllers='*,-cloud-node-lifecycle,-route,-service,-nodeipam,-attachdetach' \
    --resource-quota-sync-period=30s --v=1
  answers admin /api/v1/namespaces/default/serviceaccounts/default kube-controller-manager
}

for ((attempt = 0; ; ++attempt)); do
  if [ -f "$dir/port" ]; then base=$(cat "$dir/port"); else choose_ports; fi
  if start_server && start_manager; then break; fi
  stop_all
  # Somebody may have taken a port meanwhile. With data of earlier they have to be these.
  if [ -f "$dir/port" ] || [ "$attempt" -ge 3 ]; then
    tail -n 5 "$dir"/*.log >&2
    exit 1
  fi
  rm -rf "$dir/etcd"
done
echo "$base" >"$dir/port"
echo "$dir/admin.kubeconfig"
