#!/usr/bin/env bash
# Prepares a Swarm for MiniTwit: labels, networks, volumes and secrets. Run it on the
# application droplet. Idempotent: it creates what is missing and changes nothing else.
#
#   MINITWIT_NEW_INSTALLATION=yes  initialize a new database: there is no data yet
#   MINITWIT_DATABASE_HOST         the Docker host of the node for that database, if it is another
#                                  one, for example ssh://root@203.0.113.9
#   MINITWIT_ADVERTISE_ADDRESS     the address at which the other droplets reach this one
#   SENTRY_DSN_FILE, CHAT_WEBHOOK_FILE, DEAD_MANS_SWITCH_FILE
#                                  files with these URLs; each is optional
#   MINITWIT_KEPT_SECRETS=FOLDER   create secrets from the files in this folder, as written by
#                                  deploy/keep-secrets.sh or by hand: a file's name is the secret's
set -euo pipefail
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/certificates.sh"

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
            echo "initialized a Swarm on this droplet"
            ;;
    esac
}

# Swarm also updates a new node itself, and refuses a concurrent update ("update out of
# sequence"), so the command is retried.
add_label() { # LABEL NODE
    local tries=10
    until docker node update --label-add "$1" "$2" > /dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 1
    done
}

# The first manager is the application droplet and runs the database and etcd. A label that an
# operator has since moved to another node stays there.
labels() {
    local label node
    node=$(docker info --format '{{.Swarm.NodeID}}')
    for label in role=application database=true etcd=1; do
        if [ -z "$(docker node ls --quiet --filter "node.label=$label")" ]; then
            add_label "$label" "$node"
            echo "labelled this node $label"
        fi
    done
}

network() {
    docker network inspect "$1" > /dev/null 2>&1 && return
    docker network create --driver overlay --attachable "$1" > /dev/null
    echo "created the network $1"
}

volume() {
    docker volume inspect "$1" > /dev/null 2>&1 && return
    docker volume create "$1" > /dev/null
    echo "created the volume $1"
}

# A new volume belongs to root, and Traefik does not run as root.
give_volume_to_traefik() {
    docker run --rm --network none --user 0 --entrypoint chown \
        --volume minitwit-acme:/acme "$postgres_image" 65532:65532 /acme
}

random_line() { head -c 32 /dev/urandom | base64; }
random_lines() { for _ in $(seq "$1"); do random_line; done; }

# Without the newline, since the URL becomes part of a configuration.
url_in() { tr -d '\n' < "$1"; }

refuse() {
    echo "$*" >&2
    exit 1
}

exists() { [ -n "$(docker secret ls --quiet --filter "name=minitwit-$1-")" ]; }

# Creates a secret unless a version of it exists; deploy/rotate.sh adds newer versions.
secret() { # NAME COMMAND-THAT-PRINTS-THE-CONTENT …
    local name=$1
    shift
    exists "$name" && return
    "$@" | docker secret create "minitwit-$name-1" - > /dev/null
    echo "created the secret minitwit-$name-1"
}

# Without Sentry the secret is a blank line, because the stack file requires one.
external_urls() {
    if [ -n "${SENTRY_DSN_FILE:-}" ]; then
        secret sentry-dsn url_in "$SENTRY_DSN_FILE"
    else
        secret sentry-dsn echo
    fi
    [ -z "${CHAT_WEBHOOK_FILE:-}" ] || secret chat-webhook url_in "$CHAT_WEBHOOK_FILE"
    [ -z "${DEAD_MANS_SWITCH_FILE:-}" ] || secret dead-mans-switch url_in "$DEAD_MANS_SWITCH_FILE"
}

