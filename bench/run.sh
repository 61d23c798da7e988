#!/usr/bin/env bash
# Measures backups and restores of this program beside those of tar|gzip|gpg, tar|pigz|gpg, tar|zstd|gpg, restic and borg, on the same
# data and in turn; prints tables and says which of our targets are reached. What S3 adds is measured against a bucket that takes the
# bytes and keeps none, as if its server worked elsewhere; with BACKUP_S3_* in the environment against that one too (one backup stays there, under "bench").
# usage: bench/run.sh [--install] [--docs] [--mib 1024] [--runs 5] [--only TOOL…]
#   --install   installs the peers that are missing (apt-get)
#   --docs      puts the results into docs/performance.md and its chart, instead of artifacts/bench alone
#   --only      of fast, fast-s3, balanced, zstd, tar-gzip-gpg, tar-pigz-gpg, tar-zstd-gpg, restic, borg
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

work=$(mktemp -d "${TMPDIR:-/tmp}/backup-sidecar-bench.XXXXXX")
trap 'rm -rf "$work" "/dev/shm/${work##*/}"' EXIT
status=0
"$bench" compare --program "$program" --work "$work" --output artifacts/bench "${arguments[@]}" || status=$?
if [[ -n $docs && $status -ne 0 ]]; then
  echo "Something failed, so docs/ stays as it is; the results are in artifacts/bench." >&2
elif [[ -n $docs ]]; then
  cp artifacts/bench/performance.svg docs/performance.svg
  sed -i -e '/<!-- bench: begin -->/,/<!-- bench: end -->/ { /<!-- bench: /!d }' \
    -e '/<!-- bench: begin -->/r artifacts/bench/results.md' docs/performance.md
fi
exit "$status"
