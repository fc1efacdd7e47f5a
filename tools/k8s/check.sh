#!/usr/bin/env bash
# Renders the overlays that are named, by their folders below overlays, and holds each against the API's types and kube-score.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Checks of kube-score that are disabled:
#   container-image-pull-policy  a release's tag never moves, and a pod must start while the registry is away
#   deployment-has-host-podantiaffinity  topologySpreadConstraints spread the replicas
ignore=(--ignore-test container-image-pull-policy --ignore-test deployment-has-host-podantiaffinity)
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
GOWORK=off go -C tools/k8s build -o "$fresh/strict" ./strict
for overlay in "$@"; do
  echo "overlays/$overlay"
  bin/kustomize build "deploy/k8s/overlays/$overlay" >"$fresh/all.yaml"
  "$fresh/strict" <"$fresh/all.yaml"
  bin/kube-score score --kubernetes-version v1.30 --exit-one-on-warning --output-format ci "${ignore[@]}" "$fresh/all.yaml" \
    >"$fresh/score" || { grep -E '^\[(CRITICAL|WARNING)\]' "$fresh/score"; exit 1; }
done
