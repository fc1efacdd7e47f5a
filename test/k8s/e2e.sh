#!/usr/bin/env bash
# Runs the dev overlay on a cluster of one node, with images built here and PostgreSQL and Redis on the node, and replaces
# everything under load. All of it lives in a network and a mount namespace of its own: it touches no port and leaves no file.
# Needs root, and Debian's containerd. What it does not show: network policies (the bridge enforces none), autoscaling by load
# (there is no metrics server), cert-manager (the certificates are made by test/k8s/drive), more than one node.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. test/k8s/lib.sh

[ "$(id -u)" = 0 ] || { echo "$0: needs root, for namespaces and containers" >&2; exit 1; }
need etcd etcd-server
need containerd containerd runc
need iptables iptables
need conntrack conntrack
need ip iproute2
[ -x /usr/lib/cni/bridge ] || need no-such-command containernetworking-plugins
need redis-server redis-server
[ -n "$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null)" ] || need no-such-command postgresql

run=$(mktemp -d "${TMPDIR:-/tmp}/usher-k8s.XXXXXX")
trap 'rm -rf "$run"' EXIT
chmod 711 "$run"
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$run/pause" ./test/k8s/pause
CGO_ENABLED=0 go build -o "$run/drive" ./test/k8s/drive
GOWORK=off go -C tools/image build -o "$run/archive" ./archive
"$run/archive" -binary "$run/pause" -tag localhost/usher/pause:dev -out "$run/pause.tar"
bin/kustomize build --load-restrictor LoadRestrictionsNone test/k8s/overlay >"$run/overlay.yaml"
bin/kustomize build deploy/k8s/overlays/dev/migrate >"$run/migrate.yaml"
unshare --net --mount --propagation private bash test/k8s/node.sh "$run"
