#!/bin/sh
# Writes what the database says into one file, which any later version of Postgres can read. For moves and for a second kind of backup; it knows one moment only.
#   PGHOST=… PGUSER=… PGPASSWORD=… PGDATABASE=parley infra/backup/dump.sh /path/to/parley.dump
set -eu
file=${1:?which file}
pg_dump --format custom --file "$file.part" --no-password
mv "$file.part" "$file"
