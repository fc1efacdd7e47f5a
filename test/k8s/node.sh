# node.sh RUN: one node of Kubernetes with the stores beside it, then the drive. Runs within e2e.sh's namespaces.
set -euo pipefail
. test/k8s/lib.sh
run=$1
node=10.244.255.1 # the node's address, which pods reach the stores and the name server at
ctr() { command ctr -a "$run/containerd.sock" -n k8s.io "$@"; }

finish() {
  local task
  for task in $(ctr tasks ls -q 2>/dev/null); do ctr tasks kill -s 9 "$task" >/dev/null 2>&1 || true; done
  [ -n "${pg:-}" ] && (cd / && runuser -u postgres -- "$pg/pg_ctl" -D "$run/pg" -m immediate -s stop) || true
  sleep 1
  end_all
  grep " $run" /proc/mounts | cut -d' ' -f2 | sort -r | xargs -r -n1 umount -l 2>/dev/null || true
}
trap finish EXIT

# The node's network: a pair of ends, of which one carries the address, and a default route that the kubelet wants.
mount -t tmpfs tmpfs /run/netns 2>/dev/null || { mkdir -p /run/netns; mount -t tmpfs tmpfs /run/netns; }
mkdir -p /var/lib/cni && mount -t tmpfs tmpfs /var/lib/cni
ip link set lo up
ip link add node0 type veth peer name node1
ip addr add $node/24 dev node0
ip link set node0 up
ip link set node1 up
ip route add default dev node0
sysctl -qw net.ipv4.ip_forward=1

# The stores.
pg=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
mkdir "$run/pg" "$run/redis"
chown postgres "$run/pg"
(cd / && runuser -u postgres -- "$pg/initdb" -D "$run/pg" -U postgres -A trust -E UTF8 --no-locale --no-sync) >"$run/initdb.log" 2>&1
echo "host all all 10.244.0.0/16 trust" >>"$run/pg/pg_hba.conf"
(cd / && runuser -u postgres -- "$pg/pg_ctl" -D "$run/pg" -s -w -l "$run/pg/log" \
  -o "-c listen_addresses=* -c unix_socket_directories=$run/pg -c max_connections=300 -c fsync=off" start)
for service in identity authz token consent; do
  (cd / && runuser -u postgres -- psql -q -h "$run/pg" -c "CREATE DATABASE usher_$service")
done
begin redis redis-server --port 6379 --bind 0.0.0.0 --protected-mode no --requirepass a-password-for-this-run --save '' --appendonly no --dir "$run/redis"

# The control plane.
api_server 2379 6443 --bind-address=0.0.0.0 --advertise-address=$node --service-cluster-ip-range=10.96.0.0/24 \
  --allow-privileged=true --kubelet-preferred-address-types=InternalIP
begin controllers bin/kube/kube-controller-manager --kubeconfig="$KUBECONFIG" --service-account-private-key-file="$run/sa.key" \
  --use-service-account-credentials=false --leader-elect=false --controllers='*,-node-ipam-controller' --root-ca-file="$run/certs/apiserver.crt"
begin scheduler bin/kube/kube-scheduler --kubeconfig="$KUBECONFIG" --leader-elect=false

# The node. Everything that it is told not to do needs a kernel or a right that a container in a container has not.
mkdir -p "$run/cni" "$run/kubelet"
cat >"$run/cni/10-bridge.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "usher", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$run/ipam", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
command ctr oci spec | python3 -c 'import json, sys
spec = json.load(sys.stdin)
spec["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]
spec["process"].pop("oomScoreAdj", None)
print(json.dumps(spec))' >"$run/spec.json"
cat >"$run/containerd.toml" <<TOML
version = 2
root = "$run/containerd-root"
state = "$run/containerd-state"
[grpc]
  address = "$run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "localhost/usher/pause:dev"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$run/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    base_runtime_spec = "$run/spec.json"
TOML
begin containerd containerd -c "$run/containerd.toml"
until_ok 30 ctr version
for image in "$run/pause.tar" dist/images/{usher,identity,authz,token,consent,gateway}.tar; do ctr images import "$image" >/dev/null; done
cat >"$run/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
containerRuntimeEndpoint: unix://$run/containerd.sock
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
clusterDomain: cluster.local
clusterDNS: [$node]
evictionHard: {memory.available: 10Mi, nodefs.available: "1%", imagefs.available: "1%"}
imageGCHighThresholdPercent: 100
registerNode: true
YAML
begin kubelet bin/kube/kubelet --config="$run/kubelet.yaml" --kubeconfig="$KUBECONFIG" --root-dir="$run/kubelet" \
  --hostname-override=node --node-ip=$node
cat >"$run/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clientConnection: {kubeconfig: $KUBECONFIG}
clusterCIDR: 10.244.0.0/24
hostnameOverride: node
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
YAML
begin proxy bin/kube/kube-proxy --config="$run/proxy.yaml"
cat >"$run/Corefile" <<CORE
.:53 {
  bind $node
  errors
  kubernetes cluster.local {
    kubeconfig $KUBECONFIG here
  }
}
CORE
begin coredns bin/kube/coredns -conf "$run/Corefile"
until_ok 60 bin/kube/kubectl wait --for=condition=Ready --timeout=5s node/node || { tail -5 "$run/kubelet.log" >&2; exit 1; }

# Usher: what an operator brings, the schemas, then the services.
definitions >/dev/null
bin/kube/kubectl apply -f deploy/k8s/overlays/dev/namespace.yaml
"$run/drive" secrets -store $node -redis-password a-password-for-this-run | bin/kube/kubectl apply -f -
bin/kube/kubectl apply -f "$run/migrate.yaml"
bin/kube/kubectl -n usher-dev wait --for=condition=complete --timeout=120s job/migrate-dev
bin/kube/kubectl apply -f "$run/overlay.yaml" | sed -n 's/^deployment.*/&/p'
for service in identity authz token consent gateway; do
  bin/kube/kubectl -n usher-dev rollout status --timeout=300s "deployment/$service" | tail -1 || {
    bin/kube/kubectl -n usher-dev get pods -o wide
    bin/kube/kubectl -n usher-dev logs "deployment/$service" --tail=20
    bin/kube/kubectl -n usher-dev describe pods | tail -40
    tail -5 "$run/kubelet.log"
    exit 1
  } >&2
done
bin/kube/kubectl -n usher-dev get pods
"$run/drive" check -url http://10.96.0.80 -kubectl bin/kube/kubectl -namespace usher-dev
