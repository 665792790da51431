# shellcheck shell=bash
# Tells the stack files what `docker stack deploy` cannot find out itself: the newest
# version of each secret, the content of each config, the present scale of each
# function. Source it in a shell that speaks to the manager: . deploy/environment.sh

_deploy=$(dirname "${BASH_SOURCE[0]}")

_newest() {
    docker secret ls --format '{{.Name}}' | sed -n "/^minitwit-$1-[0-9]*$/p" | sort -V | tail -n 1
}

_fingerprint() {
    cat "$@" | sha256sum | cut -c 1-12
}

_keep_scale() { # STACK SERVICE …
    local service replicas
    for service in "${@:2}"; do
        replicas=$(docker service inspect --format '{{.Spec.Mode.Replicated.Replicas}}' \
            "$1_$service" 2> /dev/null) || continue
        export "REPLICAS_${service^^}=$replicas"
    done
}

export SESSION_KEYS_SECRET DATABASE_PASSWORD_SECRET OWNER_PASSWORD_SECRET SUPERUSER_PASSWORD_SECRET
export MONITOR_PASSWORD_SECRET SENTRY_DSN_SECRET
SESSION_KEYS_SECRET=$(_newest session-keys)
DATABASE_PASSWORD_SECRET=$(_newest database-password)
OWNER_PASSWORD_SECRET=$(_newest owner-password)
SUPERUSER_PASSWORD_SECRET=$(_newest superuser-password)
MONITOR_PASSWORD_SECRET=$(_newest monitor-password)
SENTRY_DSN_SECRET=$(_newest sentry-dsn)
export BACKUP_KEY_SECRET BACKUP_REPOSITORY_SECRET
BACKUP_KEY_SECRET=$(_newest backup-key)
BACKUP_REPOSITORY_SECRET=$(_newest backup-repository)

export EDGE_CONFIG
EDGE_CONFIG=$(_fingerprint "$_deploy/edge/dynamic.yml")

# A certificate is asked for when somebody is named whom it is for.
export ACME_RESOLVER=${ACME_EMAIL:+letsencrypt}

# A release keeps the scale that operators have chosen. So does whoever deploys the data
# again: a server that lost its place to the other one stays stopped.
_keep_scale "${APPLICATION_STACK:-minitwit}" register follow messages timeline
_keep_scale "${DATA_STACK:-data}" postgres standby
unset _deploy
