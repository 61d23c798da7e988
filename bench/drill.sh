#!/usr/bin/env bash
# How long a restore drill of a small stack takes, and with it a recovery: PostgreSQL, MariaDB, Redis, SQLite and files, 500 MiB in all.
# Prints a table of the drill's own report, and fails if something did not come back.
# usage: bench/drill.sh      (POSTGRES_IMAGE=postgres:17 MARIADB_IMAGE=mariadb:11 REDIS_IMAGE=redis:8 name other images)
# Needs the .NET SDK, Docker, sqlite3 and jq, and 2 GiB on the disk (TMPDIR). Everything is removed at the end.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
source bench/common.sh
need docker sqlite3 jq time

work=$(mktemp -d "${TMPDIR:-/tmp}/backup-sidecar-drill.XXXXXX")
stack=bench-drill-$$
password=not-a-secret
finish() {
  docker rm --force --volumes "$stack-postgres" "$stack-mariadb" "$stack-redis" > /dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

start() { # NAME IMAGE ARGUMENT…
  local name=$1 image=$2
  shift 2
  docker run --detach --name "$stack-$name" "$@" "$image" > /dev/null
}
inside() { docker exec --interactive "$stack-$1" "${@:2}"; }
# until_ready NAME COMMAND…: waits until the command succeeds in the container.
until_ready() {
  for _ in $(seq 300); do
    if inside "$@" > /dev/null 2>&1 < /dev/null; then return; fi
    sleep 0.2
  done
  echo "$1 did not get ready" >&2
  return 1
}

publish
echo "Starting the servers and filling them" >&2
start postgres "${POSTGRES_IMAGE:-postgres:17}" --env POSTGRES_PASSWORD=$password
start mariadb "${MARIADB_IMAGE:-mariadb:11}" --env MARIADB_ROOT_PASSWORD=$password --env MARIADB_DATABASE=shop
start redis "${REDIS_IMAGE:-redis:8}"
psql=(psql --quiet "--dbname=postgresql://postgres:$password@127.0.0.1/postgres")
mariadb=(mariadb --host=127.0.0.1 --user=root "--password=$password" shop)
until_ready postgres "${psql[@]}" --command='SELECT 1'
inside postgres "${psql[@]}" --command='CREATE TABLE orders AS SELECT i AS id, md5(i::text) || md5((i * 7)::text) AS note, i % 1000 AS customer, now() AS at FROM generate_series(1, 1000000) i; ALTER TABLE orders ADD PRIMARY KEY (id); CREATE INDEX ON orders (customer)' < /dev/null
until_ready mariadb "${mariadb[@]}" --execute='SELECT 1'
inside mariadb "${mariadb[@]}" --execute="CREATE TABLE orders (id INT PRIMARY KEY, note CHAR(64) NOT NULL, customer INT NOT NULL, KEY (customer)); INSERT INTO orders SELECT seq, CONCAT(MD5(seq), MD5(seq * 7)), seq % 1000 FROM seq_1_to_1500000" < /dev/null
until_ready redis redis-cli PING
inside redis redis-cli EVAL "for i = 1, 500000 do redis.call('SET', 'key:' .. i, redis.sha1hex(i) .. redis.sha1hex(-i)) end" 0 < /dev/null > /dev/null
sqlite3 "$work/app.db" "CREATE TABLE event (id INTEGER PRIMARY KEY, note TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) INSERT INTO event SELECT i, hex(randomblob(40)) FROM n"
"$bench" corpus "$work/files" 150 > /dev/null

settings=(BACKUP_DIRS="$work/files:files" BACKUP_SQLITE="$work/app.db"
  BACKUP_POSTGRES="postgresql://postgres:$password@$stack-postgres/postgres" BACKUP_MYSQL="mysql://root:$password@$stack-mariadb/shop" BACKUP_REDIS="redis://$stack-redis")
echo "Backing up, and drilling" >&2
ours "$work/run" "${settings[@]}" -- backup
ours "$work/run" "${settings[@]}" -- verify --level restore
cost "$work/run"
jq --raw-output --arg wall "$wall" --arg peak "$peak" '
  def mib: . / 1048576 | round;
  def seconds: . * 100 | round / 100;
  "| source | restored, MiB | server ready, s | loaded, s |", "|---|---|---|---|",
  (.sources[] | "| \(.entry) | \(.bytes | mib) | \(.startSeconds // "-" | if type == "number" then seconds else . end) | \(.loadSeconds // "-" | if type == "number" then seconds else . end) |"),
  "",
  ((.times.read + .times.unpack + .times.start + .times.load) as $recovery | (([.sources[].bytes] | add) / 1073741824) as $gib |
    "Archive of \(.archiveBytes | mib) MiB; read \(.times.read | seconds) s, decrypt and unpack \(.times.unpack | seconds) s, start \(.times.start | seconds) s, load \(.times.load | seconds) s: recovery \($recovery | seconds) s, \($recovery / $gib | seconds) s per GiB.",
    "The drill as a whole: \($wall) s, \($peak) MiB resident.",
    if .result == "Good" and .level == "Restore" then empty else "NOT RESTORED: \(.problem // .level)" | halt_error(1) end)' "$work"/run/state/drills/*.json
