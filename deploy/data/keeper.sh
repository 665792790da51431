#!/usr/bin/env bash
# Maintenance loop of a server: checks disk space every few seconds, makes backups when they
# are due, and drills a restore once a day. Runs next to each server, and is idle while that
# server is a standby.
#
#   SYNCHRONOUS_STANDBY=yes keeper.sh FOLDER     the data folder; commits wait for a standby,
#                                                while there is one
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

# Patroni itself reads the settings that all servers share only when it creates a cluster: the
# block of patroni.yml below `dcs:`.
share_settings() {
    local synchronous=false
    [ "${SYNCHRONOUS_STANDBY:-no}" != yes ] || synchronous=true
    sed -n '/^  dcs:/,/^  [a-z]/{s/^    //p}' "$PATRONICTL_CONFIG_FILE" | env --unset=PYTHONPATH \
        patronictl edit-config --force --quiet --apply - --set "synchronous_mode=$synchronous"
}

# From then on an empty volume is an error (create-cluster.sh), and the server is healthy
# (stack.yml): before, Patroni restarts a new database once.
end_installation() { rm -f "${folder%/*/*}/new-installation"; }

# After a clean shutdown the checkpointer starts before the server is the primary, and would
# apply archive_timeout only after checkpoint_timeout. A reload wakes it.
become_primary() {
    query postgres "SELECT pg_reload_conf()" > /dev/null && "$here/roles.sh" && share_settings \
        && end_installation
}

iterations=0
was_primary=
while true; do
    if ! is_primary; then
        was_primary=
    else
        [ "$was_primary" ] || { become_primary && was_primary=yes; }
        "$here/disk-guard.sh" "$folder"
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
