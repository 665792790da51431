#!/usr/bin/env bash
# Restores the database from its backups onto the node with the label database=true, to the
# newest state or to a point in time.
#
#   deploy/data/recover.sh                              on a Swarm manager
#   deploy/data/recover.sh "2026-11-24 08:15:00+00"
#   deploy/data/recover.sh "2026-11-24 08:15:00+00" 3     in timeline 3: see restore.sh
#
# The replaced data stays on the volumes. The standby becomes a copy by itself.
set -euo pipefail

. "$(dirname "$0")/../environment.sh"
stack=${DATA_STACK:-data}
job=${stack}_job

say() { echo "$(date +%T) $*"; }

fail() {
    say "$*" >&2
    exit 1
}

run_job() { # SERVER SCRIPT [WORD …]     on the node and the volume of a server
    local image place state end=$((SECONDS + 3600))
    image=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "${stack}_$1")
    place=$(docker service inspect --format '{{index .Spec.TaskTemplate.Placement.Constraints 0}}' "${stack}_$1")
    shift
    docker service rm "$job" > /dev/null 2>&1 || true
    docker service create --quiet --detach --name "$job" --mode replicated-job \
        --constraint "$place" --network data --network consensus --restart-condition none \
        --with-registry-auth --no-resolve-image --no-healthcheck --user 999:999 \
        --mount type=volume,source=minitwit-postgres,target=/var/lib/postgresql \
        --secret "source=$BACKUP_KEY_SECRET,target=backup_key,uid=999,mode=0400" \
        --secret "source=$BACKUP_REPOSITORY_SECRET,target=/etc/pgbackrest/conf.d/repository.conf,uid=999,mode=0400" \
        --env "ETCDCTL_ENDPOINTS=$ETCD_HOSTS" \
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

run_job postgres '
    # On a node that has just rejoined, DNS may resolve the repository only half a minute
    # later, when the nodes have synchronized their records.
    until info=$(pgbackrest --stanza=minitwit info); ! grep -q HostConnectError <<< "$info"; do
        [ $SECONDS -lt 60 ] || break
        sleep 1
    done
    echo "$info"
    grep -q "full backup:" <<< "$info"' \
    || fail "There is no backup, or it cannot be reached. Nothing was stopped."
docker service scale --detach "${stack}_postgres=0" "${stack}_standby=0" > /dev/null
run_job postgres '
    # A server is gone when Patroni has written so to etcd, or has not renewed its entry for 20 s.
    until members=$(etcdctl get --prefix --print-value-only /service/minitwit/members/) \
        && [ -z "$(grep -v "\"state\":\"stopped\"" <<< "$members")" ]; do
        [ $SECONDS -lt 180 ] || { echo "A server does not stop."; exit 1; }
        sleep 1
    done
    exec 9> "${PGDATA%/*/*}/lock"
    flock --timeout 60 9
    replaced=$PGDATA.before-$(date +%Y-%m-%dT%H-%M-%S)
    if [ -e "$PGDATA" ]; then
        timeline=$(pg_controldata "$PGDATA" | sed -n "s/^Latest checkpoint.s TimeLineID: *//p")
        echo "What is replaced is timeline $timeline, in $replaced." \
            "To restore another point in time of it: recover.sh TIME $timeline"
        mv "$PGDATA" "$replaced"
    fi
    # Patroni would start the folder as a standby, which does not stop at a point in time, and
    # a server that follows this one later must not stop there, too.
    restore.sh "$PGDATA" "$@" && replay.sh "$PGDATA" -c config_file=/etc/postgresql/postgresql.conf \
        && pg_ctl --pgdata="$PGDATA" stop && sed -i "/^recovery_target/d" "$PGDATA/postgresql.auto.conf" || {
        pg_ctl --pgdata="$PGDATA" --mode=immediate stop || true
        rm -rf "$PGDATA"
        [ ! -e "$replaced" ] || mv "$replaced" "$PGDATA"
        exit 1
    }
    rm -f "${PGDATA%/*/*}/new-installation"
    # The first server that starts is the primary then.
    etcdctl del --prefix /service/minitwit/' recover.sh "$@" \
    || fail "The restore failed. The volume is unchanged. To start the servers again:" \
        "docker service scale ${stack}_postgres=1 ${stack}_standby=1"
# The standby makes a new copy, as its own may lack WAL that no server has any more.
{
    docker node ls --filter node.label=standby=true --format '{{.Status}}' | grep Ready > /dev/null && run_job standby '
        exec 9> "${PGDATA%/*/*}/lock"
        flock --timeout 60 9
        [ ! -e "$PGDATA" ] || mv "$PGDATA" "$PGDATA.before-$(date +%Y-%m-%dT%H-%M-%S)"'
} || say "${stack}_standby keeps its copy. If it does not follow when it is there: docs/runbooks/lost-standby.md"
timeout 300 docker service scale "${stack}_postgres=1" > /dev/null \
    || fail "${stack}_postgres does not start: docker service logs ${stack}_postgres"
say "${stack}_postgres runs"
docker service scale --detach "${stack}_standby=1" > /dev/null
