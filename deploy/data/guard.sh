#!/bin/bash
# Stands before PostgreSQL and refuses to start it where it would do harm:
# on a volume that another server uses, and on an empty one that nobody announced.
set -euo pipefail

volume=/var/lib/postgresql
announced=$volume/new-installation

refuse() {
    echo "PostgreSQL does not start: $1" >&2
    exit 78
}

# The server inherits the lock and holds it until its last process is gone. Its own
# lock file is no help between containers: each sees only its own process numbers.
exec 9> $volume/lock
flock --nonblock 9 || refuse "another PostgreSQL uses the volume minitwit-postgres. \
Is this stack deployed twice under two names? Remove one: docker stack rm NAME"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    [ -e $announced ] || refuse "the volume minitwit-postgres on this node is empty. \
If the data is on another node, give that node its label back: \
docker node update --label-add database=true NODE. If the data is lost, restore a backup. \
If this is a new installation, say so: MINITWIT_NEW_INSTALLATION=yes deploy/bootstrap.sh"
elif [ -e $announced ]; then
    refuse "setting up the new database was interrupted half-way. Nothing is in it yet: \
docker volume rm minitwit-postgres, then MINITWIT_NEW_INSTALLATION=yes deploy/bootstrap.sh"
fi

exec docker-entrypoint.sh "$@"
