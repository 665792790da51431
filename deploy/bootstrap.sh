#!/usr/bin/env bash
# Prepares a Swarm for MiniTwit, on the application droplet. Safe to run again: it
# makes what is missing and leaves what is there.
#
#   MINITWIT_NEW_INSTALLATION=yes  this MiniTwit has no data yet: set up a database
#   MINITWIT_ADVERTISE_ADDRESS     the address by which the other droplets reach this one
#   SENTRY_DSN_FILE, CHAT_WEBHOOK_FILE, DEAD_MANS_SWITCH_FILE
#                                  files that hold these addresses, where there are any
#   MINITWIT_KEPT_SECRETS=FOLDER   use the secrets that deploy/keep-secrets.sh has kept, or
#                                  that you have written: each is a file of the secret's name
set -euo pipefail

postgres_image=$(sed -n 's/^FROM \(postgres:.*\)/\1/p' "$(dirname "$0")/data/Dockerfile")

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

# A new node also changes by itself, and Swarm refuses a change that crosses one of its own.
add_label() { # LABEL NODE
    local tries=10
    until docker node update --label-add "$1" "$2" > /dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 1
    done
}

# The first manager is the application droplet, and the database lives there. A
# label that an operator has put on another node since is not taken away.
labels() {
    local label node
    node=$(docker info --format '{{.Swarm.NodeID}}')
    for label in role=application database=true; do
        if [ -z "$(docker node ls --quiet --filter "node.label=$label")" ]; then
            add_label "$label" "$node"
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
random_lines() { for _ in $(seq "$1"); do random_line; done; }

# As it stands, without the end of the line: it becomes part of a configuration.
address_in() { tr -d '\n' < "$1"; }

refuse() {
    echo "$*" >&2
    exit 1
}

exists() { [ -n "$(docker secret ls --quiet --filter "name=minitwit-$1-")" ]; }

# A secret is never replaced: deploy/rotate.sh adds a newer version.
secret() { # NAME, AND WHAT PRINTS ITS CONTENT
    local name=$1
    shift
    exists "$name" && return
    "$@" | docker secret create "minitwit-$name-1" - > /dev/null
    echo "made the secret minitwit-$name-1"
}

# Without Sentry the secret is a blank line, since the stack file names it anyway.
addresses_outside() {
    if [ -n "${SENTRY_DSN_FILE:-}" ]; then
        secret sentry-dsn address_in "$SENTRY_DSN_FILE"
    else
        secret sentry-dsn echo
    fi
    [ -z "${CHAT_WEBHOOK_FILE:-}" ] || secret chat-webhook address_in "$CHAT_WEBHOOK_FILE"
    [ -z "${DEAD_MANS_SWITCH_FILE:-}" ] || secret dead-mans-switch address_in "$DEAD_MANS_SWITCH_FILE"
}

kept_secrets() { # FOLDER
    local file name
    [ -d "$1" ] || refuse "There is no folder $1: name in MINITWIT_KEPT_SECRETS the one with the secrets."
    for file in "$1"/*; do
        [ -s "$file" ] || continue
        name=$(basename "$file")
        [ -z "$(docker secret ls --quiet --filter "name=$name")" ] || continue
        docker secret create "$name" "$file" > /dev/null
        echo "made the secret $name, as it was kept"
    done
}

# Whoever has kept secrets has data to restore. New ones would neither open its backups nor
# be the passwords that it knows, and once they are there no kept one takes their place.
require_kept() { # FOLDER
    local name missing=()
    for name in backup-repository database-password owner-password superuser-password; do
        exists "$name" || missing+=("minitwit-$name-N")
    done
    [ ${#missing[@]} -eq 0 ] || refuse "$1 lacks ${missing[*]}. Put there what deploy/keep-secrets.sh has kept of it" \
        "and run this again: new ones would not open the backups, or the database once it is restored. If they are" \
        "lost for good, leave out MINITWIT_KEPT_SECRETS, and new ones are made."
}

# The Swarm shows a secret to nobody, so this is read in the file that it was made of.
repository_is_elsewhere() {
    grep -Eqs '^repo1-type *= *(azure|gcs|s3)' "${MINITWIT_KEPT_SECRETS:-}"/minitwit-backup-repository-*
}

repository_at_backups() { # ITS PUBLIC KEY
    cat << END
[global]
repo1-cipher-pass=$(random_line)
repo1-type=sftp
repo1-sftp-host=backups
repo1-sftp-host-port=2222
repo1-sftp-host-user=postgres
repo1-sftp-private-key-file=/run/secrets/backup_key
repo1-sftp-host-key-check-type=fingerprint
repo1-sftp-host-key-hash-type=sha256
repo1-sftp-host-fingerprint=$(cut -d ' ' -f 2 "$1" | base64 -d | sha256sum | cut -d ' ' -f 1)
END
}

# The repository's secret says where it is and what it is encrypted with, so that no backup
# can be read without it. The key is that of the service `backups`: where the repository is
# there, it is known by its key, and a new key would not be let in. A repository elsewhere
# does not ask for the key, but the stack file names it anyway.
backup_secrets() {
    if exists backup-key; then
        exists backup-repository || refuse "There is a minitwit-backup-key-N without the minitwit-backup-repository-N" \
            "that no backup can be read without. If that was kept, name its folder in MINITWIT_KEPT_SECRETS. If there" \
            "is no backup yet, remove the key (docker secret rm) and run this again: it makes both."
        return
    fi
    ! exists backup-repository || repository_is_elsewhere || refuse "There is a minitwit-backup-repository-N without" \
        "minitwit-backup-key-N. Name in MINITWIT_KEPT_SECRETS a folder that has both as they were kept: the service" \
        "backups would not be known by a new key. Where the repository is in an S3-compatible store, its file is enough."
    local folder
    folder=$(mktemp -d)
    ssh-keygen -q -t ed25519 -N '' -C minitwit -f "$folder/key"
    secret backup-key cat "$folder/key"
    secret backup-repository repository_at_backups "$folder/key.pub"
    rm -r "$folder"
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
if [ -n "${MINITWIT_KEPT_SECRETS:-}" ]; then
    kept_secrets "$MINITWIT_KEPT_SECRETS"
    [ "${MINITWIT_NEW_INSTALLATION:-}" = yes ] || require_kept "$MINITWIT_KEPT_SECRETS"
fi
backup_secrets # First, since it may refuse.
secret session-keys random_lines 2 # The key in use, and the one that deploy/rotate.sh uses next.
for name in database owner superuser monitor grafana; do
    secret "$name-password" random_line
done
addresses_outside
if [ "${MINITWIT_NEW_INSTALLATION:-}" = yes ]; then
    announce_new_database
fi
echo "The Swarm is ready for MiniTwit."
