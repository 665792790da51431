#!/usr/bin/env bash
# Makes a version live: deploy/release.sh VERSION
#
# Migrates the database, deploys the functions, waits until every replica runs the
# version, and asks the site from outside. What fails on the way is undone. An
# earlier version is released the same way, since migrations suit the code before them.
#
#   MINITWIT_REGISTRY  where the images live
#   MINITWIT_URL       the address by which callers reach the site
#   MINITWIT_NEW_INSTALLATION=yes  the database is empty because it is new
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?say which version to release, for example: deploy/release.sh 1.4.0}
url=${MINITWIT_URL:?set it to the address by which callers reach the site}
registry=${MINITWIT_REGISTRY:?set it to where the images live}
stack=${APPLICATION_STACK:-minitwit}
migration=${DATA_STACK:-data}_migrate
functions=(register follow messages timeline)
patience=300 # seconds

say() { echo "$(date +%T) $*"; }

fail() {
    say "$*" >&2
    exit 1
}

image_of() { echo "$registry/minitwit-$1:$version"; }

# ---- Before anything is changed

check() {
    [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ] \
        || fail "This engine manages no Swarm: run deploy/bootstrap.sh, or set DOCKER_HOST to the manager."
    docker service inspect "$migration" > /dev/null 2>&1 \
        || fail "There is no service $migration: deploy deploy/data/stack.yml first (docs/operations.md)."
    local function
    for function in "${functions[@]}"; do
        docker pull --quiet "$(image_of "$function")" > /dev/null \
            || fail "The image $(image_of "$function") cannot be pulled: build and push it with deploy/build.sh $version."
    done
}

# ---- The database

newest_migration() { docker service ps --quiet --no-trunc "$migration" | head -n 1; }

migrate() {
    local before task state end=$((SECONDS + patience)) command="minitwit migrate"
    [ "${MINITWIT_NEW_INSTALLATION:-}" != yes ] || command+=" --new-installation"
    before=$(newest_migration)
    docker service update --quiet --detach --force --with-registry-auth \
        --image "$(image_of register)" --args "$command" --replicas 1 "$migration" > /dev/null
    while [ $SECONDS -lt $end ]; do
        sleep 1
        task=$(newest_migration)
        [ "$task" != "$before" ] || continue
        state=$(docker inspect --format '{{.Status.State}}' "$task")
        case $state in
            complete)
                # A Swarm that cannot find its words is no reason to stop.
                docker service logs --raw --tail 1 "$migration" || true
                return
                ;;
            failed | rejected) break ;;
        esac
    done
    docker service logs --raw --tail 20 "$migration" >&2 || true
    fail "The migration did not succeed: see its last words above, or: docker service logs $migration. Nothing was deployed."
}

# ---- The functions

# Asks once for all functions what state each is in: the manager, which serves callers as
# well, pays for every command. `converged` and `refused` look at the answer.
look() {
    local services=("${functions[@]/#/${stack}_}")
    states=$(docker service inspect "${services[@]}" --format \
        '{{.Spec.Name}} {{with .UpdateStatus}}{{.State}}{{end}}/{{.Spec.Mode.Replicated.Replicas}}')
    replicas=$(docker service ps --filter desired-state=running \
        --format '{{.Name}} {{.Image}} {{.CurrentState}}' "${services[@]}")
}

state_of() { sed -n "s/^${stack}_$1 //p" <<< "$states"; }

# Tells whether as many replicas run as should, all of them an image, if one is given.
converged() { # FUNCTION [IMAGE]
    local state wanted running
    state=$(state_of "$1")
    wanted=${state#*/}
    running=$(grep "^${stack}_$1[.]" <<< "$replicas") || return 1
    case ${state%/*} in
        "" | completed | rollback_completed) ;;
        *) return 1 ;;
    esac
    [ "$(grep -c " Running " <<< "$running")" = "$wanted" ] \
        && [ "$(grep -c "" <<< "$running")" = "$wanted" ] \
        && { [ $# -lt 2 ] || [ "$(grep -cF " $2 " <<< "$running")" = "$wanted" ]; }
}

refused() { # FUNCTION
    case $(state_of "$1") in
        rollback_* | paused/*) return 0 ;;
    esac
    return 1
}

show() {
    docker service ps --no-trunc --format '{{.Name}} {{.Image}} {{.CurrentState}} {{.Error}}' "${stack}_$1" | head -n 4
    docker service logs --raw --tail 15 "${stack}_$1" 2>&1 || true
}

# Returns 1 and shows the function that does not make it, as soon as one does not.
wait_for_version() {
    local function missing=("${functions[@]}") left end=$((SECONDS + patience))
    while [ ${#missing[@]} -gt 0 ]; do
        left=()
        look
        for function in "${missing[@]}"; do
            if converged "$function" "$(image_of "$function")"; then
                say "$function runs version $version"
            elif refused "$function" || [ $SECONDS -ge $end ]; then
                say "$function does not run version $version:" >&2
                show "$function" >&2
                return 1
            else
                left+=("$function")
            fi
        done
        missing=("${left[@]}")
        sleep 1
    done
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

# Asks each function, and often enough to meet each replica; writes nothing.
probe() {
    local end=$((SECONDS + 20))
    until answers 200 GET /latest 2> /dev/null; do
        [ $SECONDS -lt $end ] || break
        sleep 1
    done
    for _ in 1 2 3 4 5 6; do
        answers 200 GET /latest && answers 200 GET /public \
            && answers 403 GET /fllws/nobody && answers 400 POST /register || return 1
    done
}

# ---- The way back

# Swarm has undone by itself what it found unhealthy; asking it again would redo it.
undo() {
    local function image
    look
    for function in "${functions[@]}"; do
        image=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "${stack}_$function")
        if [[ $image == "$(image_of "$function")"* ]] && ! refused "$function"; then
            docker service rollback --quiet --detach "${stack}_$function" > /dev/null \
                || say "$function has no earlier version to go back to" >&2
        fi
    done
    local end=$((SECONDS + patience))
    look
    for function in "${functions[@]}"; do
        until converged "$function" || [ $SECONDS -ge $end ]; do
            sleep 1
            look
        done
    done
}

live() {
    local function image
    for function in "${functions[@]}"; do
        image=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "${stack}_$function")
        image=${image%@*}
        say "live: $function ${image##*:}"
    done
}

give_up() {
    say "$1 Going back." >&2
    undo
    live
    fail "Version $version was not released."
}

say "releasing version $version"
check
migrate
say "the schema is up to date"
export VERSION=$version
. deploy/environment.sh
docker stack deploy --detach=true --prune --with-registry-auth --compose-file stack.yml "$stack" > /dev/null
wait_for_version || give_up "The version does not start."
probe || give_up "The site does not answer as it should."
live
say "Version $version is live."
