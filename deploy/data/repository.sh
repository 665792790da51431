#!/usr/bin/env bash
# Serves the repository of the backups, /var/lib/pgbackrest, over SFTP. One key is both host
# key and client key, since server and clients are one installation.
set -euo pipefail

ssh-keygen -y -f /run/secrets/backup_key > /tmp/authorized_keys
exec /usr/sbin/sshd -D -e