kept_secrets() { # FOLDER
    local file name
    [ -d "$1" ] || refuse "There is no folder $1: set MINITWIT_KEPT_SECRETS to the folder with the secrets."
    for file in "$1"/*; do
        [ -s "$file" ] || continue
        name=$(basename "$file")
        [ -z "$(docker secret ls --quiet --filter "name=$name")" ] || continue
        docker secret create "$name" "$file" > /dev/null
        echo "created the secret $name from $file"
    done
}

# Kept secrets mean that there is data to restore. New secrets could not decrypt its backups
# or match the passwords in it, and an existing secret is never replaced by a kept one.
require_kept() { # FOLDER
    local name missing=()
    for name in backup-repository owner-password superuser-password; do
        exists "$name" || missing+=("minitwit-$name-N")
    done
    [ ${#missing[@]} -eq 0 ] || refuse "$1 lacks ${missing[*]}. Copy the files that deploy/keep-secrets.sh wrote into it" \
        "and run this again: new secrets could not decrypt the backups or match the restored database. If they are" \
        "lost for good, unset MINITWIT_KEPT_SECRETS to create new ones."
}

# Docker does not reveal a secret's content, so this reads the file that it was created from.
repository_is_external() {
    grep -Eqs '^repo1-type *= *(azure|gcs|s3)' "${MINITWIT_KEPT_SECRETS:-}"/minitwit-backup-repository-*
}

sftp_repository() { # PUBLIC-KEY-FILE
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

# The secret backup-repository holds the repository's location and its encryption passphrase:
# without it no backup can be read. The secret backup-key is the SSH key of the service
# `backups`, which is both host key and client key, so a new one would be refused by an
# existing SFTP repository. An external repository does not use the key, but the stack file
# requires one.
backup_secrets() {
    if exists backup-key; then
        exists backup-repository || refuse "There is a minitwit-backup-key-N without the minitwit-backup-repository-N" \
            "that every backup needs. If you have a copy of it, set MINITWIT_KEPT_SECRETS to its folder. If there is" \
            "no backup yet, remove the key (docker secret rm) and run this again to create both."
        return
    fi
    ! exists backup-repository || repository_is_external || refuse "There is a minitwit-backup-repository-N without" \
        "minitwit-backup-key-N. Set MINITWIT_KEPT_SECRETS to a folder with both files: the service backups would" \
        "not accept a new key. For a repository in an S3-compatible store, the repository's file is enough."
    local folder
    folder=$(mktemp -d)
    ssh-keygen -q -t ed25519 -N '' -C minitwit -f "$folder/key"
    secret backup-key cat "$folder/key"
    secret backup-repository sftp_repository "$folder/key.pub"
    rm -r "$folder"
}

# Both come from one run; alone, neither is of use.
certificate_secrets() {
    if ! exists database-ca && ! exists database-certificate; then
        create_certificate_secrets 1
    elif ! exists database-ca || ! exists database-certificate; then
        refuse "There is only one of the secrets minitwit-database-ca-N and minitwit-database-certificate-N." \
            "Remove it (docker secret rm), and run this again to create both, or set MINITWIT_KEPT_SECRETS to a" \
            "folder with both files."
    fi
}

allow_new_database() {
    docker ${MINITWIT_DATABASE_HOST:+--host "$MINITWIT_DATABASE_HOST"} run \
        --rm --network none --user 999:999 --entrypoint bash \
        --volume minitwit-postgres:/var/lib/postgresql "$postgres_image" -c '
            if [ -s /var/lib/postgresql/18/docker/PG_VERSION ]; then
                echo "the volume minitwit-postgres already has a database, which stays unchanged"
            else
                touch /var/lib/postgresql/new-installation
                echo "allowed a new database on the volume minitwit-postgres"
            fi'
}

swarm
labels
network edge
network data
network consensus
network telemetry
network operators
volume minitwit-postgres
volume minitwit-acme
give_volume_to_traefik
if [ -n "${MINITWIT_KEPT_SECRETS:-}" ]; then
    kept_secrets "$MINITWIT_KEPT_SECRETS"
    [ "${MINITWIT_NEW_INSTALLATION:-}" = yes ] || require_kept "$MINITWIT_KEPT_SECRETS"
fi
backup_secrets # First, since it may fail.
certificate_secrets
secret session-keys random_lines 2 # The signing key, and the one that deploy/rotate.sh activates next.
for name in "${functions[@]}" owner superuser monitor grafana; do
    secret "$name-password" random_line
done
external_urls
if [ "${MINITWIT_NEW_INSTALLATION:-}" = yes ]; then
    allow_new_database
fi
echo "The Swarm is ready for MiniTwit."
