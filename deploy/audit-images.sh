#!/usr/bin/env bash
# Searches the images for known vulnerabilities that have a fix: builds ours, and takes those
# of the stacks by the names that the stacks give them.
#
#   TRIVY  the command; by default Go builds it from its module
set -euo pipefail
cd "$(dirname "$0")/.."

. deploy/functions.sh
images=()
build() { # NAME DOCKERFILE [ARGUMENT]
    docker build --quiet --file "$2" --tag "audit-$1" ${3:+--build-arg "$3"} . > /dev/null
    images+=("audit-$1")
}
for function in "${functions[@]}"; do
    build "$function" deploy/Dockerfile FUNCTION="$function"
done
build cli deploy/cli/Dockerfile
build postgres deploy/data/Dockerfile CLI=audit-cli
mapfile -t -O "${#images[@]}" images < <(
    sed -n 's/^ *image: \([a-z][^ ]*:[^ ]*\).*/\1/p' deploy/*/stack.yml | sort -u
)

status=0
for image in "${images[@]}"; do
    ${TRIVY:-go run github.com/aquasecurity/trivy/cmd/trivy@v0.74.0} image --quiet --scanners vuln --severity HIGH,CRITICAL --ignore-unfixed \
        --exit-code 1 "$image" || status=1
done
exit $status
