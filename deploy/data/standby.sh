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
# A slot that an earlier standby left may have lost what it kept.
psql --username=postgres --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --command="SELECT pg_drop_replication_slot(slot_name)
        FROM pg_replication_slots WHERE slot_name = 'standby' AND NOT active" \
    --command="SELECT pg_create_physical_replication_slot('standby', true)" \
    >/dev/null
# Beside its place first: a copy that was interrupted is none.
copy=$folder.copy
rm -rf "$copy"
pg_basebackup --username=postgres --pgdata="$copy" --slot=standby --write-recovery-conf \
    --wal-method=stream --checkpoint=fast \
    --dbname="application_name=standby"
# A primary that was restored remembers to which second. Its standby would stop there.
sed -i '/^recovery_target/d' "$copy/postgresql.auto.conf"
rmdir "$folder"
mv "$copy" "$folder"
