#!/usr/bin/env bash
# Peak resident memory of whole backups (encrypted, local store) of 200 MiB and of 2 GiB: it must not grow with the data.
# Prints one line for each and the difference. Needs: dotnet, gpg, tar, time (GNU), openssl, 6 GiB of disk.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet publish src/BackupSidecar -c Release -o "$work/program" --nologo -v quiet

peak() { # MIB -> peak KiB of our own process
  local mib=$1 dir=$work/$1
  bench/corpus.sh "$dir/data" "$mib"
  mkdir -p "$dir/state" "$dir/staging" "$dir/store"
  env -i PATH="$PATH" HOME="$dir" DOTNET_GCgen0size=0x400000 BACKUP_NAME=bench BACKUP_DIRS="$dir/data:data" BACKUP_LOCAL_PATH="$dir/store" \
    BACKUP_STATE_DIR="$dir/state" BACKUP_STAGING_DIR="$dir/staging" BACKUP_ENCRYPTION_KEY=a-passphrase-for-the-bench \
    /usr/bin/time -f '%M %e %U %S' -o "$dir/time" "$work/program/backup-sidecar" backup 2> "$dir/log" || { cat "$dir/log" >&2; return 1; }
  read -r kib wall user system < <(tail -n 1 "$dir/time")
  printf '%5d MiB: peak %d MiB, %s s wall, %s s user, %s s system, archive %s\n' \
    "$mib" "$((kib / 1024))" "$wall" "$user" "$system" "$(du -h "$dir"/store/bench/*.gpg | cut -f1)" >&2
  rm -rf "$dir"
  echo "$kib"
}

small=$(peak 200)
large=$(peak 2048)
echo "growth from 200 MiB to 2 GiB of data: $(((large - small) / 1024)) MiB (at most 20 is promised)"
[ $(((large - small) / 1024)) -le 20 ]
