#!/usr/bin/env bash
# Builds the parts of Kubernetes that are named into bin/kube, at the version that go.mod pins, at low priority. The first
# one costs six minutes of a core, each other one less than two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

version=$(awk '$1 == "require" && $2 == "k8s.io/kubernetes" { print $3 }' go.mod)
minor=${version#v1.}
# Without it the parts call themselves v0.0.0, and refuse each other.
named="-X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1 \
  -X k8s.io/component-base/version.gitMinor=${minor%%.*}"
mkdir -p ../../bin/kube
for part in "$@"; do
  echo "building $part $version"
  GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 nice -n 19 go build -p 1 -trimpath -ldflags "-s -w $named" \
    -o "../../bin/kube/$part" "k8s.io/kubernetes/cmd/$part"
done
