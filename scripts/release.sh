#!/usr/bin/env bash
# release.sh VERSION: tags the commit that is checked out as a release (VERSION as v0.2.0). Nothing is pushed.
#
# Three tags, since the repository holds three modules: VERSION for the services, gen/VERSION and sdk/VERSION for what others
# import. It fails, and tags nothing, unless the work tree is clean, every go.mod requires gen and sdk at VERSION, and
# CHANGELOG.md has a section for it.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: $0 VERSION" >&2; exit 2; }
version=$1
cd "$(dirname "$0")/.."

fail() { echo "$0: $*" >&2; exit 1; }

[[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "$version is not a version such as v0.2.0"
[ -z "$(git status --porcelain)" ] || fail "the work tree has changes: commit or remove them"
grep -q "^## \[${version#v}\]" CHANGELOG.md || fail "CHANGELOG.md has no section [${version#v}]"
for requirement in go.mod:gen go.mod:sdk sdk/go.mod:gen; do
  file=${requirement%:*} module=${requirement#*:}
  grep -qE "github.com/vidocu/usher/$module $version( |$)" "$file" ||
    fail "$file does not require $module at $version: change it and commit"
done
tags=("$version" "gen/$version" "sdk/$version")
for tag in "${tags[@]}"; do
  ! git rev-parse -q --verify "refs/tags/$tag" >/dev/null || fail "the tag $tag exists"
done
for tag in "${tags[@]}"; do
  git tag -a -m "Usher $version" "$tag"
done
echo "tagged ${tags[*]}; publish with: git push origin ${tags[*]}"
