#!/usr/bin/env bash
# Makes the database read-only before its disk is full, and writable when there is room.
# One look; run it every few seconds.
#
#   disk-guard.sh FOLDER [PERCENT]     PERCENT has to stay free, by default 10
#
# PostgreSQL stops altogether when it cannot write its log. Read-only it answers reads for
# as long as it takes to make room, and the functions refuse writes with 503.
set -euo pipefail

folder=${1:?the folder of the database}
keep=${2:-10}
free=$((100 - $(df --output=pcent "$folder" | tail -n 1 | tr -dc 0-9)))

psql --username=postgres --dbname=postgres --no-psqlrc --quiet --tuples-only --no-align \
    --set=ON_ERROR_STOP=1 --set=free="$free" --set=keep="$keep" <<'SQL'
SELECT
    :free < :keep AS is_full,
    -- A little more has to be free before writes go on, so that it does not waver.
    :free >= :keep + 2 AS has_room,
    EXISTS (
        SELECT FROM pg_file_settings
        WHERE name = 'default_transaction_read_only' AND setting = 'on'
    ) AS is_closed
\gset
\if :is_closed
    \if :has_room
        ALTER SYSTEM RESET default_transaction_read_only;
        SELECT pg_reload_conf() \g /dev/null
        \echo disk-guard.sh: there is room again, writes go on
    \endif
\elif :is_full
    ALTER SYSTEM SET default_transaction_read_only = on;
    SELECT pg_reload_conf() \g /dev/null
    \echo disk-guard.sh: less than :keep % of the disk is free, the database is read-only
\endif
SQL
