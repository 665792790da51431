#!/usr/bin/env bash
# Verifies that the newest state can be restored: restores a copy next to the live database,
# starts it, and compares schema, constraints, sequences, references, row counts and a hash
# of the contents, and requires the newest message. In the live database it only inserts one
# row that records the success.
#
#   MINITWIT_DATABASE_URL=… MINITWIT_DATABASE_PASSWORD_FILE=… restore-drill.sh [FOLDER]
#
# The URL is the live database's, with the role that owns it. The copy is made in a new
# folder inside FOLDER and removed afterwards.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
live=${MINITWIT_DATABASE_URL:?the live database}
. "$here/one-at-a-time.sh"
work=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/drill.XXXXXX")
copy=$work/data
started=$(date +%s)

finish() {
    [ ! -s "$copy/postmaster.pid" ] || pg_ctl --pgdata="$copy" --mode=immediate stop >/dev/null
    rm -rf "$work"
}
trap finish EXIT

query() { # HOST STATEMENT
    psql --host="$1" --username=postgres --dbname=minitwit --no-psqlrc --tuples-only \
        --no-align --quiet --set=ON_ERROR_STOP=1 --command="$2"
}

# The copy is as large as the live database, which disk-guard.sh makes read-only when the
# disk is nearly full.
require_space() {
    local needed free size
    needed=$(query "$PGHOST" "SELECT sum(pg_database_size(oid))::bigint FROM pg_database")
    read -r free size < <(df --block-size=1 --output=avail,size "$work" | tail -n 1)
    if [ $((free - needed)) -lt $((size * 15 / 100)) ]; then
        echo "restore-drill.sh: skipped: with a copy of $((needed >> 20)) MB less than" \
            "15 % of the disk would be free. Enlarge it, or use a folder on another one:" \
            "restore-drill.sh FOLDER" >&2
        exit 1
    fi
}

newest_message="SELECT coalesce(max(id), 0) FROM messages"

require_space
newest=$(query "$PGHOST" "$newest_message")
# Returns when all WAL up to now is archived.
pgbackrest --stanza=minitwit check
"$here/restore.sh" "$copy"
restored=$(date +%s)
# The copy does not archive, listens on its own Unix socket only, and would keep the lock (9)
# if it outlived this script.
PGHOST=$work "$here/replay.sh" "$copy" -c archive_mode=off -c shared_buffers=64MB -c port=5432 \
    -c "unix_socket_directories=$work" 9<&-
opened=$(date +%s)

MINITWIT_DATABASE_URL="postgresql://minitwit@/minitwit?host=$work" \
    minitwit check-database --copy-of "$live"
reached=$(query "$work" "$newest_message")
# Unless its author has deleted it meanwhile.
missing=$(query "$PGHOST" \
    "SELECT count(*) FROM messages WHERE id > $reached AND id <= $newest")
if [ "$missing" -gt 0 ]; then
    echo "restore-drill.sh: the copy ends with message $reached, but message $newest was" \
        "committed before: the archive has a gap, at which every restore ends." \
        "Make a backup now: backup.sh incremental" >&2
    exit 1
fi
query "$PGHOST" "INSERT INTO backups (kind) VALUES ('drill')"
echo "restore-drill.sh: restored in $((restored - started)) s, open after" \
    "$((opened - started)) s, checked after $(($(date +%s) - started)) s"
