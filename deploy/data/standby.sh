#!/usr/bin/env bash
# Makes a standby of the primary in an empty folder, and does nothing where there is one.
#
#   PGHOST=… PGPASSWORD=… standby.sh FOLDER
#
# The slot keeps the WAL that the standby still needs while it is away; the primary's
# max_slot_wal_keep_size bounds it, so that an absent standby never fills the disk.
set -euo pipefail

folder=${1:?the folder of the standby}
if [ -s "$folder/PG_VERSION" ]; then
    exit
fi
mkdir -p "$folder"
chmod 700 "$folder"
psql --username=postgres --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --command="SELECT pg_create_physical_replication_slot('standby')
        WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'standby')" \
    >/dev/null
pg_basebackup --username=postgres --pgdata="$folder" --slot=standby --write-recovery-conf \
    --wal-method=stream --checkpoint=fast \
    --dbname="application_name=standby"
