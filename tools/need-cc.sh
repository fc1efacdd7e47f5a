#!/bin/sh
# The race detector needs a C compiler: installs one on Debian, and elsewhere says what to install.
set -eu
command -v "${CC:-cc}" >/dev/null && exit 0
"${0%/*}/install.sh" gcc libc6-dev || {
  echo "the race detector needs a C compiler: gcc (or clang) and the C library's headers" >&2
  exit 1
}
