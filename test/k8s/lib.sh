# What verify.sh and node.sh share: servers of Kubernetes from bin/kube, in a folder that goes when the script ends.
# It is sourced, with the repository's root as the working folder.

pids=()
# begin NAME CMD...: starts a server with its log in $run/NAME.log. Servers end with the script, the last first.
begin() {
  local name=$1; shift
  nice -n 5 "$@" >"$run/$name.log" 2>&1 &
  pids+=($!)
}

end_all() {
  local i
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill "${pids[i]}" 2>/dev/null || true; done
  wait "${pids[@]}" 2>/dev/null || true
}

# until_ok SECONDS CMD...: repeats a command until it succeeds.
until_ok() {
  local limit=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < limit)) || { echo "gave up on: $*" >&2; return 1; }
    sleep 0.25
  done
}

# api_server ETCD_PORT PORT [FLAG...]: starts etcd and an API server, whose only user may do everything, and waits for it.
api_server() {
  local etcd=$1 port=$2; shift 2
  begin etcd etcd --data-dir "$run/etcd" --listen-client-urls "http://127.0.0.1:$etcd" --advertise-client-urls "http://127.0.0.1:$etcd" \
    --listen-peer-urls http://127.0.0.1:0 --unsafe-no-fsync
  openssl genrsa -out "$run/sa.key" 2048 2>/dev/null
  local token; token=$(openssl rand -hex 16)
  echo "$token,admin,admin,system:masters" >"$run/tokens.csv"
  begin apiserver bin/kube/kube-apiserver --etcd-servers="http://127.0.0.1:$etcd" --secure-port="$port" --cert-dir="$run/certs" \
    --service-account-key-file="$run/sa.key" --service-account-signing-key-file="$run/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --token-auth-file="$run/tokens.csv" --authorization-mode=RBAC "$@"
  cat >"$run/kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "https://127.0.0.1:$port", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: $token}}]
contexts: [{name: here, context: {cluster: here, user: admin}}]
current-context: here
YAML
  export KUBECONFIG=$run/kubeconfig
  until_ok 60 bin/kube/kubectl get --raw /readyz || { tail -5 "$run/apiserver.log" >&2; return 1; }
}

# definitions installs the custom resources that the overlays use, as their makers publish them.
definitions() {
  local dir
  dir=$(GOWORK=off go -C tools/crds mod download -json github.com/cert-manager/cert-manager | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  bin/kube/kubectl create -f "$dir/deploy/crds/cert-manager.io_certificates.yaml" -f "$dir/deploy/crds/cert-manager.io_issuers.yaml"
  dir=$(GOWORK=off go -C tools/crds mod download -json sigs.k8s.io/gateway-api | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  bin/kube/kubectl create -f "$dir/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"
  dir=$(GOWORK=off go -C tools/crds mod download -json github.com/prometheus-operator/prometheus-operator | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  bin/kube/kubectl create -f "$dir/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml" \
    -f "$dir/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"
  bin/kube/kubectl wait --for=condition=Established --timeout=60s crd --all
}

# need COMMAND PACKAGE...: installs Debian packages where a command is missing, and says elsewhere what to install.
need() {
  PATH=$PATH:/usr/sbin:/sbin
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "$0: install ${*:2} and run this again" >&2
    exit 1
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${@:2}" >&2
}
