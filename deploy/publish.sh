#!/usr/bin/env bash
# Builds the images of a version for amd64 and arm64, with SBOM and provenance, pushes them
# and signs their digests: deploy/publish.sh VERSION
#
# Writes one line per image, "NAME DIGEST", to digests.txt. Needs buildx with a builder that
# can build for both platforms. cosign signs without a key, with the identity of the workflow.
#
#   MINITWIT_REGISTRY  the registry and path of the images
#   COSIGN             the command; by default Go builds it from its module
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?name the version to publish, for example: deploy/publish.sh 1.4.0}
registry=${MINITWIT_REGISTRY:?set it to the registry and path of the images}
# The GitHub release needs this section, and is created after the images are published.
deploy/release-notes.sh "$version" > /dev/null
registry=${registry,,} # A name on GitHub may have capitals, an image's may not.
revision=$(git rev-parse HEAD)
. deploy/cosign.sh
. deploy/functions.sh
metadata=$(mktemp)
trap 'rm -f "$metadata"' EXIT

publish() { # NAME DOCKERFILE [BUILD-ARGUMENT]
    local image=$registry/minitwit-$1 digest
    docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max \
        --file "$2" --tag "$image:$version" ${3:+--build-arg "$3"} \
        --build-arg VERSION="$version" --build-arg REVISION="$revision" \
        --metadata-file "$metadata" --push .
    digest=$(sed -n 's/^ *"containerimage.digest": "\(sha256:[0-9a-f]*\)".*/\1/p' "$metadata")
    [ "$digest" ] || { echo "buildx reported no digest for $image:$version." >&2 && exit 1; }
    cosign sign --yes "$image@$digest"
    echo "$1 $digest" >> digests.txt
}

rm -f digests.txt
for function in "${functions[@]}"; do
    publish "$function" deploy/Dockerfile FUNCTION="$function"
done
publish cli deploy/cli/Dockerfile
# By digest: if the tag was overwritten meanwhile, a signed image would contain another.
publish postgres deploy/data/Dockerfile CLI="$registry/minitwit-cli@$(sed -n 's/^cli //p' digests.txt)"
