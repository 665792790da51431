#!/usr/bin/env bash
# Releases a version: deploy/release.sh VERSION
#
# Migrates the database, deploys the functions, waits until every replica runs the
# version, and probes the site from outside. If a step fails, the functions that it has
# changed are rolled back. To go back to an earlier version, release it: migrations keep
# the schema compatible with the code before them. Releasing the live version again
# deploys what has changed beside it, such as new secrets.
#
#   MINITWIT_REGISTRY  the registry and path of the images
#   MINITWIT_URL       the address by which callers reach the site
#   DIGEST_REGISTER, …, DIGEST_CLI
#                      digests of this version's images, as @sha256:…, which deliver.sh sets
#                      once it has verified them; without them, images are deployed by tag
#   MINITWIT_NEW_INSTALLATION=yes  the database is empty because it is new
#
# The exit status is 2 after rolling back, and 3 when nothing was deployed.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?name the version to release, for example: deploy/release.sh 1.4.0}
url=${MINITWIT_URL:?set it to the address by which callers reach the site}
registry=${MINITWIT_REGISTRY:?set it to the registry and path of the images}
stack=minitwit
migration=${DATA_STACK:-data}_migrate
patience=300 # seconds
. deploy/functions.sh
services=("${functions[@]/#/${stack}_}")

say() { echo "$(date +%T) $*"; }

fail() { # STATUS SENTENCE
    say "$2" >&2
    exit "$1"
}

image_of() { echo "$registry/minitwit-$1:$version"; }

# NAME:TAG@DIGEST: Docker pulls the digest, and the tag is for people.
pinned_image_of() {
    local digest=DIGEST_${1^^}
    echo "$(image_of "$1")${!digest:-}"
}

# ---- Before anything is changed

check() {
    [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ] \
        || fail 3 "This engine is not a Swarm manager: run deploy/bootstrap.sh, or set DOCKER_HOST to the manager."
    docker service inspect "$migration" > /dev/null 2>&1 \
        || fail 3 "There is no service $migration: deploy deploy/data/stack.yml first (docs/operations.md)."
    local name
    for name in "${functions[@]}" cli; do
        docker pull --quiet "$(pinned_image_of "$name")" > /dev/null \
            || fail 3 "The image $(pinned_image_of "$name") cannot be pulled: build and push it with deploy/build.sh $version."
    done
}

# ---- The database

migrate() {
    local options=()
    [ "${MINITWIT_NEW_INSTALLATION:-}" != yes ] || options+=(--new-installation)
    deploy/minitwit.sh "$version" migrate "${options[@]}" \
        || fail 3 "The migration failed. Nothing was deployed."
}

# ---- The functions

# Sets `before` and `deployed` to the functions' state before and after it was changed.
deploy_functions() {
    local status=0
    read_state 2> /dev/null || true # There may be none yet.
    before=$states
    docker stack deploy --detach=true --prune --with-registry-auth \
        --compose-file stack.yml "$stack" > /dev/null || status=1
    read_state
    deployed=$states
    return $status
}

# Reads the state of all functions in two commands, since the manager serves callers as
# well and each command costs it CPU. What follows reads the result. `docker service ps`
# leaves out the digests of images.
read_state() {
    states=$(docker service inspect "${services[@]}" --format \
        '{{.Spec.Name}} {{with .UpdateStatus}}{{.State}}{{else}}new{{end}} {{.Spec.Mode.Replicated.Replicas}} {{.Spec.TaskTemplate.ContainerSpec.Image}} {{json .Spec.TaskTemplate}} {{json .Spec.Labels}}')
    replicas=$(docker service ps --filter desired-state=running \
        --format '{{.Name}} {{.Image}} {{.CurrentState}}' "${services[@]}")
}

state_of() { sed -n "s/^${stack}_$1 //p" <<< "$states"; } # UPDATE-STATE REPLICAS IMAGE[@DIGEST] SPECIFICATION

specification_of() { sed -n "s/^${stack}_$1 [^ ]* [^ ]* [^ ]* //p" <<< "$2"; } # FUNCTION STATES

image_live() { # FUNCTION
    local image
    read -r _ _ image _ <<< "$(state_of "$1")"
    echo "${image%@*}"
}

