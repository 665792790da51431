#!/usr/bin/env bash
# Makes the backup that is due, and says in the database that it succeeded.
#
#   backup.sh [full|incremental]     the one named, or the one that is due, or none
#
# A full one is due after a week, an incremental one after six hours and whenever another
# server has become the primary. What is due is read from the database, so that a restart,
# a new node or a missed hour changes nothing.
set -euo pipefail

ask() {
    psql --username=postgres --dbname=minitwit --no-psqlrc --tuples-only --no-align \
        --set=ON_ERROR_STOP=1 --command="$1"
}

# A repository that was lost, or is not there yet, has none.
has_full_backup() { # WHAT PGBACKREST KNOWS
    grep "full backup:" <<< "$1" > /dev/null
}

# What a lost primary had not archived yet, the one that took over has from it and does not
# archive either: no restore from an earlier backup gets past such a hole.
is_of_this_history() { # WHAT PGBACKREST KNOWS
    newest=$(sed -n 's|.*wal start/stop: .* / \(........\).*|\1|p' <<< "$1" | tail -n 1)
    [ "$newest" = "$(ask "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)")" ]
}

due() {
    known=$(pgbackrest --stanza=minitwit info) || known=
    has_full_backup "$known" || { echo full && return; }
    by_age=$(due_by_age)
    if [ "$by_age" ]; then
        echo "$by_age"
    elif ! is_of_this_history "$known"; then
        echo incremental
    fi
}

due_by_age() {
    ask "SELECT CASE
        WHEN NOT EXISTS (
            SELECT FROM backups
            WHERE kind = 'full' AND finished_at > now() - interval '7 days'
        ) THEN 'full'
        WHEN NOT EXISTS (
            SELECT FROM backups
            WHERE kind <> 'drill' AND finished_at > now() - interval '6 hours'
        ) THEN 'incremental'
        END"
}

kind=${1:-$(due)}
case $kind in
    "") exit ;;
    full) type=full ;;
    incremental) type=incr ;;
    *) echo "backup.sh: say full or incremental, not $kind" >&2 && exit 64 ;;
esac

# Does nothing when the repository is this database's already, and refuses another's.
pgbackrest --stanza=minitwit stanza-create
pgbackrest --stanza=minitwit --type="$type" backup
ask "INSERT INTO backups (kind) VALUES ('$kind')" >/dev/null
echo "backup.sh: a $kind backup is made"
