#!/usr/bin/env bash
# Restores the database from its backups onto the node with the label database=true: the
# newest state, or that of a second in the past.
#
#   deploy/data/recover.sh                              on a Swarm manager
#   deploy/data/recover.sh "2026-11-24 08:15:00+00"
#   deploy/data/recover.sh "2026-11-24 08:15:00+00" 3     in timeline 3: see restore.sh
#
# What was on the volume is kept beside the restored database. The standby follows
# another history now and stays stopped until deploy/data/rejoin.sh makes it anew.
set -euo pipefail

. "$(dirname "$0")/job.sh"

run_job postgres '
    # A node that is just back may know the repository by name only half a minute later,
    # when the nodes exchange all names.
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
    kept=$PGDATA.before-$(date +%Y-%m-%dT%H-%M-%S)
    if [ -e "$PGDATA" ]; then
        timeline=$(pg_controldata "$PGDATA" | sed -n "s/^Latest checkpoint.s TimeLineID: *//p")
        echo "What is replaced is timeline $timeline, in $kept." \
            "To restore another second of it: recover.sh SECOND $timeline"
        mv "$PGDATA" "$kept"
    fi
    restore.sh "$PGDATA" "$@" || {
        rm -rf "$PGDATA"
        [ ! -e "$kept" ] || mv "$kept" "$PGDATA"
        exit 1
    }' recover.sh "$@" \
    || fail "The restore failed. The volume is as it was. The way back:" \
        "docker service scale ${stack}_postgres=1 ${stack}_standby=1"
start postgres
# Where a node has the standby's label, one is to be there.
[ -z "$(docker node ls --quiet --filter node.label=standby=true)" ] || miss_standby postgres
