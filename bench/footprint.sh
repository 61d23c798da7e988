#!/usr/bin/env bash
# What the program takes while it does nothing, and how long its small commands take. Prints a table.
# usage: bench/footprint.sh [IMAGE]      with an image: also its size, and the memory of a container of it
# Needs the .NET SDK and GNU time; for an image Docker on this machine, and root.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
source bench/common.sh
need time
image=${1:-}

work=$(mktemp -d "${TMPDIR:-/tmp}/backup-sidecar-footprint.XXXXXX")
container=''
finish() {
  if [[ -n $container ]]; then docker rm --force --volumes "$container" > /dev/null; fi
  rm -rf "$work"
}
trap finish EXIT

# memory PID: resident memory of a process, in all and its own
memory() {
  awk '/^Rss:/ { rss = $2 } /^Pss_Anon:/ { own = $2 } END { printf "%.1f MiB (%.1f MiB its own)\n", rss / 1024, own / 1024 }' "/proc/$1/smaps_rollup"
}

# median SECONDS…
median() { printf '%s\n' "$@" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# command TITLE ARGUMENT…: the median of nine
command_row() {
  local title=$1 times=() _
  shift
  for _ in 1 2 3 4 5 6 7 8 9; do
    ours "$work" BACKUP_DIRS="$work:data" -- "$@"
    cost "$work"
    times+=("$wall")
  done
  echo "| $title | $(median "${times[@]}") s, $peak MiB |"
}

# With a backup in its history, as after the first night.
daemon() {
  local pid
  ours "$work/idle" BACKUP_FILES="$work/key" -- backup
  env -i PATH="$PATH" HOME="$work" DOTNET_ROOT="${DOTNET_ROOT:-}" DOTNET_gcServer=0 DOTNET_GCgen0size=0x400000 DOTNET_EnableDiagnostics=0 \
    BACKUP_NAME=bench BACKUP_DIRS="$work:data" BACKUP_LOCAL_PATH="$work/idle/store" BACKUP_STATE_DIR="$work/idle/state" BACKUP_STAGING_DIR="$work/idle/state" \
    BACKUP_ENCRYPTION_KEY_FILE="$work/key" BACKUP_SCHEDULE='0 3 1 1 *' "$program" run > "$work/daemon.log" 2>&1 < /dev/null &
  pid=$!
  sleep 12
  echo "| idle with its schedule | $(memory "$pid") |"
  kill "$pid"
  wait "$pid" || true
}

in_container() {
  container=$(docker run --detach --env BACKUP_NAME=bench --env BACKUP_DIRS=/backup-scripts:data --env BACKUP_LOCAL_PATH=/backups-local \
    --env BACKUP_SCHEDULE='0 3 1 1 *' "$image")
  docker exec "$container" backup-now > "$work/container.log" 2>&1 || { cat "$work/container.log" >&2; return 1; }
  docker restart "$container" > /dev/null
  sleep 12
  echo "| idle in a container of $image | $(memory "$(docker inspect --format '{{.State.Pid}}' "$container")") |"
  echo "| size of $image | $(docker image inspect --format '{{.Size}}' "$image" | awk '{ printf "%d MB", $1 / 1e6 }') |"
}

publish
mkdir -p "$work/idle"
(umask 077; echo "a passphrase for measuring only" > "$work/key")
"$bench" store "$work/store" 1000 "$work/key"
echo "| | |"
echo "|---|---|"
command_row "start (\`--version\`)" --version
command_row "list of 1,000 backups" list
daemon
if [[ -n $image ]]; then in_container; fi
