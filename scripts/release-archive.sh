#!/usr/bin/env bash
# release-archive.sh VERSION [COMMIT]: keeps the sources of a release, of its services alone and without tests, for
# test/upgrade, which runs them beside what is in the working tree. COMMIT is the tag v<VERSION> unless given.
set -euo pipefail

[ $# -ge 1 ] || { echo "usage: $0 VERSION [COMMIT]" >&2; exit 2; }
version=${1#v}
commit=${2:-v$version}
cd "$(dirname "$0")/.."
to=test/upgrade/testdata/v$version.tar.gz
git archive --format=tar "$commit" -- go.mod go.sum go.work go.work.sum gen services internal/platform sdk gateway \
  ':(exclude)*_test.go' | gzip -9n >"$to.new"
mv "$to.new" "$to"
for old in test/upgrade/testdata/v*.tar.gz; do
  [ "$old" = "$to" ] || rm "$old"
done
echo "$to holds $(du -k "$to" | cut -f1) KiB of $(git rev-parse --short "$commit")"
