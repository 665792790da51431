#!/usr/bin/env bash
# Entry point of a database server: Patroni, which starts PostgreSQL as the primary or as a
# standby, and the keeper. Refuses a volume that another server uses, and one on which the
# initialization of a new database was interrupted.
#
#   PATRONI_NAME=… and what else deploy/data/stack.yml sets
set -euo pipefail

volume=${PGDATA%/*/*}

refuse() {
    echo "PostgreSQL does not start: $1" >&2
    exit 78
}

# Patroni holds the lock until it exits, and the container ends with it. PostgreSQL's own lock
# file does not work across containers, which have separate PID namespaces.
exec 9> "$volume/lock"
flock --nonblock 9 || refuse "another PostgreSQL uses the volume minitwit-postgres. \
Is this stack deployed twice under two names? Remove one: docker stack rm NAME"

[ ! -s "$PGDATA/PG_VERSION" ] || [ ! -e "$volume/new-installation" ] \
    || refuse "the initialization of the new database was interrupted. It has no data yet. \
Scale the service to 0, docker container prune, docker volume rm minitwit-postgres, \
MINITWIT_NEW_INSTALLATION=yes deploy/bootstrap.sh, then scale it to 1"

# Remains of a restore drill that was interrupted when the last container ended.
rm -rf "$volume"/drill.*

# What 0.1.0 set with ALTER SYSTEM, and Patroni decides now.
[ ! -e "$PGDATA/postgresql.auto.conf" ] || sed -i '/^synchronous_/d' "$PGDATA/postgresql.auto.conf"

# In the environment of this process alone: `docker inspect` shows the container's.
password=$(cat "${SECRETS:-/run/secrets}/superuser_password")
export PATRONI_SUPERUSER_PASSWORD=$password PATRONI_REPLICATION_PASSWORD=$password \
    PATRONI_RESTAPI_PASSWORD=$password

(keeper.sh "$PGDATA" 9>&- &)
# Patroni has libraries of its own.
exec env --unset=PYTHONPATH patroni "${PATRONICTL_CONFIG_FILE:?the settings of Patroni}"
