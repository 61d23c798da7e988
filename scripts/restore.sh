#!/usr/bin/env bash
# Restores one backup over what is there now. As "restore", the program shows its plan and asks. Under its old name, restore.sh,
# a person on a terminal has ten seconds to think again instead. Without a terminal --yes must say that it is meant.
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

usage() {
  say "usage: restore <timestamp|latest> [--from STORE] [--only SOURCE] [--to DIR] [--merge] [--allow-unverified] [--yes]"
  say "       the timestamp is the one in the backup's name: 2026-03-01-030000"
}

if (($# == 0)); then
  usage
  say ""
  backup-sidecar list || true
  exit 1
fi
if has --help "$@" || has -h "$@"; then
  usage
  exit 0
fi

# With --to nothing is overwritten, so there is nothing to think again about.
if [[ ${0##*/} == restore.sh ]] && on_terminal && ! has --yes "$@" && ! has --to "$@"; then
  say "WARNING: this replaces databases, directories and files with those of the backup $1."
  countdown 10
  set -- "$@" --yes
fi
exec backup-sidecar restore "$@"
