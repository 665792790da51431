#!/usr/bin/env bash
# patronictl, with the password that a change of the cluster needs.
#
#   control.sh list | switchover | reinit | …
set -euo pipefail

PATRONI_RESTAPI_PASSWORD=$(cat "${SECRETS:-/run/secrets}/superuser_password")
export PATRONI_RESTAPI_PASSWORD
exec env --unset=PYTHONPATH patronictl "$@"
