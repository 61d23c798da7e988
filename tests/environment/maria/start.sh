#!/usr/bin/env bash
# Makes the server's own tables, its superuser and one database on the first start, then runs the command.
set -euo pipefail

if [[ ! -d /var/lib/mysql/mysql ]]; then
  mariadb-install-db --skip-test-db --auth-root-authentication-method=normal > /dev/null
  mariadbd --bootstrap << SQL
FLUSH PRIVILEGES;
CREATE DATABASE IF NOT EXISTS \`${MARIADB_DATABASE:-test}\`;
ALTER USER root@localhost IDENTIFIED BY '${MARIADB_ROOT_PASSWORD:?must be set}';
CREATE USER root@'%' IDENTIFIED BY '${MARIADB_ROOT_PASSWORD}';
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
INSERT INTO mysql.proxies_priv SELECT '%', 'root', '', '', 1, '', NOW();
SQL
fi
exec "$@"
