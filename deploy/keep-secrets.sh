#!/usr/bin/env bash
# Copies the secrets into a folder, one file each, to be kept where no droplet is lost:
#
#   deploy/keep-secrets.sh FOLDER       on the application droplet
#
# The Swarm gives a secret to containers alone and takes all of them along when its last
# manager is lost. Without two of them no backup can be read.
set -euo pipefail
umask 077

folder=${1:?say into which folder, for example: deploy/keep-secrets.sh ~/minitwit-secrets}
mkdir -p "$folder"

secrets_of() { # SERVICE: the name of each, and where a container has it
    docker service inspect --format \
        '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{.SecretName}} {{.File.Name}}{{"\n"}}{{end}}' "$1"
}

for container in $(docker ps --quiet --filter label=com.docker.swarm.service.name); do
    service=$(docker inspect --format '{{index .Config.Labels "com.docker.swarm.service.name"}}' "$container")
    while read -r secret path; do
        [ -n "$secret" ] && [ ! -e "$folder/$secret" ] || continue
        [[ $path == /* ]] || path=/run/secrets/$path
        docker exec "$container" cat "$path" > "$folder/$secret"
        echo "kept $secret"
    done < <(secrets_of "$service")
done
