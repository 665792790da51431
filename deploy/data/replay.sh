#!/usr/bin/env bash
# Starts PostgreSQL on a restored folder, and returns when it has replayed WAL as far as the
# restore is to go. If it crashes before, this fails.
#
#   PGHOST=… replay.sh FOLDER [OPTION …]     options of the server
set -euo pipefail

folder=${1:?the restored folder}
log=$(mktemp)
trap '[ $? = 0 ] || tail -n 20 "$log" >&2; rm "$log"' EXIT
# Without hot_standby it starts with smaller settings than the original's, and accepts
# connections once everything is replayed. Only the Unix socket is open, which has no TLS, and
# the job of a recovery has no certificate.
pg_ctl --pgdata="$folder" --log="$log" --timeout=3600 \
    --options="-c hot_standby=off -c listen_addresses= -c ssl=off ${*:2}" start > /dev/null
until pg_isready --quiet; do
    pg_ctl --pgdata="$folder" status > /dev/null
    sleep 0.2
done