# Succeeds when all desired replicas run, each of them the given image, if any.
converged() { # FUNCTION [IMAGE]
    local state wanted running
    read -r state wanted _ <<< "$(state_of "$1")"
    running=$(grep "^${stack}_$1[.]" <<< "$replicas") || return 1
    case $state in
        new | completed | rollback_completed) ;;
        *) return 1 ;;
    esac
    [ "$(grep -c " Running " <<< "$running")" = "$wanted" ] \
        && [ "$(grep -c "" <<< "$running")" = "$wanted" ] \
        && { [ $# -lt 2 ] || [ "$(grep -cF " $2 " <<< "$running")" = "$wanted" ]; }
}

# Tells whether a function is what was deployed, as it is until it is rolled back.
is_as_deployed() { # FUNCTION
    [ "$(specification_of "$1" "$states")" = "$(specification_of "$1" "$deployed")" ]
}

# Tells whether a function is not what it was, so that there is something to roll back.
is_changed() { # FUNCTION
    is_as_deployed "$1" \
        && [ "$(specification_of "$1" "$before")" != "$(specification_of "$1" "$deployed")" ]
}

show() {
    docker service ps --no-trunc --format '{{.Name}} {{.Image}} {{.CurrentState}} {{.Error}}' "${stack}_$1" | head -n 4
    docker service logs --raw --tail 15 "${stack}_$1" 2>&1 || true
}

# Fails as soon as one function fails, and shows its state and its log. Swarm begins an
# update within a second, until which the function looks finished.
wait_for_version() {
    local function missing=("${functions[@]}") left end=$((SECONDS + patience))
    while [ ${#missing[@]} -gt 0 ]; do
        sleep 1
        left=()
        read_state
        for function in "${missing[@]}"; do
            if ! is_as_deployed "$function" || [ $SECONDS -ge $end ]; then
                say "$function does not run version $version as it was deployed:" >&2
                show "$function" >&2
                return 1
            elif converged "$function" "$(image_of "$function")"; then
                say "$function runs version $version"
            else
                left+=("$function")
            fi
        done
        missing=("${left[@]}")
    done
}

# An engine fails to start a container now and then for a reason of its own, which says nothing
# about the version: the folder of its secrets is busy when Docker makes it read-only
# (https://github.com/moby/moby/issues/48783: 1 or 2 of 200 on some machines).
engine_failed() {
    docker service ps --no-trunc --format '{{.Image}} {{.Error}}' "${services[@]}" \
        | grep ":${version}[@ ].*starting container failed" > /dev/null
}

deploy_again() {
    say "An engine failed to start a container. Rolling back, then deploying once more." >&2
    undo
    deploy_functions && wait_for_version
}

# ---- From outside

answers() { # STATUS METHOD PATH
    local status
    status=$(curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' \
        --request "$2" --header 'Content-Type: application/json' "$url$3") || true
    [ "$status" = "$1" ] && return
    say "$2 $url$3 answered $status, not $1" >&2
    return 1
}

# Requests the path in each function's label `minitwit.probe` ("PATH STATUS"), often
# enough to meet each replica. The first request waits for Traefik to know the replicas.
probe() {
    local function path status probes=() end=$((SECONDS + 20))
    for function in "${functions[@]}"; do
        probes+=("$(docker service inspect --format '{{index .Spec.Labels "minitwit.probe"}}' "${stack}_$function")")
    done
    read -r path status <<< "${probes[0]}"
    until answers "$status" GET "$path" 2> /dev/null || [ $SECONDS -ge $end ]; do
        sleep 1
    done
    for _ in 1 2 3 4 5 6; do
        while read -r path status; do
            answers "$status" GET "$path" || return 1
        done < <(printf '%s\n' "${probes[@]}")
    done
}

# ---- Rolling back

# Swarm has rolled back unhealthy functions, or is about to: a rollback in the same moment
# is refused, or undoes Swarm's, so it is tried again until nothing deployed is left. A
# function that was not changed is left alone: its earlier specification is an older one.
undo() {
    local function end=$((SECONDS + patience))
    read_state
    for function in "${functions[@]}"; do
        while is_changed "$function" && [ $SECONDS -lt $end ]; do
            if ! docker service rollback --quiet --detach "${stack}_$function" > /dev/null; then
                has_earlier_version "$function" || break
                sleep 1
            fi
            read_state
        done
    done
    for function in "${functions[@]}"; do
        until converged "$function" || [ $SECONDS -ge $end ]; do
            sleep 1
            read_state
        done
    done
}

has_earlier_version() { # FUNCTION
    [ "$(docker service inspect --format '{{if .PreviousSpec}}yes{{end}}' "${stack}_$1")" = yes ] \
        || { say "$1 has no earlier version to roll back to" >&2 && return 1; }
}

live() {
    local function image
    read_state
    for function in "${functions[@]}"; do
        image=$(image_live "$function")
        say "live: $function ${image##*:}"
    done
}

give_up() {
    say "$1 Rolling back." >&2
    undo
    live
    fail 2 "Version $version was not released."
}

say "releasing version $version"
check
migrate
say "the schema is up to date"
export VERSION=$version
. deploy/environment.sh
deploy_functions || give_up "The functions could not be deployed."
wait_for_version || { engine_failed && deploy_again; } || give_up "The version does not start."
probe || give_up "The site does not answer as it should."
live
say "Version $version is live."
