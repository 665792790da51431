#!/usr/bin/env bash
# Creates a standby of the primary in an empty folder; does nothing if the folder has data.
#
#   PGHOST=… PGPASSWORD=… standby.sh FOLDER
#
# The replication slot retains WAL while the standby is disconnected. The primary's
# max_slot_wal_keep_size bounds it, so that a missing standby cannot fill the disk.
set -euo pipefail

folder=${1:?the folder of the standby}
if [ -s "$folder/PG_VERSION" ]; then
    exit
fi
mkdir -p "$folder"
chmod 700 "$folder"
# The slot of an earlier standby may have been invalidated, so it is created again.
psql --username=postgres --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --command="SELECT pg_drop_replication_slot(slot_name)
        FROM pg_replication_slots WHERE slot_name = 'standby' AND NOT active" \
    --command="SELECT pg_create_physical_replication_slot('standby', true)" \
    >/dev/null
# Renamed when complete, so that an interrupted copy is never started.
copy=$folder.copy
rm -rf "$copy"
pg_basebackup --username=postgres --pgdata="$copy" --slot=standby --write-recovery-conf \
    --wal-method=stream --checkpoint=fast \
    --dbname="application_name=standby"
# A restored primary keeps its recovery target, at which the standby would stop.
sed -i '/^recovery_target/d' "$copy/postgresql.auto.conf"
rmdir "$folder"
mv "$copy" "$folder"
