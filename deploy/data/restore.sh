#!/usr/bin/env bash
# Restores the database into an empty folder, to the newest state or to a point in time.
#
#   restore.sh FOLDER                              the newest archived state
#   restore.sh FOLDER "2026-11-24 08:15:00+00"     the state at that time
#   restore.sh FOLDER "2026-11-24 08:15:00+00" 3   the same, in timeline 3
#
# Each restore and each promotion begins a new timeline, and a restore follows the newest
# one. Transactions that exist only in an earlier timeline need its number.
# The server that starts on the folder replays WAL from the archive before it accepts
# connections.
set -euo pipefail

folder=${1:?the folder to restore into}
target=(--type=default)
[ $# -lt 2 ] || target=(--type=time "--target=$2" --target-action=promote)
[ $# -lt 3 ] || target+=("--target-timeline=$3")

if [ -n "$(ls -A "$folder" 2>/dev/null)" ]; then
    echo "restore.sh: $folder is not empty: move its content elsewhere, and keep it until" \
        "the restored database is checked" >&2
    exit 65
fi
mkdir -p "$folder"
chmod 700 "$folder"
pgbackrest --stanza=minitwit --pg1-path="$folder" "${target[@]}" restore
echo "restore.sh: restored into $folder; start PostgreSQL on it, then minitwit check-database"
