#!/usr/bin/env bash
# Stands before PostgreSQL and says what it is to be: the primary, or the standby of the
# other server. Refuses to start it where it would do harm: on a volume that another
# server uses, on an empty one that nobody announced, beside another primary.
#
#   PEER=…     the other server's host name
set -euo pipefail

volume=/var/lib/postgresql
announced=$volume/new-installation

refuse() {
    echo "PostgreSQL does not start: $1" >&2
    exit 78
}

# In a file: what is in a variable is shown to whoever may look at the container.
export PGPASSFILE=/tmp/passwords
(umask 077 && echo "*:*:*:postgres:$(cat /run/secrets/superuser_password)" > $PGPASSFILE)

peer_is_primary() {
    [ "$(PGCONNECT_TIMEOUT=2 timeout 10 psql --host="$PEER" --username=postgres \
        --dbname=postgres --no-psqlrc --tuples-only --no-align \
        --command="SELECT NOT pg_is_in_recovery()" 2> /dev/null)" = t ]
}

# The server inherits the lock and holds it until its last process is gone. Its own
# lock file is no help between containers: each sees only its own process numbers.
exec 9> $volume/lock
flock --nonblock 9 || refuse "another PostgreSQL uses the volume minitwit-postgres. \
Is this stack deployed twice under two names? Remove one: docker stack rm NAME"

# What was under way when the last container ended.
rm -rf $volume/drill.*

if [ -e "$PGDATA/standby.signal" ]; then
    echo "guard.sh: the standby of $PEER"
elif [ -s "$PGDATA/PG_VERSION" ] && [ -e $announced ]; then
    refuse "setting up the new database was interrupted half-way. Nothing is in it yet: \
docker volume rm minitwit-postgres, then MINITWIT_NEW_INSTALLATION=yes deploy/bootstrap.sh"
elif peer_is_primary; then
    [ ! -s "$PGDATA/PG_VERSION" ] || refuse "$PEER is the primary, and what is on this \
volume ends where $PEER took over. To make this server its standby: deploy/data/rejoin.sh"
    echo "guard.sh: copying $PEER, to be its standby"
    rm -f $announced
    PGHOST=$PEER standby.sh "$PGDATA"
elif [ ! -s "$PGDATA/PG_VERSION" ] && [ ! -e $announced ]; then
    refuse "the volume minitwit-postgres on this node is empty. \
If the data is on another node, give that node its label back: \
docker node update --label-add database=true NODE. If the data is lost, restore a backup: \
deploy/data/recover.sh. \
If this is a new installation, say so: MINITWIT_NEW_INSTALLATION=yes deploy/bootstrap.sh"
fi

# Not the server's child, which would take its end for the crash of one of its own.
(keeper.sh "$PGDATA" 9>&- &)
# A primary that starts again has another address, and its name may still lead to the old
# one, where nobody answers. A standby heeds no connect_timeout: without the time-out of the
# socket it would wait there for the two minutes that Linux gives a connection.
exec docker-entrypoint.sh "$@" -c primary_slot_name=standby \
    -c "primary_conninfo=host=$PEER user=postgres application_name=standby tcp_user_timeout=3000"
