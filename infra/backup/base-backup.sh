#!/bin/sh
# Copies the whole database server while it works, into a new folder below the given one, and checks each file of the copy. Prints the copy's folder.
#   PGHOST=… PGUSER=… PGPASSWORD=… infra/backup/base-backup.sh /path/to/backups
set -eu
folder=${1:?which folder for the backups}
target=$folder/$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$folder"
rm -rf "$target.part"
pg_basebackup --pgdata "$target.part" --checkpoint fast --wal-method stream --manifest-checksums SHA256 --no-password
pg_verifybackup --quiet --no-parse-wal "$target.part"
mv "$target.part" "$target"
echo "$target"
