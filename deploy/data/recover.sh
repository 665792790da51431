#!/usr/bin/env bash
# Restores the database from its backups onto the node with the label database=true, to the
# newest state or to a point in time.
#
#   deploy/data/recover.sh                              on a Swarm manager
#   deploy/data/recover.sh "2026-11-24 08:15:00+00"
#   deploy/data/recover.sh "2026-11-24 08:15:00+00" 3     in timeline 3: see restore.sh
#
# The replaced data stays on the volume, next to the restored database. The standby is on
# another timeline then and stays stopped until deploy/data/rejoin.sh recreates it.
set -euo pipefail

. "$(dirname "$0")/job.sh"

run_job postgres '
    # On a node that has just rejoined, DNS may resolve the repository only half a minute
    # later, when the nodes have synchronized their records.
    until info=$(pgbackrest --stanza=minitwit info); ! grep -q HostConnectError <<< "$info"; do
        [ $SECONDS -lt 60 ] || break
        sleep 1
    done
    echo "$info"
    grep -q "full backup:" <<< "$info"' \
    || fail "There is no backup, or it cannot be reached. Nothing was stopped."
stop standby
stop postgres
run_job postgres '
    replaced=$PGDATA.before-$(date +%Y-%m-%dT%H-%M-%S)
    if [ -e "$PGDATA" ]; then
        timeline=$(pg_controldata "$PGDATA" | sed -n "s/^Latest checkpoint.s TimeLineID: *//p")
        echo "What is replaced is timeline $timeline, in $replaced." \
            "To restore another point in time of it: recover.sh TIME $timeline"
        mv "$PGDATA" "$replaced"
    fi
    restore.sh "$PGDATA" "$@" || {
        rm -rf "$PGDATA"
        [ ! -e "$replaced" ] || mv "$replaced" "$PGDATA"
        exit 1
    }' recover.sh "$@" \
    || fail "The restore failed. The volume is unchanged. To start the servers again:" \
        "docker service scale ${stack}_postgres=1 ${stack}_standby=1"
start postgres
# A node with the standby's label means that there should be a standby.
[ -z "$(docker node ls --quiet --filter node.label=standby=true)" ] || create_standby_slot postgres
