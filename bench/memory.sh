#!/usr/bin/env bash
# Peak resident memory of whole backups (encrypted) of 200 MiB and of 2 GiB: it must not grow with the data.
# Backs up to a local folder; with BACKUP_S3_* in the environment then to the folder and to S3 together.
# Prints one line for each backup and the differences. Needs: dotnet, gpg, tar, time (GNU), openssl, 6 GiB of disk.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet publish src/BackupSidecar -c Release -o "$work/program" --nologo -v quiet
mapfile -t s3 < <(env | grep '^BACKUP_S3_' || true)

peak() { # MIB SETTING... -> peak KiB of our own process
  local mib=$1 dir=$work/$1
  shift
  mkdir -p "$dir/state" "$dir/staging" "$dir/store"
  env -i PATH="$PATH" HOME="$dir" DOTNET_GCgen0size=0x400000 BACKUP_NAME=bench BACKUP_DIRS="$dir/data:data" BACKUP_LOCAL_PATH="$dir/store" \
    BACKUP_STATE_DIR="$dir/state" BACKUP_STAGING_DIR="$dir/staging" BACKUP_ENCRYPTION_KEY=a-passphrase-for-the-bench "$@" \
    /usr/bin/time -f '%M %e %U %S' -o "$dir/time" "$work/program/backup-sidecar" backup 2> "$dir/log" || { cat "$dir/log" >&2; return 1; }
  read -r kib wall user system < <(tail -n 1 "$dir/time")
  printf '  %5d MiB: peak %d MiB, %s s wall, %s s user, %s s system, archive %s\n' \
    "$mib" "$((kib / 1024))" "$wall" "$user" "$system" "$(du -h "$dir"/store/bench/*.gpg | cut -f1)" >&2
  rm -rf "$dir/state" "$dir/staging" "$dir/store"
  echo "$kib"
}

measure() { # TITLE SETTING...
  local title=$1 small large
  shift
  echo "$title" >&2
  small=$(peak 200 "$@")
  large=$(peak 2048 "$@")
  echo "$title: growth from 200 MiB to 2 GiB of data: $(((large - small) / 1024)) MiB (at most 20 is promised)"
  if ((large - small > 20 * 1024)); then grown=1; fi
}

grown=0
for mib in 200 2048; do bench/corpus.sh "$work/$mib/data" "$mib"; done
measure "local folder"
if ((${#s3[@]})); then measure "local folder and S3 at ${BACKUP_S3_ENDPOINT:-AWS}" "${s3[@]}"; fi
exit "$grown"
