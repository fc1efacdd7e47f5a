#!/usr/bin/env bash
# install.sh PACKAGE...: installs Debian packages, as root or with sudo. Where neither can be, it names them and fails.
# install.sh --lists: only has apt-get read again what there is.
set -euo pipefail
[ $# -gt 0 ] || exit 0
PATH=$PATH:/usr/sbin

# as_root runs a command as root. sudo may ask for a password only where somebody can type one.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif [ -t 0 ]; then sudo "$@"
  else sudo -n "$@"; fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >&2; }

if ! command -v apt-get >/dev/null; then
  echo "$0: install $* (Debian's names) and run this again" >&2
  exit 1
fi
if ! as_root true 2>/dev/null; then
  echo "$0: neither root nor sudo without a password: run 'apt-get install $*' as root, and then this again" >&2
  exit 1
fi
[ "$1" = --lists ] || echo "$0: installing $*" >&2
apt update
[ "$1" = --lists ] || apt install --no-install-recommends "$@"
