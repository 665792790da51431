#!/usr/bin/env bash
# Creates a new version of a secret:
#
#   deploy/rotate.sh session-keys           for the next release
#   deploy/rotate.sh database-certificate   for the next release, and the data stack after it
#
# The lines of session-keys are the current signing key, the next one and the previous one.
# During a release old and new replicas accept each other's signatures, so no session ends. A
# key is no longer accepted after the second rotation. It is the same with the authority of the
# database's certificate: clients trust the new one and the current one.
set -euo pipefail
. "$(dirname "$0")/environment.sh"
. "$(dirname "$0")/certificates.sh"

# Swarm reveals secrets only to containers, so the current ones are read from a running one.
require_container() {
    container=$(docker ps --quiet --filter "name=minitwit_timeline" | head -n 1)
    [ -n "$container" ] || {
        echo "No replica of timeline runs on this node, so the current secrets cannot be read. Run this where one runs." >&2
        exit 1
    }
}

next_after() { echo $((${1##*-} + 1)); }

session_keys() {
    local next
    next=minitwit-session-keys-$(next_after "$SESSION_KEYS_SECRET")
    keys() { docker exec "$container" sed -n "$1p" /run/secrets/session_keys; }
    {
        keys 2
        head -c 32 /dev/urandom | base64
        keys 1
    } | docker secret create "$next" - > /dev/null
    echo "created the secret $next; release again to use it"
}

database_certificate() {
    local current newest=minitwit-database-certificate-${DATABASE_CA_SECRET##*-}
    _secrets_of "${DATA_STACK:-data}_postgres" | grep -q "^$newest " || {
        # The third authority would be trusted, and the first, which the servers have, no longer.
        echo "The servers do not have $newest yet: release, deploy the tools and the data stack, then run this again." >&2
        exit 1
    }
    current=$(mktemp)
    # The first is the current one; the second, if there is one, is no longer trusted.
    docker exec "$container" cat /run/secrets/database_ca | openssl x509 > "$current"
    create_certificate_secrets "$(next_after "$DATABASE_CA_SECRET")" "$current"
    rm "$current"
    echo "Release again, deploy the tools again, and then the data stack, in this order."
}

case ${1:-} in
    session-keys) require_container && session_keys ;;
    database-certificate) require_container && database_certificate ;;
    *)
        echo "usage: deploy/rotate.sh session-keys|database-certificate" >&2
        exit 1
        ;;
esac
