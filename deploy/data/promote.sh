#!/usr/bin/env bash
# Manual failover: promotes the standby after fencing the old primary.
#
#   deploy/data/promote.sh standby|postgres     on a Swarm manager: the server to promote
#
# The functions need no change: they connect to whichever of the two accepts writes.
set -euo pipefail

. "$(dirname "$0")/job.sh"
server=${1:?the server to promote: standby or postgres}
old=$(other "$server")

wait_for "$server" 60
stop "$old"
run_job "$server" '
    export PGHOST=$SELF PGUSER=postgres PGPASSWORD=$(cat /run/secrets/superuser_password)
    psql --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
        --command="ALTER SYSTEM RESET synchronous_standby_names" \
        --command="SELECT pg_reload_conf()" --command="SELECT pg_promote()" > /dev/null' \
    || fail "The promotion failed. To undo: docker service scale ${stack}_$old=1"
create_standby_slot "$server"
say "${stack}_$server is the primary"
