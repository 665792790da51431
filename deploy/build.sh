#!/usr/bin/env bash
# Builds the images of a version and pushes them: deploy/build.sh VERSION [option of docker build …]
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?name the version to build, for example: deploy/build.sh 1.4.0}
shift
registry=${MINITWIT_REGISTRY:?set it to the registry and path of the images, for example: registry.example.org/minitwit}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
options=("$@")

build() { # NAME DOCKERFILE [ARGUMENT]
    local image=$registry/minitwit-$1:$version
    docker build "${options[@]}" --file "$2" --tag "$image" ${3:+--build-arg "$3"} \
        --build-arg VERSION="$version" --build-arg REVISION="$revision" .
    docker push --quiet "$image"
}

. deploy/functions.sh
for function in "${functions[@]}"; do
    build "$function" deploy/Dockerfile FUNCTION="$function"
done
build cli deploy/cli/Dockerfile
build postgres deploy/data/Dockerfile CLI="$registry/minitwit-cli:$version"
