#!/usr/bin/env bash
# node.sh LOGS IMAGES -- CMD...: a Kubernetes of one node, with PostgreSQL and Redis beside it, for as long as CMD runs.
#
# All of it lives in namespaces of its own, of processes, network and mounts: it opens no port of the machine, leaves no file but
# the logs in LOGS, and ends when this does. IMAGES is a folder of archives to load. CMD sees
#   KUBECONFIG                  the administrator's
#   USHER_TEST_POSTGRES_URL     a superuser's URL of the PostgreSQL server, as pods reach it too
#   USHER_TEST_REDIS_ADDR, USHER_TEST_REDIS_PASSWORD
# and the cluster's name server as its own, which looks in the namespace usher-dev first.
# Limits: a single node; network policies are accepted and not enforced; no metrics server; a Service of
# type LoadBalancer or an Ingress gets no address.
set -euo pipefail

node=10.244.255.1 # in the namespace's own network, where nothing else has an address
own=${BASH_SOURCE[0]}
root=$(cd "$(dirname "$own")/../.." && pwd)

if [[ ${1:-} != --inside ]]; then
  [[ $(id -u) == 0 ]] || { echo "node.sh: making namespaces and control groups takes root" >&2; exit 1; }
  PATH=$PATH:/usr/sbin
  work=$(mktemp -d)
  chmod 711 "$work"
  # A kubelet sets these for the whole machine.
  tunables=(vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes)
  mapfile -t before < <(sysctl -e "${tunables[@]}" | tr -d ' ')
  cleanup() {
    sysctl -qw "${before[@]}" || true
    find /sys/fs/cgroup -depth -path '*/kubepods*' -type d -exec rmdir {} + 2>/dev/null || true
    mkdir -p "$logs" && cp "$work"/*.log "$logs" 2>/dev/null || true
    rm -rf "$work"
  }
  logs=$1
  trap cleanup EXIT
  trap 'exit 130' INT TERM
  unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private "$own" --inside "$work" "${@:2}"
  exit
fi

work=$2 images=$3
shift 4 # --inside WORK IMAGES --
cd "$work"
mkdir -p cni kubelet plugins pods certs containerd
# Paths that containerd, the kubelet and the network plugins have built in.
for path in /run /var/lib /var/log; do mount -t tmpfs tmpfs "$path"; done
printf 'nameserver %s\nsearch usher-dev.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n' "$node" >resolv.conf
mount --bind resolv.conf "$(readlink -f /etc/resolv.conf)" 2>/dev/null || mount --bind resolv.conf /etc/resolv.conf

ip link set lo up
ip link add uplink type veth peer name nowhere
ip address add "$node/24" dev uplink
ip link set uplink up
ip link set nowhere up
ip route add default dev uplink
sysctl -qw net.ipv4.ip_forward=1

# until_true SECONDS CMD... waits until a command succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { echo "node.sh: never came true: $*" >&2; tail -n 5 ./*.log >&2; return 1; }
    sleep 0.3
  done
}

# ---- PostgreSQL and Redis, as pods reach them
export USHER_TEST_REDIS_ADDR=$node:6379 USHER_TEST_REDIS_PASSWORD
USHER_TEST_REDIS_PASSWORD=$(openssl rand -hex 16)
redis-server - <<<"bind $node
port 6379
requirepass $USHER_TEST_REDIS_PASSWORD
save \"\"" >redis.log 2>&1 &
postgres=$(find /usr/lib/postgresql/*/bin -maxdepth 0 | sort -V | tail -1)
password=$(openssl rand -hex 16)
install -d -o postgres pg
install -o postgres -m 600 /dev/null pg.password
echo "$password" >pg.password
(cd / && runuser -u postgres -- "$postgres/initdb" -D "$work/pg" -U postgres -A scram-sha-256 --pwfile "$work/pg.password" \
  -E UTF8 --no-locale --no-sync) >initdb.log 2>&1
echo 'host all all 10.244.0.0/16 scram-sha-256' >>pg/pg_hba.conf
(cd / && exec runuser -u postgres -- "$postgres/postgres" -D "$work/pg" -c listen_addresses="$node" -c unix_socket_directories= \
  -c max_connections=200 -c fsync=off) >postgres.log 2>&1 &
export USHER_TEST_POSTGRES_URL="postgres://postgres:$password@$node:5432/postgres?sslmode=disable"

