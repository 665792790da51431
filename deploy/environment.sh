# shellcheck shell=bash
# Environment of the stack files: the newest version of each secret, a fingerprint of
# each config, and the current number of replicas of each service, which
# `docker stack deploy` would otherwise reset. Source it where `docker` reaches the
# manager: . deploy/environment.sh

_deploy=$(dirname "${BASH_SOURCE[0]}")
. "$_deploy/functions.sh"

_newest() {
    docker secret ls --format '{{.Name}}' | sed -n "/^minitwit-$1-[0-9]*$/p" | sort -V | tail -n 1
}

# Prints the name and the file of each secret that services have.
_secrets_of() { # SERVICE …
    docker service inspect --format \
        '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{println .SecretName .File.Name}}{{end}}' "$@"
}

# The newest certificate whose authority all clients trust: with one that they do not trust yet,
# a server would lock them out. New clients and those of 0.1.0, without TLS, take any.
_trusted_certificate() {
    local authority
    # Some of these services may not exist.
    authority=$(_secrets_of "${functions[@]/#/minitwit_}" \
        tools_postgres-exporter tools_standby-exporter 2> /dev/null \
        | sed -n 's/^minitwit-database-ca-\([0-9]*\) .*/\1/p' | sort -n | head -n 1) || true
    if [ -n "$authority" ]; then
        echo "minitwit-database-certificate-$authority"
    else
        _newest database-certificate
    fi
}

_fingerprint() {
    cat "$@" | sha256sum | cut -c 1-12
}

# Prints the value of an option of the running edge, if there is one.
_edge_option() { # OPTION
    { docker service inspect --format '{{join .Spec.TaskTemplate.ContainerSpec.Args "\n"}}' edge_traefik 2> /dev/null || true; } \
        | sed -n "s/^--$1=//p"
}

_keep_scale() { # STACK SERVICE …
    local service replicas
    for service in "${@:2}"; do
        replicas=$(docker service inspect --format '{{.Spec.Mode.Replicated.Replicas}}' \
            "$1_$service" 2> /dev/null) || continue
        export "REPLICAS_${service^^}=$replicas"
    done
}

export SESSION_KEYS_SECRET OWNER_PASSWORD_SECRET SUPERUSER_PASSWORD_SECRET
export MONITOR_PASSWORD_SECRET SENTRY_DSN_SECRET
export DATABASE_CA_SECRET DATABASE_CERTIFICATE_SECRET
SESSION_KEYS_SECRET=$(_newest session-keys)
OWNER_PASSWORD_SECRET=$(_newest owner-password)
SUPERUSER_PASSWORD_SECRET=$(_newest superuser-password)
MONITOR_PASSWORD_SECRET=$(_newest monitor-password)
SENTRY_DSN_SECRET=$(_newest sentry-dsn)
DATABASE_CA_SECRET=$(_newest database-ca)
DATABASE_CERTIFICATE_SECRET=$(_trusted_certificate)
for _function in "${functions[@]}"; do
    export "${_function^^}_PASSWORD_SECRET=$(_newest "$_function-password")"
done
export BACKUP_KEY_SECRET BACKUP_REPOSITORY_SECRET
BACKUP_KEY_SECRET=$(_newest backup-key)
BACKUP_REPOSITORY_SECRET=$(_newest backup-repository)

export EDGE_CONFIG
EDGE_CONFIG=$(_fingerprint "$_deploy/edge/dynamic.yml")

# Certificates are requested where ACME_EMAIL is set. If the shell does not say, the edge keeps
# what it has: HSTS lets browsers accept no self-signed certificate any more.
if [ -z "${ACME_EMAIL+set}" ]; then
    ACME_EMAIL=$(_edge_option certificatesresolvers.letsencrypt.acme.email)
    ACME_DOMAIN=$(_edge_option 'entrypoints.websecure.http.tls.domains\[0\].main')
fi
export ACME_EMAIL ACME_DOMAIN
export ACME_RESOLVER=${ACME_EMAIL:+letsencrypt}

# One member of etcd for each node with a label etcd=1, etcd=2 or etcd=3.
export ETCD_HOSTS='' ETCD_CLUSTER=''
for _member in 1 2 3; do
    [ -n "$(docker node ls --quiet --filter "node.label=etcd=$_member")" ] || continue
    ETCD_HOSTS+=${ETCD_HOSTS:+,}etcd-$_member:2379
    ETCD_CLUSTER+=${ETCD_CLUSTER:+,}etcd-$_member=http://etcd-$_member:2380
done

# A deployment keeps the number of replicas that operators have set.
_keep_scale minitwit "${functions[@]}"
_keep_scale "${DATA_STACK:-data}" postgres standby
unset _deploy _function _member
