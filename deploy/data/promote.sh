#!/usr/bin/env bash
# Makes the standby the primary, after making sure that the old one takes no more writes.
#
#   . deploy/environment.sh && deploy/data/promote.sh        on a Swarm manager
#
# The functions need no change: they know both hosts and use the one that takes writes.
set -euo pipefail

stack=${DATA_STACK:-data}
image=${MINITWIT_POSTGRES_IMAGE:-postgres:18.6-trixie}
secret=${SUPERUSER_PASSWORD_SECRET:?run \`. deploy/environment.sh\` first}

# Two primaries would each take writes that the other never sees.
docker service scale "${stack}_postgres=0"

docker service rm promote >/dev/null 2>&1 || true
docker service create --name=promote --mode=replicated-job --detach=false \
    --network=data --secret="source=$secret,target=superuser_password" "$image" bash -c '
    export PGPASSWORD=$(cat /run/secrets/superuser_password)
    psql --host=standby --username=postgres --no-psqlrc --set=ON_ERROR_STOP=1 \
        --command="ALTER SYSTEM RESET synchronous_standby_names" \
        --command="SELECT pg_promote()"'
docker service rm promote >/dev/null
