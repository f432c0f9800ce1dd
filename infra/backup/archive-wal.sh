#!/bin/sh
# Keeps one finished file of Postgres' log. In postgresql.conf:
#   archive_mode = on
#   archive_timeout = 60
#   archive_command = '/path/to/archive-wal.sh "%p" "%f" /path/to/wal'
# Postgres keeps the file and tries again until this says 0. What is kept already is never replaced by something else.
set -eu
source=$1
name=$2
folder=$3
target=$folder/$name
if [ -e "$target" ]; then
  cmp -s "$source" "$target" && exit 0
  echo "archive-wal: $target is there with other contents" >&2
  exit 1
fi
cp "$source" "$target.part"
sync "$target.part"
mv "$target.part" "$target"
sync "$folder"
