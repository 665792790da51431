# shellcheck shell=bash
# Runs last on a new volume: from here on an empty database is an accident.

rm /var/lib/postgresql/new-installation
