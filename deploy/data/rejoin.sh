#!/usr/bin/env bash
# Recreates a server as the standby of the other one. Deletes the data on its volume.
#
#   deploy/data/rejoin.sh postgres|standby     on a Swarm manager: the server to recreate
set -euo pipefail

. "$(dirname "$0")/job.sh"
server=${1:?the server to recreate: postgres or standby}
other "$server" > /dev/null

stop "$server"
run_job "$server" '
    export PGHOST=$PEER PGUSER=postgres PGPASSWORD=$(cat /run/secrets/superuser_password)
    export PGCONNECT_TIMEOUT=2
    # On a node that has just rejoined, DNS may resolve the other server only half a minute
    # later, when the nodes have synchronized their records.
    until primary=$(psql --dbname=postgres --no-psqlrc -Atc "SELECT NOT pg_is_in_recovery()"); do
        [ $SECONDS -lt 60 ] || exit 1
        sleep 1
    done
    [ "$primary" = t ]
    rm -rf "$PGDATA"' \
    || fail "The other server does not answer as a primary. Nothing was deleted."
start "$server"
