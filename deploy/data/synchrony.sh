#!/usr/bin/env bash
# Turns synchronous replication on while the standby streams, and off while it does not.
# Performs one check; run it every few seconds.
#
#   synchrony.sh yes|no     no: always asynchronous
#
# While it is on, a commit waits until the standby has applied it (remote_apply): losing a
# node loses no acknowledged write, and both servers return it. A disconnected standby would
# block every commit, so the primary falls back to asynchronous commits and logs that.
set -euo pipefail

psql --username=postgres --dbname=postgres --no-psqlrc --quiet --tuples-only --no-align \
    --set=ON_ERROR_STOP=1 --set=wanted="${1:?yes or no}" <<'SQL'
SELECT
    :'wanted' = 'yes' AND EXISTS (
        SELECT FROM pg_stat_replication
        WHERE application_name = 'standby' AND state = 'streaming'
    ) AS streams,
    current_setting('synchronous_standby_names') <> '' AS waits
\gset
\if :streams
    \if :waits
    \else
        ALTER SYSTEM SET synchronous_commit = 'remote_apply';
        ALTER SYSTEM SET synchronous_standby_names = 'standby';
        SELECT pg_reload_conf() \g /dev/null
        \echo synchrony.sh: commits wait for the standby
    \endif
\elif :waits
    ALTER SYSTEM RESET synchronous_standby_names;
    SELECT pg_reload_conf() \g /dev/null
    \echo synchrony.sh: commits do not wait for the standby
\endif
SQL
