#!/usr/bin/env bash
# Builds dist/images/<command>.tar, an image archive, and dist/images/<command>.cdx.json, its bill of materials in
# CycloneDX, without Docker or Podman. The same source and the same Go give the same bytes.
#   VERSION, COMMIT, REGISTRY  as in images.sh
#   OUT                where they go, dist/images
#   PLATFORM           linux/amd64, or what `go tool dist list` has
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

commands=("$@")
((${#commands[@]})) || commands=(usher identity authz token consent activity gateway)
platform=${PLATFORM:-linux/amd64}
out=${OUT:-dist/images}
release=github.com/vidocu/usher/internal/platform/release
commit=${COMMIT:-$(git describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null || true)}
version=${VERSION:-dev}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

GOWORK=off go -C tools/image build -o "$work/archive" ./archive
for command in "${commands[@]}"; do
  mkdir -p "$work/$command"
  GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X $release.version=$version -X $release.commit=$commit" \
    -o "$work/$command/usher-process" "$(deploy/docker/package.sh "$command")"
  "$work/archive" -binary "$work/$command/usher-process" -platform "$platform" \
    -tag "${REGISTRY:-localhost/usher}/$command:$version" -out "$out/$command.tar"
  bin/cyclonedx-gomod bin -json -version "${VERSION:-v0.0.0-dev}" -noserial -notimestamp -output "$out/$command.cdx.json" "$work/$command/usher-process"
done
