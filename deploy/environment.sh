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

_scale() {
    docker service inspect --format '{{.Spec.Mode.Replicated.Replicas}}' \
        "${APPLICATION_STACK:-minitwit}_$1" 2> /dev/null
}

export SESSION_KEYS_SECRET DATABASE_PASSWORD_SECRET OWNER_PASSWORD_SECRET SUPERUSER_PASSWORD_SECRET
SESSION_KEYS_SECRET=$(_newest session-keys)
DATABASE_PASSWORD_SECRET=$(_newest database-password)
OWNER_PASSWORD_SECRET=$(_newest owner-password)
SUPERUSER_PASSWORD_SECRET=$(_newest superuser-password)

export EDGE_CONFIG DATA_CONFIG
EDGE_CONFIG=$(_fingerprint "$_deploy/edge/dynamic.yml")
DATA_CONFIG=$(_fingerprint "$_deploy"/data/{guard.sh,postgresql.conf,roles.sh,done.sh})

# A certificate is asked for when somebody is named whom it is for.
export ACME_RESOLVER=${ACME_EMAIL:+letsencrypt}

# A release keeps the scale that operators have chosen.
for _function in register follow messages timeline; do
    _replicas=$(_scale $_function) && export "REPLICAS_${_function^^}=$_replicas"
done
unset _deploy _function _replicas
