#!/usr/bin/env bash
# Makes a server the standby of the other one, anew: what is on its volume is deleted.
#
#   deploy/data/rejoin.sh postgres|standby     on a Swarm manager: the server to make anew
set -euo pipefail

. "$(dirname "$0")/job.sh"
server=${1:?say which server to make anew: postgres, or standby}
other "$server" > /dev/null

stop "$server"
run_job "$server" '
    export PGHOST=$PEER PGUSER=postgres PGPASSWORD=$(cat /run/secrets/superuser_password)
    export PGCONNECT_TIMEOUT=2
    # A node that is just back may know the other server by name only half a minute later,
    # when the nodes exchange all names.
    until primary=$(psql --dbname=postgres --no-psqlrc -Atc "SELECT NOT pg_is_in_recovery()"); do
        [ $SECONDS -lt 60 ] || exit 1
        sleep 1
    done
    [ "$primary" = t ]
    rm -rf "$PGDATA"' \
    || fail "The other server is no primary that answers. Nothing was deleted."
start "$server"
