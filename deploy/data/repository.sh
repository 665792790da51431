#!/usr/bin/env bash
# Is the repository of the backups: serves /var/lib/pgbackrest over SFTP to whoever has the
# key. One key is both the server's and its callers', since they are one installation.
set -euo pipefail

ssh-keygen -y -f /run/secrets/backup_key > /tmp/authorized_keys
exec /usr/sbin/sshd -D -e
