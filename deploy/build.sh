#!/usr/bin/env bash
# Builds the images of a version and pushes them: deploy/build.sh VERSION [option of docker build …]
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?say which version to build, for example: deploy/build.sh 1.4.0}
shift
registry=${MINITWIT_REGISTRY:?set it to where images live, for example: registry.example.org/minitwit}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)

for function in register follow messages timeline; do
    image=$registry/minitwit-$function:$version
    docker build "$@" --file deploy/Dockerfile --tag "$image" \
        --build-arg FUNCTION="$function" \
        --build-arg VERSION="$version" \
        --build-arg REVISION="$revision" .
    docker push --quiet "$image"
done
