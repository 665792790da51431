#!/usr/bin/env bash
# Runs a `minitwit` command on the production database, as the role that owns it:
#
#   deploy/minitwit.sh VERSION COMMAND …    for example: deploy/minitwit.sh 1.4.0 grant-moderator alice
#
#   MINITWIT_REGISTRY      the registry and path of the images
#   DIGEST_CLI             the digest of the version's image, as for release.sh; optional
#   MINITWIT_INSTALLATION  the id that the database must have; if unset, what the service has
set -euo pipefail

version=${1:?name the version whose image to run, for example: deploy/minitwit.sh 1.4.0 unflag 42}
shift
registry=${MINITWIT_REGISTRY:?set it to the registry and path of the images}
service=${DATA_STACK:-data}_migrate
patience=300 # seconds until it runs; then it may take as long as it does
run=$$-$RANDOM$RANDOM

newest_task() { docker service ps --quiet --no-trunc "$service" | sed -n 1p; }

state_of() { docker inspect --format '{{.Status.State}}' "$1"; } # TASK

# Docker divides --args into words as a shell does.
quoted() { # WORD …
    local word quote="'\\''"
    for word; do printf "'%s' " "${word//\'/"$quote"}"; done
}

fail() {
    echo "$*" >&2
    exit 1
}

before=$(newest_task)
[ -z "$before" ] || [ "$(state_of "$before")" != running ] \
    || fail "Another command is running: wait until it has ended (docker service ps $service), then run this again."
docker service update --quiet --detach --force --with-registry-auth \
    --image "$registry/minitwit-cli:$version${DIGEST_CLI:-}" --args "$(quoted minitwit "$@")" --container-label-add "run=$run" \
    ${MINITWIT_INSTALLATION:+--env-add "MINITWIT_INSTALLATION=$MINITWIT_INSTALLATION"} \
    --replicas 1 "$service" > /dev/null
end=$((SECONDS + patience))
while [ $SECONDS -lt $end ]; do
    sleep 1
    task=$(newest_task)
    [ "$task" != "$before" ] || continue
    [ "$(docker inspect --format '{{index .Spec.ContainerSpec.Labels "run"}}' "$task")" = "$run" ] \
        || fail "Another command has replaced this one, which may not have ended: look at what it changes, and run it again."
    case $(state_of "$task") in
        complete)
            # The command has succeeded, even if its output cannot be read.
            docker service logs --raw "$task" || true
            exit
            ;;
        running) end=$((SECONDS + patience)) ;;
        failed | rejected) break ;;
    esac
done
docker service logs --raw --tail 20 "$service" >&2 || true
fail "minitwit $* failed: see the end of its log above, or run: docker service logs $service"
