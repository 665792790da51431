#!/usr/bin/env bash
# Runs a `minitwit` command on the production database, as the role that owns it:
#
#   deploy/minitwit.sh VERSION COMMAND …    for example: deploy/minitwit.sh 1.4.0 grant-moderator alice
#
#   MINITWIT_REGISTRY  the registry and path of the images
set -euo pipefail

version=${1:?name the version whose image to run, for example: deploy/minitwit.sh 1.4.0 unflag 42}
shift
registry=${MINITWIT_REGISTRY:?set it to the registry and path of the images}
service=${DATA_STACK:-data}_migrate
patience=300 # seconds

newest_task() { docker service ps --quiet --no-trunc "$service" | head -n 1; }

before=$(newest_task)
docker service update --quiet --detach --force --with-registry-auth \
    --image "$registry/minitwit-cli:$version" --args "$(printf "'%s' " minitwit "$@")" \
    --replicas 1 "$service" > /dev/null
end=$((SECONDS + patience))
while [ $SECONDS -lt $end ]; do
    sleep 1
    task=$(newest_task)
    [ "$task" != "$before" ] || continue
    case $(docker inspect --format '{{.Status.State}}' "$task") in
        complete)
            # The command has succeeded, even if its output cannot be read.
            docker service logs --raw "$task" || true
            exit
            ;;
        failed | rejected) break ;;
    esac
done
docker service logs --raw --tail 20 "$service" >&2 || true
echo "minitwit $* failed: see the end of its log above, or run: docker service logs $service" >&2
exit 1
