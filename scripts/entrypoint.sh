#!/usr/bin/env bash
# The image's entry point: without arguments the schedule runs, the program's own verbs and options go to the program,
# and any other command is run as it stands.
set -euo pipefail

case "${1:-run}" in
  run | backup | list | restore | verify | accept | prune | check | healthcheck | backrest | -*) exec backup-sidecar "${@:-run}" ;;
  *) exec "$@" ;;
esac
