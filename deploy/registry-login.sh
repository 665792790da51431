#!/usr/bin/env bash
# Signs in to the registry of the images with REGISTRY_USER and REGISTRY_PASSWORD.
set -euo pipefail

registry=${MINITWIT_REGISTRY:?set it to the registry and path of the images}
docker login --username "${REGISTRY_USER:?}" --password-stdin "${registry%%/*}" \
    <<< "${REGISTRY_PASSWORD:?}"
