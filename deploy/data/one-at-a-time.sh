# shellcheck shell=bash
# Sourced by backup.sh and restore-drill.sh: refuses on a standby, and waits while another
# one runs, because pgBackRest refuses a second backup or restore at the same time.

script=$(basename "$0")
IFS='|' read -r standby folder < <(
    psql --username=postgres --dbname=minitwit --no-psqlrc --tuples-only --no-align \
        --command="SELECT pg_is_in_recovery(), current_setting('data_directory')"
)
[ "$standby" = f ] || {
    echo "$script: this server is the standby. Run $script in the container of the primary:" \
        "control.sh list shows which it is." >&2
    exit 1
}
# Locks the data folder until this script and all that it has started have ended.
exec 9< "$folder"
flock --nonblock 9 || {
    echo "$script: waiting for a backup or drill that is under way" >&2
    flock 9
}
