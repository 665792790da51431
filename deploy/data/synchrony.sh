#!/usr/bin/env bash
# Keeps every acknowledged write on both nodes while there is a standby, and lets writes
# go on without it while there is none. One look; run it every few seconds.
#
#   synchrony.sh yes|no     no: commits never wait for the standby
#
# While the standby streams, a commit waits until it is applied there: losing a node loses
# nothing, and what was written can be read at either. A standby that is away would hold
# up every commit, so then the primary stops waiting, and metrics and this log say so.
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
