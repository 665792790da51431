#!/usr/bin/env bash
# Makes a backup and records its success in the database.
#
#   backup.sh [full|incremental]     by default the kind that is due, if any
#
# A full backup is due after a week, an incremental one after six hours and after each
# failover. Due times come from the database, so restarts and new nodes do not affect them.
set -euo pipefail

query() {
    psql --username=postgres --dbname=minitwit --no-psqlrc --tuples-only --no-align \
        --set=ON_ERROR_STOP=1 --command="$1"
}

# False for a repository that is new or was lost.
has_full_backup() { # OUTPUT-OF-PGBACKREST-INFO
    grep "full backup:" <<< "$1" > /dev/null
}

# WAL that a lost primary had not archived is not archived by the promoted standby either.
# A restore from a backup of the earlier timeline cannot get past that gap.
is_of_this_timeline() { # OUTPUT-OF-PGBACKREST-INFO
    newest=$(sed -n 's|.*wal start/stop: .* / \(........\).*|\1|p' <<< "$1" | tail -n 1)
    [ "$newest" = "$(query "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)")" ]
}

due() {
    known=$(pgbackrest --stanza=minitwit info) || known=
    has_full_backup "$known" || { echo full && return; }
    by_age=$(due_by_age)
    if [ "$by_age" ]; then
        echo "$by_age"
    elif ! is_of_this_timeline "$known"; then
        echo incremental
    fi
}

due_by_age() {
    query "SELECT CASE
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

# Before it decides what is due: a backup that is under way may be the one.
. "$(dirname "$(readlink -f "$0")")/one-at-a-time.sh"
kind=${1:-$(due)}
case $kind in
    "") exit ;;
    full) type=full ;;
    incremental) type=incr ;;
    *) echo "backup.sh: unknown kind $kind: use full or incremental" >&2 && exit 64 ;;
esac

# Idempotent; fails if the repository belongs to another cluster.
pgbackrest --stanza=minitwit stanza-create
pgbackrest --stanza=minitwit --type="$type" backup
# Also while the disk guard refuses writes: a backup that is not recorded would be made again
# each minute.
PGOPTIONS='-c default_transaction_read_only=off' query "INSERT INTO backups (kind) VALUES ('$kind')" >/dev/null
echo "backup.sh: completed a backup: $kind"
