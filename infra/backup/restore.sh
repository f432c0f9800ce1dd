#!/bin/sh
# Makes the data folder of a server from a base backup and the log that was kept since, as things were at a moment (UTC), or at the last that is known.
# Then start Postgres on it: it reads the log up to there and goes on from there on a timeline of its own.
#   infra/backup/restore.sh /path/to/backups/20261121T120000Z /path/to/wal /var/lib/postgresql/18/restored '2026-11-21 12:34:56+00'
set -eu
backup=${1:?which base backup}
wal=${2:?which folder with the log}
target=${3:?which new data folder}
moment=${4:-}
if [ -e "$target" ] && [ -n "$(ls -A "$target")" ]; then
  echo "restore: $target is not empty; a restore never writes over anything" >&2
  exit 1
fi
pg_verifybackup --quiet --no-parse-wal "$backup"
mkdir -p "$target"
cp -a "$backup/." "$target"
chmod 700 "$target"
{
  echo "restore_command = 'cp \"$wal/%f\" \"%p\"'"
  echo "recovery_target_timeline = 'latest'"
  echo "recovery_target_action = 'promote'"
  if [ -n "$moment" ]; then echo "recovery_target_time = '$moment'"; fi
} >> "$target/postgresql.auto.conf"
touch "$target/recovery.signal"
