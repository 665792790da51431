#!/usr/bin/env bash
# Creates a new database, if bootstrap.sh has allowed it on this volume. Patroni calls it when
# there are data neither on the volume nor at another server. Otherwise it refuses: the data are
# elsewhere, or lost.
set -euo pipefail

if [ ! -e "${PGDATA%/*/*}/new-installation" ]; then
    echo "PostgreSQL does not start: the volume minitwit-postgres on this node is empty, and no" \
        "other server has data. If the data is on another node, give that node its label back:" \
        "docker node update --label-add database=true NODE. If the data is lost, restore a" \
        "backup: deploy/data/recover.sh. For a new installation:" \
        "MINITWIT_NEW_INSTALLATION=yes deploy/bootstrap.sh" >&2
    exit 78
fi
# By default text would be ordered by libc: slower indexes, which an update of libc corrupts
# when it changes the order.
exec initdb --pgdata="$PGDATA" --username=postgres --auth=scram-sha-256 --no-instructions \
    --pwfile="${SECRETS:-/run/secrets}/superuser_password" --encoding=UTF8 \
    --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8
