# shellcheck shell=bash
# One-off jobs on the node and volume of one of the two servers; the part that promote.sh,
# rejoin.sh and recover.sh share. They source it on a Swarm manager.

_here=$(dirname "${BASH_SOURCE[0]}")
. "$_here/../environment.sh"
stack=${DATA_STACK:-data}
job=${stack}_job

say() { echo "$(date +%T) $*"; }

fail() {
    say "$*" >&2
    exit 1
}

other() {
    case $1 in
        postgres) echo standby ;;
        standby) echo postgres ;;
        *) fail "Unknown server $1: use postgres or standby." ;;
    esac
}

# A server whose node is down counts as stopped: Swarm stops its task as soon as the node is
# reachable again.
is_stopped() {
    local tasks node state
    # If the manager does not answer, the state is unknown.
    tasks=$(docker service ps --format '{{.Node}} {{.CurrentState}}' "${stack}_$1") || return 1
    while read -r node state; do
        [ "$(docker node inspect --format '{{.Status.State}}' "$node")" = down ] || return 1
    done < <(grep -E ' (Starting|Running) ' <<< "$tasks")
}

# Prevents split brain: two primaries would each accept writes that the other never sees.
stop() {
    docker service scale --detach "${stack}_$1=0" > /dev/null
    local end=$((SECONDS + 180))
    until is_stopped "$1"; do
        [ $SECONDS -lt $end ] || fail "${stack}_$1 does not stop. Nothing else was done."
        sleep 1
    done
    say "${stack}_$1 is stopped"
}

start() {
    docker service scale --detach "${stack}_$1=1" > /dev/null
    wait_for "$1" 300
}

wait_for() { # SERVER SECONDS
    local end=$((SECONDS + $2))
    until docker service ls --format '{{.Name}} {{.Replicas}}' | grep -qx "${stack}_$1 1/1"; do
        if [ $SECONDS -ge $end ]; then
            docker service logs --raw --tail 20 "${stack}_$1" >&2 || true
            fail "${stack}_$1 does not start: see the end of its log above, or: docker service logs ${stack}_$1"
        fi
        sleep 1
    done
    say "${stack}_$1 runs"
}

run_job() { # SERVER SCRIPT [WORD …]
    local server=$1 image place state end=$((SECONDS + 600))
    shift
    image=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "${stack}_$server")
    place=$(docker service inspect --format '{{index .Spec.TaskTemplate.Placement.Constraints 0}}' "${stack}_$server")
    docker service rm "$job" > /dev/null 2>&1 || true
    docker service create --quiet --detach --name "$job" --mode replicated-job \
        --constraint "$place" --network data --restart-condition none \
        --with-registry-auth --no-resolve-image --no-healthcheck --user 999:999 \
        --mount type=volume,source=minitwit-postgres,target=/var/lib/postgresql \
        --secret "source=$SUPERUSER_PASSWORD_SECRET,target=superuser_password,uid=999,mode=0400" \
        --secret "source=$DATABASE_CA_SECRET,target=database_ca" \
        --secret "source=$BACKUP_KEY_SECRET,target=backup_key,uid=999,mode=0400" \
        --secret "source=$BACKUP_REPOSITORY_SECRET,target=/etc/pgbackrest/conf.d/repository.conf,uid=999,mode=0400" \
        --env "PEER=${stack}_$(other "$server")" --env "SELF=${stack}_$server" \
        --entrypoint bash "$image" -euo pipefail -c "$@" > /dev/null
    while [ $SECONDS -lt $end ]; do
        sleep 0.5
        state=$(docker service ps --format '{{.CurrentState}}' "$job")
        case $state in
            Complete* | Failed* | Rejected*) break ;;
        esac
    done
    docker service logs --raw "$job" 2>&1 || true
    docker service rm "$job" > /dev/null
    [[ $state == Complete* ]]
}

# Creates the slot of the future standby: while it is inactive, StandbyDisconnected fires.
create_standby_slot() { # SERVER
    run_job "$1" '
        export PGHOST=$SELF PGUSER=postgres PGPASSWORD=$(cat /run/secrets/superuser_password)
        psql --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 > /dev/null \
            --command="SELECT pg_create_physical_replication_slot(\$\$standby\$\$) WHERE NOT EXISTS (
                SELECT FROM pg_replication_slots WHERE slot_name = \$\$standby\$\$)"' \
        || say "No alert will report the missing standby. Create it: deploy/data/rejoin.sh $(other "$1")"
}
