#!/usr/bin/env bash
# clients.sh: puts the libraries of Node and Python that the examples of docs/grpc.md and docs/clients.md import into bin/clients, once.
#
# Their versions stand in tools/clients. scripts/with-deps.sh installs Node, npm and pip on Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p bin/clients
exec 9>bin/clients/.lock
flock 9 # the tests of two packages may start at once

# The conformance tests of MCP need Node 22, and Debian 12 has 18: npm has a newer one, which test/browser takes too.
node=$(command -v node)
if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 22 ]; then
  mkdir -p bin/clients/newer
  cp test/browser/driver/node/package.json test/browser/driver/node/package-lock.json bin/clients/newer/
  ls bin/clients/newer/node_modules/node-linux-*/bin/node >/dev/null 2>&1 || npm ci --prefix bin/clients/newer --no-audit --no-fund --silent >&2
  node=$(ls "$PWD"/bin/clients/newer/node_modules/node-linux-*/bin/node)
fi
ln -sfn "$node" bin/clients/node-bin
if cat tools/clients/package-lock.json tools/clients/requirements.txt | cmp -s - bin/clients/.pinned; then exit 0; fi

echo "$0: fetching libraries for Node and Python (150 MB on disk, once)" >&2
rm -rf bin/clients/node bin/clients/python
mkdir -p bin/clients/node
cp tools/clients/package.json tools/clients/package-lock.json bin/clients/node/
npm ci --prefix bin/clients/node --no-audit --no-fund --silent >&2
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --only-binary :all: \
  --target bin/clients/python --requirement tools/clients/requirements.txt >&2
cat tools/clients/package-lock.json tools/clients/requirements.txt >bin/clients/.pinned
