#!/usr/bin/env bash
# Proves that the newest state can be restored: restores it beside the live database,
# starts it, and checks schema, constraints, sequences, references, row counts and a hash
# of the contents against the live one, and that the newest message is there. Nothing of
# the live database is touched but one row that says that the drill succeeded.
#
#   MINITWIT_DATABASE_URL=… MINITWIT_DATABASE_PASSWORD_FILE=… restore-drill.sh [FOLDER]
#
# The URL is the live database's, with the role that owns it. The folder is for the copy;
# it is removed afterwards.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
live=${MINITWIT_DATABASE_URL:?the live database}
work=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/drill.XXXXXX")
copy=$work/data
started=$(date +%s)

finish() {
    status=$?
    [ $status = 0 ] || [ ! -e "$work/log" ] || tail -n 20 "$work/log" >&2 || true
    [ ! -s "$copy/postmaster.pid" ] || pg_ctl --pgdata="$copy" --mode=immediate stop >/dev/null
    rm -rf "$work"
}
trap finish EXIT

ask() { # HOST QUESTION
    psql --host="$1" --username=postgres --dbname=minitwit --no-psqlrc --tuples-only \
        --no-align --quiet --set=ON_ERROR_STOP=1 --command="$2"
}

# disk-guard.sh answers a full disk by closing the live database to writes, and what is
# restored is as large as that.
require_room() {
    local needed free size
    needed=$(ask "$PGHOST" "SELECT sum(pg_database_size(oid))::bigint FROM pg_database")
    read -r free size < <(df --block-size=1 --output=avail,size "$work" | tail -n 1)
    if [ $((free - needed)) -lt $((size * 15 / 100)) ]; then
        echo "restore-drill.sh: not tried: beside a copy of $((needed >> 20)) MB less than" \
            "15 % of the disk would be free. Enlarge it, or name a folder on another one:" \
            "restore-drill.sh FOLDER" >&2
        exit 1
    fi
}

newest_message="SELECT coalesce(max(id), 0) FROM messages"

require_room
newest=$(ask "$PGHOST" "$newest_message")
# Returns when all that there is by now is in the archive.
pgbackrest --stanza=minitwit check
"$here/restore.sh" "$copy"
restored=$(date +%s)
# The copy never writes to the archive of the original, and nobody reaches it but by its
# socket. As no hot standby it opens whatever the size of the original's settings.
options=(
    -c archive_mode=off -c hot_standby=off -c shared_buffers=64MB -c port=5432
    -c listen_addresses= -c "unix_socket_directories=$work"
)
pg_ctl --pgdata="$copy" --log="$work/log" --options="${options[*]}" \
    start >/dev/null
# It lets nobody in before all WAL is replayed; if it dies on the way, so does the drill.
until pg_isready --quiet --host="$work"; do
    pg_ctl --pgdata="$copy" status >/dev/null
    sleep 0.2
done
opened=$(date +%s)

MINITWIT_DATABASE_URL="postgresql://minitwit@/minitwit?host=$work" \
    minitwit check-database --copy-of "$live"
reached=$(ask "$work" "$newest_message")
if [ "$reached" -lt "$newest" ]; then
    echo "restore-drill.sh: the copy ends with message $reached, and message $newest was" \
        "there before: something is missing in the archive, at which every restore ends." \
        "Make a backup now: backup.sh incremental" >&2
    exit 1
fi
ask "$PGHOST" "INSERT INTO backups (kind) VALUES ('drill')"
echo "restore-drill.sh: restored in $((restored - started)) s, open after" \
    "$((opened - started)) s, checked after $(($(date +%s) - started)) s"
