# shellcheck shell=bash disable=SC2034
# Sourced by the scripts beside it, in the root of the repository.
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
program=$PWD/artifacts/bench/program/backup-sidecar
bench=$PWD/bench/BackupSidecar.Bench/bin/Release/net10.0/BackupSidecar.Bench

# require COMMAND…: all of them are there, or the script ends with the line that installs them.
require() {
  local command missing=()
  for command in "$@"; do
    # The shell's own "time" is not meant.
    if ! type -P "$command" > /dev/null; then missing+=("$command"); fi
  done
  if ((${#missing[@]} == 0)); then return; fi
  echo "Missing: ${missing[*]}. On Debian: apt-get install ${missing[*]}" >&2
  exit 2
}

install_packages() {
  local as_root=()
  if ((EUID != 0)); then as_root=(sudo); fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" > /dev/null
}

# Builds what is measured, as it is released, and what measures it.
publish() {
  dotnet publish src/BackupSidecar --configuration Release --output "$(dirname "$program")" --nologo --verbosity quiet
  dotnet build bench/BackupSidecar.Bench --configuration Release --nologo --verbosity quiet
}