# ---- the machine's own: containers
cat >cni/10-bridge.conflist <<EOF
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true, "ipam": {"type": "host-local",
    "dataDir": "$work/addresses", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
# A machine that may not raise limits runs containers all the same.
ctr oci spec | jq 'del(.process.oomScoreAdj) | .process.rlimits = [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]' >spec.json
cat >containerd.toml <<EOF
version = 2
root = "$work/containerd/root"
state = "/run/containerd/state"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "localhost/pause:1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$work/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    base_runtime_spec = "$work/spec.json"
EOF
mkdir -p /run/containerd
containerd -c containerd.toml >containerd.log 2>&1 &
until_true 60 ctr version
for archive in "$images"/*.tar; do ctr -n k8s.io images import "$archive" >>images.log 2>&1; done

# ---- the control plane
etcd --data-dir etcd --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 >etcd.log 2>&1 &
openssl genrsa -out sa.key 2048 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >tokens.csv
"$root/bin/kube/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --secure-port=6443 \
  --advertise-address="$node" --cert-dir=certs --service-cluster-ip-range=10.96.0.0/24 --authorization-mode=RBAC \
  --token-auth-file=tokens.csv --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=sa.key \
  --service-account-signing-key-file=sa.key --allow-privileged=true --kubelet-preferred-address-types=InternalIP >apiserver.log 2>&1 &
cat >kubeconfig <<EOF
apiVersion: v1
kind: Config
clusters: [{name: one, cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: $token}}]
contexts: [{name: one, context: {cluster: one, user: admin}}]
current-context: one
EOF
export KUBECONFIG=$work/kubeconfig
kubectl() { "$root/bin/kube/kubectl" "$@"; }
until_true 180 kubectl get --raw /readyz
"$root/bin/kube/kube-controller-manager" --kubeconfig=kubeconfig --leader-elect=false --service-account-private-key-file=sa.key \
  --root-ca-file=certs/apiserver.crt --controllers='*,-node-ipam-controller' >controllers.log 2>&1 &
"$root/bin/kube/kube-scheduler" --kubeconfig=kubeconfig --leader-elect=false >scheduler.log 2>&1 &

# ---- the node
cat >kubelet.yaml <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
podLogsDir: $work/pods
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
clusterDomain: cluster.local
clusterDNS: [$node]
resolvConf: $work/resolv.conf
evictionHard: {memory.available: 10Mi, nodefs.available: "1%", imagefs.available: "1%"}
imageGCHighThresholdPercent: 100
EOF
"$root/bin/kube/kubelet" --config=kubelet.yaml --kubeconfig=kubeconfig --root-dir="$work/kubelet" --volume-plugin-dir="$work/plugins" \
  --hostname-override=node --node-ip="$node" >kubelet.log 2>&1 &
cat >proxy.yaml <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clientConnection: {kubeconfig: $work/kubeconfig}
clusterCIDR: 10.244.0.0/24
hostnameOverride: node
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
EOF
until_true 120 kubectl get node node
"$root/bin/kube/kube-proxy" --config=proxy.yaml >proxy.log 2>&1 &
cat >Corefile <<EOF
.:53 {
  bind $node
  errors
  kubernetes cluster.local {
    kubeconfig $work/kubeconfig one
    ttl 30
  }
  cache 30
  loadbalance
}
EOF
"$root/bin/kube/dns" -conf Corefile >dns.log 2>&1 &
until_true 120 kubectl wait --for=condition=Ready --timeout=1s node/node
# The kubelet does not measure the disk (it may not know the device), and so has none to give to pods that ask for some.
kubectl patch node node --subresource=status --patch '{"status": {"capacity": {"ephemeral-storage": "8Gi"}}}' >/dev/null
until_true 120 kubectl wait --for=jsonpath='{.status.allocatable.ephemeral-storage}'=8Gi --timeout=1s node/node
echo "Kubernetes $("$root/bin/kube/kubelet" --version | cut -d' ' -f2), $(containerd --version | cut -d' ' -f1,3), PostgreSQL $("$postgres/postgres" --version |
  cut -d' ' -f3), Redis $(redis-server --version | sed -E 's/.*v=([^ ]+).*/\1/'); one node"

status=0
cd "$root" && "$@" || status=$?
kubectl get pods --all-namespaces -o wide >"$work/pods.log" 2>&1 || true
kubectl get events --all-namespaces --sort-by=.metadata.creationTimestamp >"$work/events.log" 2>&1 || true
find "$work/pods" -name '*.log' -path '*usher-dev*' -exec sh -c 'cp "$1" "$2/pod-$(echo "$1" | cut -d_ -f2)-$(basename "$1")"' _ {} "$work" \; || true
# Containers that are left end with this process, which is the first of their namespace.
exit "$status"
