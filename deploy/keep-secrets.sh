#!/usr/bin/env bash
# Copies the secrets into a folder, one file each, to be kept where no droplet is lost:
#
#   deploy/keep-secrets.sh FOLDER [ENGINE …]     on the application droplet
#
# The Swarm gives a secret to containers alone and takes all of them along when its last
# manager is lost. Containers on other droplets are asked through their engines, such as
# ssh://root@203.0.113.8. At the end it says which secrets are still missing, and fails
# when the data cannot be restored without one of them.
set -euo pipefail
umask 077
. "$(dirname "$0")/environment.sh"

folder=${1:?say into which folder, for example: deploy/keep-secrets.sh ~/minitwit-secrets}
mkdir -p "$folder"
unfinished=$folder/.unfinished
trap 'rm -f "$unfinished"' EXIT

secrets_of() { # SERVICE: the name of each, and where a container has it
    docker service inspect --format \
        '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{.SecretName}} {{.File.Name}}{{"\n"}}{{end}}' "$1"
}

# A file gets its name when it is whole, since one that is there is not read again.
keep_from() { # [--host ENGINE]
    local containers container service secret path
    containers=$(docker "$@" ps --quiet --filter label=com.docker.swarm.service.name)
    for container in $containers; do
        service=$(docker "$@" inspect --format '{{index .Config.Labels "com.docker.swarm.service.name"}}' "$container") \
            || continue # It ended meanwhile.
        while read -r secret path; do
            [ -n "$secret" ] && [ ! -s "$folder/$secret" ] || continue
            [[ $path == /* ]] || path=/run/secrets/$path
            docker "$@" exec "$container" cat "$path" > "$unfinished" || continue
            mv "$unfinished" "$folder/$secret"
            echo "kept $secret"
        done < <(secrets_of "$service")
    done
}

keep_from
for engine in "${@:2}"; do
    keep_from --host "$engine"
done

# What opens the backups, and the passwords that a restored database knows already, cannot
# be made anew. The others can, at the price of a sign-in or of asking for an address.
needed=()
for kind in $(docker secret ls --format '{{.Name}}' | sed -n 's/^minitwit-\(.*\)-[0-9]*$/\1/p' | sort -u); do
    secret=$(_newest "$kind")
    [ ! -s "$folder/$secret" ] || continue
    case $kind in
        backup-key | backup-repository | database-password | owner-password | superuser-password)
            needed+=("$secret")
            advice="run this again while a database server runs here, or name the engine of the droplet where one runs"
            ;;
        monitor-password) advice="deploy the data stack, then run this again where a database server runs" ;;
        session-keys | sentry-dsn) advice="release, so that the functions have it, then run this again where they run" ;;
        *) advice="while the tools run, run this again and name the tool droplet's engine" ;;
    esac
    echo "$secret could not be read: $advice." >&2
done
[ ${#needed[@]} -eq 0 ] || {
    echo "The data cannot be restored without ${needed[*]}: do not rely on $folder yet." >&2
    exit 1
}
