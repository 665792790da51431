#!/usr/bin/env bash
# Makes the standby the primary, after making sure that the old one takes no more writes.
#
#   deploy/data/promote.sh standby|postgres     on a Swarm manager: the server to promote
#
# The functions need no change: they know both servers and use the one that takes writes.
set -euo pipefail

. "$(dirname "$0")/job.sh"
server=${1:?say which server to promote: standby, or postgres}
old=$(other "$server")

wait_for "$server" 60
stop "$old"
run_job "$server" '
    export PGHOST=$SELF PGUSER=postgres PGPASSWORD=$(cat /run/secrets/superuser_password)
    psql --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
        --command="ALTER SYSTEM RESET synchronous_standby_names" \
        --command="SELECT pg_reload_conf()" --command="SELECT pg_promote()" > /dev/null' \
    || fail "The promotion failed. The way back: docker service scale ${stack}_$old=1"
miss_standby "$server"
say "${stack}_$server is the primary"
