#!/bin/bash
# build.sh OUT WORK: etcd 3.4.23, kube-apiserver and kube-controller-manager 1.20.2 and kubectl, from Debian 12 alone:
# its source package of Kubernetes, compiled with its Go, and its etcd and kubectl, unpacked. Installs nothing.
# Takes 3 minutes on two idle cores and 2 GB below WORK. Needs apt with a bookworm source, dpkg-dev and the network.
# OUT and WORK are absolute.
set -euo pipefail
out=$1 work=$2
say() { echo "kubernetes: $*, after $SECONDS s" >&2; }

# An apt of our own, that knows bookworm's sources and writes nothing of the system's.
mkdir -p "$out" "$work"/{apt/state/lists/partial,apt/cache/archives/partial,apt/parts,debs,root,gopath/src/k8s.io}
cd "$work"
# shellcheck disable=SC2016 # apt's own variables
mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
[ -n "$mirror" ] || { echo "kubernetes: apt has no source for bookworm here" >&2; exit 1; }
cat >apt/parts/debian.sources <<SOURCES
Types: deb deb-src
URIs: $mirror
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
cat >apt/apt.conf <<CONF
Dir::State "$work/apt/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$work/apt/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/apt/parts";
APT::Sandbox::User "";
Acquire::Languages "none";
CONF
say "downloading"
export APT_CONFIG=$work/apt/apt.conf
apt-get -qq update
(
  cd debs
  apt-get -qq download golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev etcd-server kubernetes-client
  apt-get -qq source --download-only kubernetes
)
unset APT_CONFIG

for package in debs/*.deb; do dpkg -x "$package" root; done
dpkg-source -x debs/kubernetes_*.dsc gopath/src/k8s.io/kubernetes >/dev/null 2>&1
cd gopath/src/k8s.io/kubernetes
# The reflect2 in the source crashes with Go 1.18 and later; Debian has a newer one.
reflect=vendor/github.com/modern-go/reflect2
rm -f "$reflect"/*.go "$reflect"/*.s
cp "$work"/root/usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} "$reflect"/

export GOROOT=$work/root/usr/lib/go-1.19 GOPATH=$work/gopath GOCACHE=$work/gocache HOME=$work
export GO111MODULE=off CGO_ENABLED=0 GOPROXY=off GOFLAGS='' GOTOOLCHAIN=local
PATH=$GOROOT/bin:$PATH
say "generating the OpenAPI definitions, which the source package lacks"
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
packages=$(
  {
    grep -rl --include='*.go' '^// *+k8s:openapi-gen=' pkg cmd plugin
    grep -rl --include='*.go' '^// *+k8s:openapi-gen=' vendor/k8s.io/*/ || :
  } | grep -vE '^vendor/k8s.io/(code-generator|sample-apiserver|kube-openapi)/|/testdata/' |
    sed 's,//*,/,g' | xargs -n 1 dirname | LC_ALL=C sort -u | sed 's,^,k8s.io/kubernetes/,' | paste -sd ,
)
"$work/openapi-gen" --logtostderr -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
  -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/violations"
diff <(sort "$work/violations") <(sort api/api-rules/violation_exceptions.list) >&2 # upstream's own check

flags='-s -w'
for package in k8s.io/kubernetes/vendor/k8s.io/component-base/version k8s.io/kubernetes/vendor/k8s.io/client-go/pkg/version; do
  flags="$flags -X $package.gitVersion=v1.20.2 -X $package.gitMajor=1 -X $package.gitMinor=20 -X $package.gitTreeState=archive"
  flags="$flags -X $package.gitCommit=faecb196815e248d3ecfb03c680a4507229c2a56 -X $package.buildDate=2021-01-13T13:20:00Z"
done
for command in kube-apiserver kube-controller-manager; do
  say "compiling $command"
  go build -trimpath -tags providerless,dockerless -ldflags "$flags" -o "$out/" "./cmd/$command"
done
cp "$work"/root/usr/bin/{etcd,kubectl} "$out"/
say "done"
