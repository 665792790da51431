#!/bin/bash
# Makes a database cluster on an empty volume, runs the scripts that set it up
# while nobody can connect from outside, then becomes the server.
set -euo pipefail

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
    # shellcheck disable=SC2086 # Several arguments, as the official image reads them.
    initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" \
        --auth-local=trust --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS-}
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl -w -o "-c listen_addresses='' -k /var/run/postgresql" start
    export PGHOST=/var/run/postgresql PGUSER=postgres
    # shellcheck source=/dev/null
    for script in /docker-entrypoint-initdb.d/*; do
        case $script in
            *.sh) . "$script" ;;
            *.sql) psql -v ON_ERROR_STOP=1 --no-psqlrc -f "$script" ;;
        esac
    done
    unset PGHOST PGUSER
    pg_ctl -m fast -w stop
fi
exec "$@"
