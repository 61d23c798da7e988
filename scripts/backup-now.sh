#!/usr/bin/env bash
# Takes one backup now, with the settings of this container.
set -euo pipefail

exec backup-sidecar backup "$@"
