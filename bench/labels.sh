#!/usr/bin/env bash
# How long it takes to find databases with labels, and what the program takes while it follows them. Prints a table, and fails if finding
# them takes longer than is promised.
# usage: bench/labels.sh [CONTAINERS]      200 unless said otherwise      (IMAGE=debian:bookworm-slim: what they run, which has 'sleep')
# Needs the .NET SDK, GNU time, and Docker on this machine. Starts that many containers, and removes them at the end.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
source bench/common.sh
need time docker
count=${1:-200} image=${IMAGE:-debian:bookworm-slim}

work=$(mktemp -d "${TMPDIR:-/tmp}/backup-sidecar-labels.XXXXXX")
project=$(basename "$work" | tr '[:upper:].' '[:lower:]-')
daemon=''
finish() {
  if [[ -n $daemon ]]; then kill "$daemon" 2> /dev/null || true; fi
  docker ps --all --quiet --filter "label=com.docker.compose.project=$project" | xargs --no-run-if-empty docker rm --force > /dev/null
  rm -rf "$work"
}
trap finish EXIT

start_containers() {
  local number
  echo "Starting $count containers of $image" >&2
  for ((number = 1; number <= count; number++)); do
    docker run --detach --network none --name "$project-db-$number" --label "com.docker.compose.project=$project" --label com.docker.compose.service=db \
      --label "com.docker.compose.container-number=$number" --label backup.enabled=true --label backup.type=postgres \
      --label "backup.conn=postgres://user:password@db-$number:5432/shop" --label 'backup.cron=0 3 1 1 *' --label "backup.prefix=db-$number" \
      "$image" sleep infinity > /dev/null
  done
}

settings=(BACKUP_NAME=bench BACKUP_LABELS=on COMPOSE_PROJECT_NAME="$project" BACKUP_HTTP_PORT=0
  BACKUP_LOCAL_PATH="$work/run/store" BACKUP_STATE_DIR="$work/run/state" BACKUP_STAGING_DIR="$work/run/state" BACKUP_ENCRYPTION_KEY_FILE="$work/run/key")

# Seconds from the program's start until it knows all of them.
discovery() {
  local begin now
  begin=$(date +%s%N)
  env -i PATH="$PATH" HOME="$work" TZ=UTC DOTNET_ROOT="${DOTNET_ROOT:-}" DOTNET_gcServer=0 DOTNET_GCgen0size=0x400000 DOTNET_EnableDiagnostics=0 \
    "${settings[@]}" "$program" run > "$work/daemon.log" 2>&1 < /dev/null &
  daemon=$!
  until (($(grep -c 'is backed up:' "$work/daemon.log") == count)); do
    kill -0 "$daemon" 2> /dev/null || { cat "$work/daemon.log" >&2; return 1; }
    sleep 0.02
  done
  now=$(date +%s%N)
  seconds=$(awk -v nanos=$((now - begin)) 'BEGIN { printf "%.2f", nanos / 1e9 }')
}

memory() {
  awk '/^Rss:/ { rss = $2 } /^Pss_Anon:/ { own = $2 } END { printf "%.1f MiB (%.1f MiB its own)\n", rss / 1024, own / 1024 }' "/proc/$1/smaps_rollup"
}

publish
mkdir -p "$work/run/state" "$work/run/store"
(umask 077; echo "a passphrase for measuring only" > "$work/run/key")
start_containers
ours "$work/run" "${settings[@]}" -- explain --json
cost "$work/run"
[[ $(grep -c '"verdict": "backed-up"' "$work/run/log") -eq $count ]] || { echo "explain does not know all of them" >&2; exit 1; }
explained="$wall s, $peak MiB"
discovery
# A look every ten seconds.
sleep 35
echo "| $count containers with labels | |"
echo "|---|---|"
echo "| start of the daemon until all are known | $seconds s |"
echo "| daemon that follows them | $(memory "$daemon") |"
echo "| \`explain\` | $explained |"
if awk -v seconds="$seconds" 'BEGIN { exit !(seconds >= 2) }'; then echo "LIMIT BROKEN: less than 2 s is promised" >&2; exit 1; fi
