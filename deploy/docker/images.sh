#!/usr/bin/env bash
# Builds an image of every command, or of those that are named, with Docker or Podman; without either, as OCI archives.
#   VERSION   the tag (dev), which the process shows as its release
#   COMMIT    what it shows as its commit (that of the working copy, with -dirty where tracked files differ from it)
#   REGISTRY  what stands before the name (localhost/usher)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

commands=("$@")
((${#commands[@]})) || commands=(usher identity authz token consent activity gateway)
engine=
for candidate in docker podman; do
  # An engine counts only if its daemon responds.
  if command -v "$candidate" >/dev/null && "$candidate" info >/dev/null 2>&1; then
    engine=$candidate
    break
  fi
done
if [[ -z $engine ]]; then
  echo "Neither Docker nor Podman answers: building OCI archives instead."
  make bin/cyclonedx-gomod
  exec deploy/docker/oci.sh "${commands[@]}"
fi
commit=${COMMIT:-$(git describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null || true)}
version=${VERSION:-dev}
for command in "${commands[@]}"; do
  "$engine" build --build-arg "COMMAND=$command" --build-arg "VERSION=$version" --build-arg "COMMIT=$commit" --tag "${REGISTRY:-localhost/usher}/$command:$version" \
    --file deploy/docker/Dockerfile .
done
