#!/bin/sh
# Prints the package of a command: package.sh token.
set -eu
case "${1:-}" in
usher) echo ./cmd/usher ;;
identity | authz | token | consent | activity) echo "./services/$1/cmd/$1" ;;
gateway) echo ./gateway/cmd/gateway ;;
*)
  echo "package.sh: give one of usher, identity, authz, token, consent, activity, gateway" >&2
  exit 2
  ;;
esac
