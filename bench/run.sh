#!/usr/bin/env bash
# Measures backups and restores of this program beside those of tar|gzip|gpg, tar|pigz|gpg, tar|zstd|gpg, restic and borg, on the same
# data and in turn; prints tables and says which of our targets are reached. With BACKUP_S3_* in the environment it measures a
# backup to a local folder and to that bucket as well (one backup stays there, under "bench").
# usage: bench/run.sh [--install] [--docs] [--mib 1024] [--runs 5] [--only TOOL…]
#   --install   installs the peers that are missing (apt-get)
#   --docs      puts the results into docs/performance.md and its chart, instead of artifacts/bench alone
#   --only      of fast, balanced, zstd, tar-gzip-gpg, tar-pigz-gpg, tar-zstd-gpg, restic, borg
# Needs the .NET SDK, tar, gzip, gpg, GNU time, and on the disk five times the data (TMPDIR says where).
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
source bench/common.sh

docs='' arguments=()
for argument in "$@"; do
  case $argument in
    --install) install_packages time gpg pigz zstd restic borgbackup ;;
    --docs) docs=yes ;;
    *) arguments+=("$argument") ;;
  esac
done
need time gpg tar gzip
publish

status=0
"$bench" compare --program "$program" --output artifacts/bench "${arguments[@]}" || status=$?
if [[ -n $docs && $status -eq 0 ]]; then
  cp artifacts/bench/performance.svg docs/performance.svg
  sed -i -e '/<!-- bench: begin -->/,/<!-- bench: end -->/ { /<!-- bench: begin -->/r artifacts/bench/results.md' \
    -e '/<!-- bench: /!d }' docs/performance.md
fi
exit "$status"
