# shellcheck shell=bash
# Runs last on a new volume. From now on an empty data folder is an error (guard.sh).

rm /var/lib/postgresql/new-installation
