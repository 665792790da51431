#!/usr/bin/env bash
# Maintenance loop of a server: checks disk space and synchronous replication every few
# seconds, makes backups when they are due, and drills a restore once a day. Runs next to
# each server, and is idle while that server is the standby.
#
#   SYNCHRONOUS_STANDBY=yes keeper.sh FOLDER        the data folder
#
# Each check is a process of its own: if one fails, the next iteration tries again.
set -uo pipefail

folder=${1:?the data folder}
here=$(dirname "$(readlink -f "$0")")
seconds=5
trap 'exit 0' TERM INT

query() { psql --username=postgres --dbname="$1" --no-psqlrc --tuples-only --no-align --command="$2"; }

is_primary() {
    pg_isready --quiet && [ "$(query postgres "SELECT NOT pg_is_in_recovery()")" = t ]
}

is_migrated() {
    [ "$(query minitwit "SELECT to_regclass('backups') IS NOT NULL")" = t ]
}

drill_is_due() {
    [ "$(query minitwit "SELECT NOT EXISTS (
        SELECT FROM backups WHERE kind = 'drill' AND finished_at > now() - interval '1 day'
    )")" = t ]
}

iterations=0
reloaded=
may_create_roles=
while true; do
    if is_primary; then
        # After a clean shutdown the checkpointer starts before the server is the primary, and
        # would apply archive_timeout only after checkpoint_timeout. A reload wakes it.
        [ "$reloaded" ] || reloaded=$(query postgres "SELECT pg_reload_conf()")
        # The owner of a database that 0.1.0 created lacks this right.
        [ "$may_create_roles" ] || may_create_roles=$(query postgres "ALTER ROLE minitwit CREATEROLE")
        "$here/disk-guard.sh" "$folder"
        "$here/synchrony.sh" "${SYNCHRONOUS_STANDBY:-no}"
        # Backups take long, so they run in the background, one at a time, while the disk is
        # still checked. The first is made as soon as there is a schema.
        if is_migrated; then
            if [ $((iterations % 12)) = 0 ] && ! jobs -r | grep -q .; then
                { "$here/backup.sh" && drill_is_due && "$here/restore-drill.sh"; } &
            fi
            iterations=$((iterations + 1))
        fi
    fi
    sleep $seconds &
    wait -n $!
done
