#!/usr/bin/env bash
# Renders the overlays that are named and validates them against the API server's own schemas, which kubectl-validate
# contains. It has none of custom resources; a real API server with their definitions validates them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
for overlay in "$@"; do
  bin/kustomize build "deploy/k8s/overlays/$overlay" |
    awk 'BEGIN { RS = "\n---\n"; ORS = "\n---\n" }
      !/apiVersion: (cert-manager\.io|gateway\.networking\.k8s\.io|monitoring\.coreos\.com)\//' >"$fresh/all.yaml"
  bin/kubectl-validate --version 1.30 "$fresh/all.yaml" >"$fresh/log" 2>&1 || { cat "$fresh/log"; exit 1; }
  echo "overlays/$overlay fits the schemas of Kubernetes 1.30"
done
