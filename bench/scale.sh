#!/usr/bin/env bash
# Whether time and memory stay in proportion when there is much to back up. Prints a table, and fails if a limit is broken.
# usage: bench/scale.sh [growth|files|large|list]…     all of them if none is named
#   growth   1 GiB and 4 GiB: at most 20 MiB more memory, and at most 4.4 times the CPU time; with BACKUP_S3_* in the environment
#            once more to the local folder and that bucket together        (GROWTH_MIB=1024: the smaller one)
#   files    a million small files, and their restore                      (FILES=1000000)
#   large    one file of 20 GiB, read back by stock gpg and tar            (LARGE_GIB=20)
#   list     a store with 10,000 backups                                   (BACKUPS=10000)
# Needs the .NET SDK, tar, gpg, GNU time, and on the disk (TMPDIR) 8, 12, 34 and 1 GiB. Everything is removed at the end.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
source bench/common.sh
need time gpg tar split

work=$(mktemp -d "${TMPDIR:-/tmp}/backup-sidecar-scale.XXXXXX")
trap 'rm -rf "$work"' EXIT
broken=0 rows=()

# row WHAT DIR [NOTE]: a line of the table, of what the last run in DIR cost
row() {
  cost "$2"
  rows+=("| $1 | $wall | $cpu | $peak | ${3:-} |")
  echo "$1: $wall s, $cpu s of CPU, $peak MiB ${3:-}" >&2
}

# limit NAME VALUE MOST
limit() {
  if awk -v value="$2" -v most="$3" 'BEGIN { exit !(value > most) }'; then
    echo "LIMIT BROKEN: $1 is $2, at most $3 is promised" >&2
    broken=1
  fi
}

growth() {
  local small=${GROWTH_MIB:-1024} mib
  for mib in "$small" $((4 * small)); do "$bench" corpus "$work/growth/$mib" "$mib" > /dev/null; done
  grow "$small" "local folder"
  local s3
  mapfile -t s3 < <(env | grep '^BACKUP_\(S3_\|ALLOW_HTTP\)' || true)
  if ((${#s3[@]})); then grow "$small" "local folder and S3" "${s3[@]}"; fi
  rm -rf "$work/growth"
}

grow() { # MIB TITLE SETTING…
  local small=$1 title=$2 mib first_cpu='' first_peak=''
  shift 2
  for mib in "$small" $((4 * small)); do
    ours "$work/run" BACKUP_DIRS="$work/growth/$mib:data" "$@" -- backup
    row "backup of $mib MiB, $title" "$work/run"
    rm -rf "$work/run"
    if [[ -z $first_cpu ]]; then first_cpu=$cpu first_peak=$peak; fi
  done
  limit "growth of memory in MiB" $((peak - first_peak)) 20
  limit "CPU time of four times as much" "$(awk -v a="$cpu" -v b="$first_cpu" 'BEGIN { printf "%.2f", a / b }')" 4.4
}

files() {
  local count=${FILES:-1000000} folder
  echo "Making $count files" >&2
  for ((folder = 0; folder < count / 1000; folder++)); do
    mkdir -p "$work/files/$((folder / 100))/$folder"
    seq "$((folder * 100000))" "$((folder * 100000 + 99999))" | (cd "$work/files/$((folder / 100))/$folder" && split --lines=100 --suffix-length=3 --numeric-suffixes)
  done
  ours "$work/run" BACKUP_DIRS="$work/files:data" -- backup
  row "backup of $count files" "$work/run" "$(archive_size)"
  limit "memory in MiB" "$peak" 128
  ours "$work/run" -- restore latest --to "$work/run/restored" --yes
  row "restore of $count files" "$work/run"
  limit "memory in MiB" "$peak" 128
  diff --recursive --brief "$work/files" "$work/run/restored/data" >&2
  rm -rf "$work/files" "$work/run"
}

large() {
  local gib=${LARGE_GIB:-20} part
  # Dumps, logs, pictures and programs, again and again: far enough from one another that no compressor sees that.
  "$bench" corpus "$work/corpus" 128 > /dev/null
  mkdir "$work/large"
  tar -C "$work/corpus" -cf "$work/part" --sort=name .
  rm -rf "$work/corpus"
  for ((part = 0; part < gib * 8; part++)); do head -c 128M "$work/part"; done > "$work/large/file"
  rm "$work/part"
  ours "$work/run" BACKUP_DIRS="$work/large:data" -- backup
  row "backup of one file of $gib GiB" "$work/run" "$(archive_size)"
  limit "memory in MiB" "$peak" 128
  mkdir -m 700 "$work/gnupg"
  gpg --homedir "$work/gnupg" --batch --quiet --no-autostart --pinentry-mode loopback --passphrase-file "$work/run/key" \
    --decrypt "$work"/run/store/bench/*.gpg | tar --extract --gzip --to-stdout data/file | cmp - "$work/large/file"
  rm -rf "$work/large" "$work/run"
}

list() {
  local count=${BACKUPS:-10000}
  mkdir -p "$work/run"
  (umask 077; echo "a passphrase for measuring only" > "$work/run/key")
  "$bench" store "$work/run/store" "$count" "$work/run/key"
  ours "$work/run" -- list
  [[ $(grep -c '^20[0-9][0-9]-' "$work/run/log") -eq $count ]] || { echo "Not all of $count backups were listed" >&2; broken=1; }
  row "list of $count backups" "$work/run"
  rm -rf "$work/run"
}

archive_size() { echo "archive $(du -h "$work"/run/store/bench/*.gpg | cut -f1)"; }

parts=("$@")
if ((${#parts[@]} == 0)); then parts=(growth files large list); fi
for part in "${parts[@]}"; do
  case $part in
    growth | files | large | list) ;;
    *) echo "usage: bench/scale.sh [growth|files|large|list]…" >&2; exit 2 ;;
  esac
done
publish
for part in "${parts[@]}"; do "$part"; done
printf '%s\n' "| | wall, s | CPU, s | peak, MiB | |" "|---|---|---|---|---|" "${rows[@]}"
exit "$broken"
