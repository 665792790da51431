#!/usr/bin/env bash
# Builds the images of a version and pushes them: deploy/build.sh VERSION [option of docker build …]
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?say which version to build, for example: deploy/build.sh 1.4.0}
shift
registry=${MINITWIT_REGISTRY:?set it to where images live, for example: registry.example.org/minitwit}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
options=("$@")

build() { # NAME DOCKERFILE ARGUMENT
    local image=$registry/minitwit-$1:$version
    docker build "${options[@]}" --file "$2" --tag "$image" --build-arg "$3" \
        --build-arg VERSION="$version" --build-arg REVISION="$revision" .
    docker push --quiet "$image"
}

for function in register follow messages timeline; do
    build "$function" deploy/Dockerfile FUNCTION="$function"
done
build postgres deploy/data/Dockerfile LIBRARY="$registry/minitwit-register:$version"
