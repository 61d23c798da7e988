#!/usr/bin/env bash
# Makes the cluster and its database on the first start, then runs the command.
set -euo pipefail

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  superuser=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$superuser}
  initdb --username="$superuser" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:?must be set}") \
    --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 > /dev/null
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  if [[ $database != postgres ]]; then
    postgres --single -D "$PGDATA" postgres <<< "CREATE DATABASE \"$database\"" > /dev/null
  fi
fi
exec "$@"
