#!/usr/bin/env bash
# Keeps the database: looks after its disk and its standby every few seconds, makes the
# backup that is due, and drills a restore once a day. Runs beside each server and does
# nothing where that is the standby.
#
#   SYNCHRONOUS_STANDBY=yes keeper.sh FOLDER        the folder of the database
#
# Each look is a process of its own and may fail: the next one comes.
set -uo pipefail

folder=${1:?the folder of the database}
here=$(dirname "$(readlink -f "$0")")
seconds=5
trap 'exit 0' TERM INT

ask() { psql --username=postgres --dbname="$1" --no-psqlrc --tuples-only --no-align --command="$2"; }

is_primary() {
    pg_isready --quiet && [ "$(ask postgres "SELECT NOT pg_is_in_recovery()")" = t ]
}

is_migrated() {
    [ "$(ask minitwit "SELECT to_regclass('backups') IS NOT NULL")" = t ]
}

drill_is_due() {
    [ "$(ask minitwit "SELECT NOT EXISTS (
        SELECT FROM backups WHERE kind = 'drill' AND finished_at > now() - interval '1 day'
    )")" = t ]
}

looks=0
woken=
while true; do
    if is_primary; then
        # The checkpointer of a server that was shut down properly starts before that is
        # the primary, and then looks at archive_timeout only after checkpoint_timeout.
        [ "$woken" ] || woken=$(ask postgres "SELECT pg_reload_conf()")
        "$here/disk-guard.sh" "$folder"
        "$here/synchrony.sh" "${SYNCHRONOUS_STANDBY:-no}"
        # Backups take long: they run in the background, one at a time, and a disk that
        # fills meanwhile is still noticed. The first is made as soon as there is a schema.
        if is_migrated; then
            if [ $((looks % 12)) = 0 ] && ! jobs -r | grep -q .; then
                { "$here/backup.sh" && drill_is_due && "$here/restore-drill.sh"; } &
            fi
            looks=$((looks + 1))
        fi
    fi
    sleep $seconds &
    wait -n $!
done
