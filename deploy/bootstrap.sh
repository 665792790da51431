#!/usr/bin/env bash
# Prepares a Swarm for MiniTwit, on the application droplet. Safe to run again: it
# makes what is missing and leaves what is there.
#
#   MINITWIT_NEW_INSTALLATION=yes  this MiniTwit has no data yet: set up a database
#   MINITWIT_ADVERTISE_ADDRESS     the address by which the other droplets reach this one
set -euo pipefail

postgres_image=$(sed -n 's/^ *image: \(postgres:.*\)/\1/p' "$(dirname "$0")/data/stack.yml")

swarm() {
    case $(docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}') in
        "active true") ;;
        "active false")
            echo "This droplet is a worker of a Swarm: run bootstrap.sh on its manager." >&2
            exit 1
            ;;
        *)
            docker swarm init ${MINITWIT_ADVERTISE_ADDRESS:+--advertise-addr "$MINITWIT_ADVERTISE_ADDRESS"} > /dev/null
            echo "made a Swarm of this droplet"
            ;;
    esac
}

# The first manager is the application droplet, and the database lives there. A
# label that an operator has put on another node since is not taken away.
labels() {
    local label node
    node=$(docker info --format '{{.Swarm.NodeID}}')
    for label in role=application database=true; do
        if [ -z "$(docker node ls --quiet --filter "node.label=$label")" ]; then
            docker node update --label-add "$label" "$node" > /dev/null
            echo "labelled this node $label"
        fi
    done
}

network() {
    docker network inspect "$1" > /dev/null 2>&1 && return
    docker network create --driver overlay --attachable "$1" > /dev/null
    echo "made the network $1"
}

volume() {
    docker volume inspect "$1" > /dev/null 2>&1 && return
    docker volume create "$1" > /dev/null
    echo "made the volume $1"
}

# Traefik is not root, and a new volume is root's.
lend_volume_to_edge() {
    docker run --rm --network none --user 0 --entrypoint chown \
        --volume minitwit-acme:/acme "$postgres_image" 65532:65532 /acme
}

random_line() { head -c 32 /dev/urandom | base64; }

# A secret is never replaced: deploy/rotate.sh adds a newer version.
secret() { # NAME [NUMBER OF LINES]
    [ -n "$(docker secret ls --quiet --filter "name=minitwit-$1-")" ] && return
    for _ in $(seq "${2:-1}"); do random_line; done | docker secret create "minitwit-$1-1" - > /dev/null
    echo "made the secret minitwit-$1-1"
}

announce_new_database() {
    docker run --rm --network none --user 999:999 --entrypoint bash \
        --volume minitwit-postgres:/var/lib/postgresql "$postgres_image" -c '
            if [ -s /var/lib/postgresql/18/docker/PG_VERSION ]; then
                echo "the volume minitwit-postgres has a database: it is left as it is"
            else
                touch /var/lib/postgresql/new-installation
                echo "announced a new database on the volume minitwit-postgres"
            fi'
}

swarm
labels
network edge
network data
network telemetry
volume minitwit-postgres
volume minitwit-acme
lend_volume_to_edge
secret session-keys 2 # The key in use, and the one that deploy/rotate.sh uses next.
secret database-password
secret owner-password
secret superuser-password
if [ "${MINITWIT_NEW_INSTALLATION:-}" = yes ]; then
    announce_new_database
fi
echo "The Swarm is ready for MiniTwit."
