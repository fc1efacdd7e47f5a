#!/bin/sh
# The race detector needs a C compiler: installs one on Debian as root, and elsewhere says what to install.
set -eu
command -v "${CC:-cc}" >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  exec apt-get install -qq --yes --no-install-recommends gcc libc6-dev
fi
echo "the race detector needs a C compiler: install gcc (or clang) and the C library's headers" >&2
exit 1
