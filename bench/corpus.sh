#!/usr/bin/env bash
# Makes a deterministic tree of about MIB mebibytes in DIR: two parts of text and logs, one part of bytes that do not
# compress, and a thousand small files.
set -euo pipefail
dir=${1:?usage: corpus.sh DIR MIB} mib=${2:?usage: corpus.sh DIR MIB}

mkdir -p "$dir/text" "$dir/media" "$dir/small"
random() { openssl enc -aes-128-ctr -nosalt -K "$(printf '%032x' "$1")" -iv "$(printf '%032x' 0)" -in /dev/zero 2>/dev/null || true; }
lines() { awk -v seed="$1" 'BEGIN { srand(seed); for (;;) printf "2026-11-%02d %02d:%02d INFO request id=%d user=%d path=/items/%d ms=%.2f\n",
  1 + rand() * 28, rand() * 24, rand() * 60, rand() * 1e9, rand() * 5e4, rand() * 1e6, rand() * 900 }' 2>/dev/null || true; }

chunk=$((mib / 12 > 0 ? mib / 12 : 1))
for part in 1 2 3 4 5 6 7 8; do lines "$part" | head -c "${chunk}M" > "$dir/text/$part.log"; done
for part in 1 2 3 4; do random "$part" | head -c "${chunk}M" > "$dir/media/$part.bin"; done
for part in $(seq 1000); do printf 'small file %d\n%s\n' "$part" "$(seq "$part" "$((part + 200))")" > "$dir/small/$part.txt"; done
