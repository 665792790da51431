#!/usr/bin/env bash
# Keeps the database: looks after its disk and its standby every few seconds, makes the
# backup that is due, and drills a restore once a day. Runs beside the primary.
#
#   keeper.sh FOLDER        the folder of the database
#
# Each look is a process of its own and may fail: the next one comes.
set -uo pipefail

folder=${1:?the folder of the database}
here=$(dirname "$(readlink -f "$0")")
seconds=5
trap 'exit 0' TERM INT

drill_is_due() {
    [ "$(psql --username=postgres --dbname=minitwit --no-psqlrc -Atc "SELECT NOT EXISTS (
        SELECT FROM backups WHERE kind = 'drill' AND finished_at > now() - interval '1 day'
    )")" = t ]
}

looks=0
while true; do
    if pg_isready --quiet; then
        "$here/disk-guard.sh" "$folder"
        "$here/synchrony.sh"
        # Backups take long: they run in the background, one at a time, and a disk that
        # fills meanwhile is still noticed.
        if [ $((looks % 12)) = 0 ] && ! jobs -r | grep -q .; then
            { "$here/backup.sh" && drill_is_due && "$here/restore-drill.sh"; } &
        fi
    fi
    looks=$((looks + 1))
    sleep $seconds &
    wait -n $!
done
