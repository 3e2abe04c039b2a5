#!/bin/bash
# with_cluster.sh COMMAND…: runs it beside a control plane of its own with Tarn's resources installed, and KUBECONFIG set.
# The control plane lives as long as the command does. Needs the programs (ensure.sh).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
manifests=$here/../../deploy/kubernetes
folder=$(mktemp -d)
trap '"$here/control_plane.sh" stop "$folder/kubernetes" >&2; rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
echo "starting etcd, an API server and a controller manager" >&2
KUBECONFIG=$("$here/control_plane.sh" fresh "$folder/kubernetes")
export KUBECONFIG
"$here/control_plane.sh" apply "$folder/kubernetes" "$manifests/crds.yaml" "$manifests/tenant-role.yaml" >/dev/null
"$@"
