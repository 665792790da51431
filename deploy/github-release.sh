#!/usr/bin/env bash
# Creates the GitHub release of a version with its section of CHANGELOG.md, the digests of
# its images and their SBOMs (`make sbom`): deploy/github-release.sh VERSION
#
#   GH_TOKEN  a token that may write the repository's contents
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?name the version, for example: deploy/github-release.sh 1.4.0}
notes=$(deploy/release-notes.sh "$version")
gh release create "v$version" --verify-tag --title "MiniTwit $version" --notes "$notes" \
    digests.txt .artifacts/sbom/*.cdx.json
