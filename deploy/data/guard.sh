#!/usr/bin/env bash
# Entry point of the image: starts PostgreSQL as the primary or as the standby of the other
# server. Refuses to start on a volume that another server uses, on an empty volume without
# bootstrap.sh's permission, and next to another primary (split brain).
#
#   PEER=…     the other server's host name
set -euo pipefail

volume=/var/lib/postgresql
new_installation=$volume/new-installation

refuse() {
    echo "PostgreSQL does not start: $1" >&2
    exit 78
}

# In a file, because `docker inspect` shows environment variables.
export PGPASSFILE=/tmp/passwords
(umask 077 && echo "*:*:*:postgres:$(cat /run/secrets/superuser_password)" > $PGPASSFILE)

# Also if the peer's certificate has expired or has another name, or its image has no TLS yet:
# not to hear it would make two primaries. SCRAM does not reveal the password to another.
peer_is_primary() {
    [ "$(PGSSLMODE=prefer PGSSLROOTCERT='' PGREQUIREAUTH=scram-sha-256 \
        PGCONNECT_TIMEOUT=2 timeout 10 psql --host="$PEER" --username=postgres \
        --dbname=postgres --no-psqlrc --tuples-only --no-align \
        --command="SELECT NOT pg_is_in_recovery()" 2> /dev/null)" = t ]
}

# The server inherits the lock and holds it until its last process exits. PostgreSQL's own
# lock file does not work across containers, which have separate PID namespaces.
exec 9> $volume/lock
flock --nonblock 9 || refuse "another PostgreSQL uses the volume minitwit-postgres. \
Is this stack deployed twice under two names? Remove one: docker stack rm NAME"

# Remains of a restore drill that was interrupted when the last container ended.
rm -rf $volume/drill.*

if [ -e "$PGDATA/standby.signal" ]; then
    echo "guard.sh: starting as the standby of $PEER"
elif [ -s "$PGDATA/PG_VERSION" ] && [ -e $new_installation ]; then
    refuse "the initialization of the new database was interrupted. It has no data yet: \
docker volume rm minitwit-postgres, then MINITWIT_NEW_INSTALLATION=yes deploy/bootstrap.sh"
elif peer_is_primary; then
    [ ! -s "$PGDATA/PG_VERSION" ] || refuse "$PEER is the primary, and the data \
on this volume ends where $PEER was promoted. To make this server its standby: deploy/data/rejoin.sh"
    echo "guard.sh: copying $PEER to become its standby"
    rm -f $new_installation
    PGHOST=$PEER standby.sh "$PGDATA"
elif [ ! -s "$PGDATA/PG_VERSION" ] && [ ! -e $new_installation ]; then
    refuse "the volume minitwit-postgres on this node is empty. \
If the data is on another node, give that node its label back: \
docker node update --label-add database=true NODE. If the data is lost, restore a backup: \
deploy/data/recover.sh. \
For a new installation: MINITWIT_NEW_INSTALLATION=yes deploy/bootstrap.sh"
fi

# Not as a child of the server, which would take its exit for a crashed backend.
(keeper.sh "$PGDATA" 9>&- &)
# A restarted primary has another address, and DNS may still return the old one, which does
# not answer. A standby ignores connect_timeout; without tcp_user_timeout it would wait for
# the two minutes of Linux's SYN retries.
exec docker-entrypoint.sh "$@" -c primary_slot_name=standby \
    -c "primary_conninfo=host=$PEER user=postgres application_name=standby tcp_user_timeout=3000"
