#!/bin/sh
# Reads a dump into a new database of the server that PGHOST and its like name. Never into one that is there: clients' cursors know a database by its number.
#   infra/backup/restore-dump.sh /path/to/parley.dump parley_restored
set -eu
file=${1:?which file}
database=${2:?which new database}
here=$(cd "$(dirname "$0")" && pwd)
createdb --no-password "$database"
pg_restore --dbname "$database" --exit-on-error --no-owner --single-transaction --no-password "$file"
psql --dbname "$database" --no-password --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file "$here/forget-transactions.sql"
