#!/usr/bin/env bash
# Puts the images that dist/images has, a pause image of our own and the driver into a cluster of one node: test/k8s says
# what it does there. Logs of everything stay in dist/k8s/logs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=dist/k8s
rm -rf "$out"
mkdir -p "$out/images" "$out/logs"
CGO_ENABLED=0 go build -trimpath -o "$out/driver" ./test/k8s
GOWORK=off go -C tools/image build -o "$PWD/$out/archive" ./archive
GOWORK=off CGO_ENABLED=0 go -C tools/image build -trimpath -ldflags '-s -w' -o "$PWD/$out/pause" ./pause
"$out/archive" -binary "$out/pause" -tag localhost/pause:1 -out "$out/images/pause.tar"
for command in usher identity authz token consent activity gateway; do ln "dist/images/$command.tar" "$out/images/"; done
definitions=$(tools/crds/files.sh | tr '\n' ' ')
tools/kube/node.sh "$PWD/$out/logs" "$PWD/$out/images" -- "$out/driver" -definitions "$definitions"
