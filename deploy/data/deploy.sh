#!/usr/bin/env bash
# Deploys the data stack, one database server after the other: a primary that stops hands over
# to the other server, and writes fail for a few seconds.
#
#   VERSION=… deploy/data/deploy.sh        on a Swarm manager
set -euo pipefail

here=$(dirname "$0")
. "$here/../environment.sh"
stack=${DATA_STACK:-data}

# Docker leaves a service alone that is not in the file.
deploy_all_but() { # SERVICE
    awk -v left_out="$1:" '/^[^ ]/ { section = $1 } /^  [^ ]/ { skip = section $1 == "services:" left_out } !skip' \
        "$here/stack.yml" | docker stack deploy --detach=true --with-registry-auth --compose-file - "$stack"
}

standby() { docker service inspect --format "{{$1}}" "${stack}_standby"; }

if docker service ls --format '{{.Name}} {{.Replicas}}' | grep -x "${stack}_standby 1/1" > /dev/null; then
    before=$(standby 'json .Spec.TaskTemplate')
    deploy_all_but postgres
    # Completed when it has been healthy for 20 seconds (stack.yml).
    until [ "$(standby 'json .Spec.TaskTemplate')" = "$before" ] \
        || [ "$(standby 'with .UpdateStatus}}{{.State}}{{end')" = completed ]; do
        [ $SECONDS -lt 600 ] || { echo "${stack}_standby does not start. ${stack}_postgres is unchanged." >&2; exit 1; }
        sleep 1
    done
    [[ $(standby 'with .UpdateStatus}}{{.State}}{{end') != rollback* ]] \
        || { echo "${stack}_standby was rolled back. ${stack}_postgres is unchanged." >&2; exit 1; }
fi
deploy_all_but nothing
