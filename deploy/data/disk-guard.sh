#!/usr/bin/env bash
# Makes the database read-only before its disk is full, and writable again when there is
# space. Performs one check; run it every few seconds.
#
#   disk-guard.sh FOLDER [PERCENT]     minimum free space, by default 10
#
# PostgreSQL crashes when it cannot write WAL. While it is read-only it serves reads, and the
# functions answer writes with 503.
set -euo pipefail

folder=${1:?the data folder}
keep=${2:-10}
free=$((100 - $(df --output=pcent "$folder" | tail -n 1 | tr -dc 0-9)))

psql --username=postgres --dbname=postgres --no-psqlrc --quiet --tuples-only --no-align \
    --set=ON_ERROR_STOP=1 --set=free="$free" --set=keep="$keep" <<'SQL'
SELECT
    :free < :keep AS is_full,
    -- Hysteresis: the threshold for enabling writes is higher.
    :free >= :keep + 2 AS has_space,
    EXISTS (
        SELECT FROM pg_file_settings
        WHERE name = 'default_transaction_read_only' AND setting = 'on'
    ) AS is_read_only
\gset
\if :is_read_only
    \if :has_space
        ALTER SYSTEM RESET default_transaction_read_only;
        SELECT pg_reload_conf() \g /dev/null
        \echo disk-guard.sh: there is enough space again, the database accepts writes
    \endif
\elif :is_full
    ALTER SYSTEM SET default_transaction_read_only = on;
    SELECT pg_reload_conf() \g /dev/null
    \echo disk-guard.sh: less than :keep % of the disk is free, the database is read-only
\endif
SQL
