#!/usr/bin/env bash
# needs.sh PROGRAM...: checks for the programs that a real Kubernetes needs, before a build of several
# minutes, and installs missing ones on Debian. Elsewhere, or without permission to install, it lists the
# missing ones and fails.
set -euo pipefail
PATH=$PATH:/usr/sbin

# package prints the Debian package of a program.
package() {
  case $1 in
    etcd) echo etcd-server ;;
    ctr) echo containerd ;;
    ip) echo iproute2 ;;
    /usr/lib/cni/bridge) echo containernetworking-plugins ;;
    initdb) echo postgresql ;;
    *) echo "$1" ;;
  esac
}

missing=()
for program in "$@"; do
  command -v "$program" >/dev/null && continue
  if [ "$program" = initdb ] && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then continue; fi
  missing+=("$(package "$program")")
done
[ ${#missing[@]} -eq 0 ] || exec "${0%/*}/../install.sh" "${missing[@]}"
