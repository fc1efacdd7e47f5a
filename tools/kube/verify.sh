#!/usr/bin/env bash
# Starts an API server of its own, with the definitions of the custom resources, and holds the overlays that are named
# against it: kubectl apply --dry-run=server, a warning being an error. Then it plants faults, each of which the server must refuse.
# Everything is in a temporary folder and on spare loopback ports, and goes at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
pids=()
cleanup() {
  # At once: the API server would look for its etcd for minutes, and nothing of either is kept.
  ((${#pids[@]})) && kill -KILL "${pids[@]}" 2>/dev/null && wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

# spare prints a loopback port that nothing listens on.
spare() {
  local port
  while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

store=http://127.0.0.1:$(spare)
etcd --data-dir "$work/etcd" --unsafe-no-fsync --listen-client-urls "$store" --advertise-client-urls "$store" \
  --listen-peer-urls "http://127.0.0.1:$(spare)" >"$work/etcd.log" 2>&1 &
pids+=($!)
openssl genrsa -out "$work/sa.key" 2048 2>/dev/null
# A password for the one user of the one run; the port is the loopback's.
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >"$work/tokens.csv"
port=$(spare)
bin/kube/kube-apiserver --etcd-servers="$store" --bind-address=127.0.0.1 --secure-port="$port" --endpoint-reconciler-type=none \
  --cert-dir="$work/certs" --service-cluster-ip-range=10.0.0.0/24 --authorization-mode=RBAC --token-auth-file="$work/tokens.csv" \
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$work/sa.key" \
  --service-account-signing-key-file="$work/sa.key" --disable-admission-plugins=ServiceAccount >"$work/api.log" 2>&1 &
pids+=($!)
export KUBECONFIG=/dev/null
kubectl() { bin/kube/kubectl --server="https://127.0.0.1:$port" --insecure-skip-tls-verify --token="$token" --cache-dir="$work/cache" "$@"; }
for ((i = 0; ; i++)); do
  kubectl get --raw /readyz >/dev/null 2>&1 && break
  kill -0 "${pids[@]}" 2>/dev/null && ((i < 240)) || { tail -5 "$work/etcd.log" "$work/api.log" >&2; exit 1; }
  sleep 0.5
done

mapfile -t definitions < <(tools/crds/files.sh)
# Applying would write them a second time, into an annotation that has no room for them.
kubectl create "${definitions[@]/#/--filename=}" >"$work/out"
kubectl wait --for=condition=Established --timeout=120s crd --all >>"$work/out"

# dry FILE asks what the server would say; a namespace that is only thought of has no room for the others, so it is there already.
dry() { kubectl apply --dry-run=server --warnings-as-errors --filename="$1" 2>&1; }

kubectl version | sed -n 's/^Server Version: /API server /p'
for overlay in "$@"; do
  bin/kube/kubectl kustomize "deploy/k8s/overlays/$overlay" >"$work/all.yaml"
  [[ $overlay == */migrate ]] || kubectl apply --filename="deploy/k8s/overlays/$overlay/namespace.yaml" >>"$work/out"
  dry "$work/all.yaml" >"$work/said" || { cat "$work/said" >&2; exit 1; }
  echo "overlays/$overlay: all $(grep -c 'server dry run' "$work/said") objects are taken"
done

# refuses FAULT OVERLAY SED SAYS plants a fault in an overlay and wants the server to say so.
refuses() {
  bin/kube/kubectl kustomize "deploy/k8s/overlays/$2" >"$work/sound.yaml"
  sed -E "$3" "$work/sound.yaml" >"$work/all.yaml"
  cmp -s "$work/sound.yaml" "$work/all.yaml" && { echo "the fault does not plant: $1" >&2; exit 1; }
  dry "$work/all.yaml" >"$work/said" && { echo "the server takes $1" >&2; exit 1; }
  grep -qE "$4" "$work/said" || { echo "$1: the server says something else:" >&2; cat "$work/said" >&2; exit 1; }
  echo "refused: $1"
}

refuses 'a field that nobody knows' dev 's/minReadySeconds:/minReadySecond:/' 'unknown field "spec.minReadySecond"'
refuses 'an autoscaler whose most is less than its least' dev 's/maxReplicas: 2/maxReplicas: 1/' 'must be greater than or equal to .*minReplicas'
refuses 'a container that may gain privileges' dev 's/allowPrivilegeEscalation: false/allowPrivilegeEscalation: true/' 'would violate PodSecurity'
refuses 'a port of no protocol' prod 's/protocol: UDP/protocol: DNS/' 'Unsupported value: "DNS"'
refuses 'a route by a kind of path that is none' prod 's/type: PathPrefix/type: Prefix/' 'Unsupported value: "Prefix"'
refuses 'a certificate whose key turns over sometimes' prod 's/rotationPolicy: Always/rotationPolicy: Sometimes/' 'Unsupported value: "Sometimes"'
refuses 'an interval that is no duration' prod 's/interval: 15s/interval: often/' 'spec.endpoints\[0\].interval'
refuses 'a Job that restarts for ever' dev/migrate 's/restartPolicy: Never/restartPolicy: Always/' 'valid values: "OnFailure", "Never"'
