#!/usr/bin/env bash
# Creates a new version of a secret for the next release: deploy/rotate.sh session-keys
#
# The lines are the current signing key, the next one and the previous one. During a release
# old and new replicas accept each other's signatures, so no session ends. A key is no longer
# accepted after the second rotation.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

[ "${1:-}" = session-keys ] || {
    echo "usage: deploy/rotate.sh session-keys" >&2
    exit 1
}
newest=$SESSION_KEYS_SECRET
next=minitwit-session-keys-$((${newest##*-} + 1))

# Swarm reveals secrets only to containers, so the current keys are read from a running one.
container=$(docker ps --quiet --filter "name=${APPLICATION_STACK:-minitwit}_timeline" | head -n 1)
[ -n "$container" ] || {
    echo "No replica of timeline runs on this node, so the current keys cannot be read. Run this where one runs." >&2
    exit 1
}
keys() { docker exec "$container" sed -n "$1p" /run/secrets/session_keys; }
{
    keys 2
    head -c 32 /dev/urandom | base64
    keys 1
} | docker secret create "$next" - > /dev/null
echo "created the secret $next; release again to use it"
