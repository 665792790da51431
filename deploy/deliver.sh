#!/usr/bin/env bash
# Promotes a published version to an environment: deploy/deliver.sh VERSION
#
# Verifies that the release workflow signed the images, releases them by their digests with
# release.sh (which probes the site and rolls back on failure), checks that the services run
# these digests, and reports the result in the chat.
#
#   ENVIRONMENT        its name in messages, for example: staging
#   MINITWIT_REGISTRY, MINITWIT_URL   as for release.sh
#   GITHUB_REPOSITORY  OWNER/NAME of the repository whose workflow signs the images
#   EXPECTED_DIGESTS   the digests that an earlier environment runs; others are refused
#   CHAT_WEBHOOK       URL of the chat, in Slack's format; optional
#   MANAGER, MANAGER_HOST_KEY, MANAGER_SSH_KEY
#                      a manager as USER@ADDRESS, its line of known_hosts, and a private key;
#                      without MANAGER, docker's own settings apply
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?name the version to deliver, for example: deploy/deliver.sh 1.4.0}
environment=${ENVIRONMENT:?set it to the name of the environment, for example: staging}
registry=${MINITWIT_REGISTRY:?set it to the registry and path of the images}
# A name on GitHub may have capitals, an image's may not.
registry=${registry,,}
export MINITWIT_REGISTRY=$registry
: "${GITHUB_REPOSITORY:?set it to OWNER/NAME of the repository that signed the images}"
workflow=https://github.com/$GITHUB_REPOSITORY/.github/workflows/release.yml@refs/tags/v$version
. deploy/cosign.sh
. deploy/functions.sh

report() { # SENTENCE
    echo "$1"
    [ -n "${CHAT_WEBHOOK:-}" ] || return 0
    curl --silent --show-error --fail --max-time 10 --header 'Content-Type: application/json' \
        --data "{\"text\": \"$1\"}" "$CHAT_WEBHOOK" > /dev/null \
        || echo "The chat did not accept the message." >&2
}

fail() {
    report "MiniTwit $version was not delivered to $environment: $1"
    exit 1
}

# Prints one line per image, "NAME DIGEST".
verified_digests() {
    local name image digest
    for name in "${functions[@]}" cli postgres; do
        image=$registry/minitwit-$name
        digest=$(docker buildx imagetools inspect "$image:$version" --format '{{.Manifest.Digest}}') || return 1
        cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com \
            --certificate-identity "$workflow" "$image@$digest" > /dev/null || return 1
        echo "$name $digest"
    done
}

connect() {
    [ -n "${MANAGER:-}" ] || return 0
    eval "$(ssh-agent -s)" > /dev/null
    trap 'ssh-agent -k > /dev/null' EXIT
    ssh-add - <<< "$MANAGER_SSH_KEY" 2> /dev/null
    mkdir -p ~/.ssh
    echo "$MANAGER_HOST_KEY" >> ~/.ssh/known_hosts
    export DOCKER_HOST=ssh://$MANAGER
}

runs_verified_digests() { # LINES OF verified_digests
    local name digest image
    while read -r name digest; do
        case $name in cli | postgres) continue ;; esac
        image=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' \
            "minitwit_$name") || return 1
        [[ $image == *"@$digest" ]] || { echo "$name runs $image, not $digest" >&2 && return 1; }
    done <<< "$1"
}

digests=$(verified_digests) || fail "its images are missing or were not signed by the release workflow."
[ -z "${EXPECTED_DIGESTS:-}" ] || [ "$digests" = "$EXPECTED_DIGESTS" ] \
    || fail "its images are not those that the previous environment runs."
# release.sh, stack.yml and minitwit.sh append them to the tags, which may have been moved since.
while read -r name digest; do
    export "DIGEST_${name^^}=@$digest"
done <<< "$digests"
connect
released=0
deploy/release.sh "$version" || released=$?
case $released in
    0) ;;
    2) fail "the release failed, and the functions were rolled back." ;;
    3) fail "the release failed, and nothing was deployed." ;;
    *) fail "the release failed; its log says what is live." ;;
esac
runs_verified_digests "$digests" \
    || fail "a function runs another image than the verified one, and still does: release the earlier version."
[ -z "${GITHUB_OUTPUT:-}" ] || printf 'digests<<END\n%s\nEND\n' "$digests" >> "$GITHUB_OUTPUT"
report "MiniTwit $version is live in $environment."
