#!/usr/bin/env bash
# Exports the secrets into a folder, one file each, to be stored outside the droplets:
#
#   deploy/keep-secrets.sh FOLDER [ENGINE …]     on the application droplet
#
# Swarm reveals secrets only to containers, and they are lost with its last manager. This
# script reads them from running containers; name the engines of other droplets, such as
# ssh://root@203.0.113.8, to read from containers there. It lists the secrets that it could
# not read, and exits with 1 if one of them is needed to restore the data.
set -euo pipefail
umask 077
. "$(dirname "$0")/environment.sh"

folder=${1:?say into which folder, for example: deploy/keep-secrets.sh ~/minitwit-secrets}
mkdir -p "$folder"
partial=$folder/.partial
trap 'rm -f "$partial"' EXIT

# Renames a file once it is complete, because existing files are not read again.
export_from() { # [--host ENGINE]
    local containers container service secret path
    containers=$(docker "$@" ps --quiet --filter label=com.docker.swarm.service.name)
    for container in $containers; do
        service=$(docker "$@" inspect --format '{{index .Config.Labels "com.docker.swarm.service.name"}}' "$container") \
            || continue # The container has exited.
        while read -r secret path; do
            [ -n "$secret" ] && [ ! -s "$folder/$secret" ] || continue
            [[ $path == /* ]] || path=/run/secrets/$path
            docker "$@" exec "$container" cat "$path" > "$partial" || continue
            mv "$partial" "$folder/$secret"
            echo "exported $secret"
        done < <(_secrets_of "$service")
    done
}

export_from
for engine in "${@:2}"; do
    export_from --host "$engine"
done

# The keys of the backups and the passwords of a restored database's owner and superuser
# cannot be replaced. The other secrets can: the next release sets the functions' passwords,
# users sign in again, or an operator enters a URL again.
needed=()
for kind in $(docker secret ls --format '{{.Name}}' | sed -n 's/^minitwit-\(.*\)-[0-9]*$/\1/p' | sort -u); do
    secret=$(_newest "$kind")
    [ ! -s "$folder/$secret" ] || continue
    case " ${functions[*]/%/-password} " in
        *" $kind "*) kind=session-keys ;; # The functions mount both.
    esac
    case $kind in
        database-password) continue ;; # Of 0.1.0; only a rollback to it uses it.
        backup-key | backup-repository | owner-password | superuser-password)
            needed+=("$secret")
            advice="run this again while a database server runs here, or name the engine of the droplet where one runs"
            ;;
        monitor-password | database-ca | database-certificate) advice="deploy the data stack, then run this again where a database server runs" ;;
        session-keys | sentry-dsn) advice="release, so that the functions mount it, then run this again where they run" ;;
        *) advice="while the tools run, run this again and name the tool droplet's engine" ;;
    esac
    echo "$secret could not be read: $advice." >&2
done
[ ${#needed[@]} -eq 0 ] || {
    echo "The data cannot be restored without ${needed[*]}: $folder is incomplete." >&2
    exit 1
}
