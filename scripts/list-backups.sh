#!/usr/bin/env bash
# Lists the backups of every store, the newest first.
set -euo pipefail

exec backup-sidecar list "$@"
