#!/usr/bin/env bash
# Prints the section of CHANGELOG.md of a version, or fails if there is none:
# deploy/release-notes.sh VERSION
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?name the version, for example: deploy/release-notes.sh 1.4.0}
# Keep a Changelog: from the version's heading to the next one.
notes=$(awk -v version="$version" '$1 == "##" { inside = $2 == version; next } inside' CHANGELOG.md)
[ "${notes//[[:space:]]/}" ] || {
    echo "CHANGELOG.md has no section of this version: rename \"## Unreleased\" to \"## $version - $(date +%F)\"," \
        "commit, and tag that commit." >&2
    exit 1
}
echo "$notes"
