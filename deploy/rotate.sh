#!/usr/bin/env bash
# Makes a new version of a secret; the next release uses it: deploy/rotate.sh session-keys
#
# The lines are the key that signs, the key to be used next, and the key used before.
# Replicas old and new know both keys that sign while a release goes on, so nobody is
# signed out. A key is worthless after the second rotation.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

[ "${1:-}" = session-keys ] || {
    echo "say what to rotate: deploy/rotate.sh session-keys" >&2
    exit 1
}
newest=$SESSION_KEYS_SECRET
next=minitwit-session-keys-$((${newest##*-} + 1))

# Swarm gives a secret to containers alone, so a running one is asked for the old key.
container=$(docker ps --quiet --filter "name=${APPLICATION_STACK:-minitwit}_timeline" | head -n 1)
[ -n "$container" ] || {
    echo "No replica of timeline runs on this node to read the present key from." >&2
    exit 1
}
keys() { docker exec "$container" sed -n "$1p" /run/secrets/session_keys; }
{
    keys 2
    head -c 32 /dev/urandom | base64
    keys 1
} | docker secret create "$next" - > /dev/null
echo "made the secret $next; release again to use it"
