#!/usr/bin/env bash
# promtool.sh FILE: puts promtool at FILE: the one on the PATH, or Debian's, unpacked and not installed, since the package would
# start a server. Built from source it takes more than ten minutes, for the clients of every cloud that Prometheus knows.
set -euo pipefail
if found=$(command -v promtool); then
  ln -sf "$found" "$1"
  exit
fi
if ! command -v apt-get >/dev/null; then
  echo "$0: install promtool (it comes with Prometheus 2.42 or newer) and run this again" >&2
  exit 1
fi
target=$(realpath "$1") fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
chmod 755 "$fresh" # apt downloads as a user of its own
install=$(realpath "${0%/*}/../install.sh")
cd "$fresh"
apt-get -q download prometheus >&2 || {
  # A fresh machine has no list of packages yet.
  "$install" --lists && apt-get -q download prometheus >&2
}
dpkg-deb -x prometheus_*.deb .
install -m 755 usr/bin/promtool "$target"
