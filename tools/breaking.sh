#!/usr/bin/env bash
# breaking.sh BUF: fails when the protos of this checkout would break callers that were built from the last commit on main.
#
# On main itself, with nothing changed since, that commit is this one; the commit before it is then the one to compare with.
# A break that is meant (only before the first release) is declared by a `Breaking-Change: why` trailer in the commit.
set -euo pipefail
buf=$1
against=$(mktemp -d)
trap 'rm -rf "$against"' EXIT

skip() { echo "breaking: $1"; exit 0; }
commit() { git rev-parse --verify --quiet "$1^{commit}"; }

git rev-parse --is-inside-work-tree >/dev/null 2>&1 || skip "not a git checkout, nothing to compare with"
head=$(commit HEAD) || skip "no commit yet"
main=$(commit origin/main || commit main || echo "$head")
base=$(git merge-base "$main" "$head" || echo "$main")
if [ "$base" = "$head" ] && git diff --quiet HEAD -- proto && [ -z "$(git ls-files --others --exclude-standard -- proto)" ]; then
  base=$(commit HEAD^) || skip "this is the first commit"
fi
git cat-file -e "$base:proto" 2>/dev/null || skip "$(git rev-parse --short "$base") has no proto/"
if git log --format='%(trailers:key=Breaking-Change,valueonly)' "$base..HEAD" | grep -q .; then
  skip "declared by a Breaking-Change trailer since $(git rev-parse --short "$base")"
fi

# An archive and not buf's own git input: it works in a shallow clone, and imports resolve as they did in that commit.
git archive "$base" buf.yaml proto third_party | tar -x -C "$against"
"$buf" breaking proto --against "$against/proto"
echo "breaking: compatible with $(git rev-parse --short "$base")"
