#!/usr/bin/env bash
# patronictl, with the password that a change of the cluster needs.
#
#   control.sh list | switchover | reinit | …
set -euo pipefail

PATRONI_RESTAPI_PASSWORD=$(cat "${SECRETS:-/run/secrets}/superuser_password")
export PATRONI_RESTAPI_PASSWORD
# patronictl asks before a change, or, with --force, ends with 0 even when Patroni refuses.
[[ " $* " = *" --force "* ]] || exec env --unset=PYTHONPATH patronictl "$@"
env --unset=PYTHONPATH patronictl "$@" | awk '{ print } / failed, details: / { refused = 1 } END { exit refused }'
