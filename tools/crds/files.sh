#!/usr/bin/env bash
# Prints the files that define the custom resources of the overlays, one a line, and downloads their modules first where
# they are missing. go.mod and go.sum pin what is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# folder MODULE prints where the pinned version of a module lies.
folder() {
  local version
  version=$(awk -v module="$1" '$1 == module { print $2 }' go.mod)
  GOWORK=off go mod download -json "$1@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

certs=$(folder github.com/cert-manager/cert-manager)
routes=$(folder sigs.k8s.io/gateway-api)
monitors=$(folder github.com/prometheus-operator/prometheus-operator)
ls "$certs"/deploy/crds/cert-manager.io_{certificates,certificaterequests,issuers,clusterissuers}.yaml \
  "$routes"/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml \
  "$monitors"/example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml
