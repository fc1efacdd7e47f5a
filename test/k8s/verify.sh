#!/usr/bin/env bash
# Has a real API server judge every overlay that is named, with nothing left behind: kubectl apply --dry-run=server.
# It first shows that the server finds what is planted: a field that does not exist, and an autoscaler whose bounds cross.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. test/k8s/lib.sh

need etcd etcd-server
run=$(mktemp -d "${TMPDIR:-/tmp}/usher-k8s.XXXXXX")
trap 'end_all; rm -rf "$run"' EXIT
# Spare ports of the loopback interface alone; without the reconciler it would refuse to be found there.
api_server $((20000 + RANDOM % 5000)) $((25000 + RANDOM % 5000)) --bind-address=127.0.0.1 --endpoint-reconciler-type=none \
  --service-cluster-ip-range=10.96.0.0/24 --disable-admission-plugins=ServiceAccount
definitions >"$run/definitions.log"

judge() { bin/kube/kubectl apply --dry-run=server --warnings-as-errors -f "$1" >"$run/judgement" 2>&1; }

# planted NAME SED: the overlay with a fault must be refused.
planted() {
  sed -E "$2" "$run/all.yaml" >"$run/fault.yaml"
  cmp -s "$run/all.yaml" "$run/fault.yaml" && { echo "nothing was planted: $1" >&2; return 1; }
  if judge "$run/fault.yaml"; then echo "the API server accepts $1" >&2; return 1; fi
  echo "refused as it should be: $1"
}

for overlay in "$@"; do
  bin/kustomize build "deploy/k8s/overlays/$overlay" >"$run/all.yaml"
  # A dry run makes no namespace for what comes after it.
  bin/kube/kubectl apply -f "deploy/k8s/overlays/$overlay/namespace.yaml" >/dev/null
  if [ "$overlay" = "$1" ]; then
    planted "a field that does not exist" 's/^( *)minReadySeconds:/\1minReadySecond:/'
    planted "an autoscaler whose bounds cross" 's/^( *)minReplicas: .*/\1minReplicas: 99/'
  fi
  judge "$run/all.yaml" || { cat "$run/judgement" >&2; exit 1; }
  echo "overlays/$overlay: $(grep -c 'server dry run' "$run/judgement") objects accepted by Kubernetes $(bin/kube/kubectl version -o json | sed -n 's/.*"gitVersion": "\(.*\)".*/\1/p' | tail -1)"
done
