# shellcheck shell=bash
# Sourced by the scripts beside it, in the root of the repository.
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
# Modes belong to what is compared.
umask 022
# shellcheck disable=SC2034 # used by whoever sources this
program=$PWD/artifacts/bench/program/backup-sidecar
# shellcheck disable=SC2034
bench=$PWD/bench/BackupSidecar.Bench/bin/Release/net10.0/BackupSidecar.Bench

# need COMMAND…: all of them are there, or the script ends with the line that installs them.
need() {
  local command missing=()
  for command in "$@"; do
    # Bash has a "time" of its own, which is not meant.
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
  local runtime
  runtime=$(dotnet msbuild src/BackupSidecar -getProperty:NETCoreSdkPortableRuntimeIdentifier)
  rm -rf "$(dirname "$program")"
  dotnet publish src/BackupSidecar --configuration Release --runtime "$runtime" --self-contained -p:PublishReadyToRun=true -p:RunAnalyzers=false \
    --output "$(dirname "$program")" --nologo --verbosity quiet >&2
  dotnet build bench/BackupSidecar.Bench --configuration Release --nologo --verbosity quiet >&2
}

# ours DIR SETTING… -- ARGUMENT…: runs our program with these settings and nothing else of our environment. State and local store are
# in DIR. What it says goes to DIR/log, what it cost to DIR/cost.
ours() {
  local dir=$1 settings=()
  shift
  while [[ $1 != -- ]]; do settings+=("$1"); shift; done
  shift
  mkdir -p "$dir/state" "$dir/store"
  (umask 077; echo "a passphrase for measuring only" > "$dir/key")
  env -i PATH="$PATH" HOME="$dir" TZ=UTC DOTNET_ROOT="${DOTNET_ROOT:-}" DOTNET_gcServer=0 DOTNET_GCgen0size=0x400000 BACKUP_NAME=bench \
    BACKUP_LOCAL_PATH="$dir/store" BACKUP_STATE_DIR="$dir/state" BACKUP_STAGING_DIR="$dir/state" BACKUP_ENCRYPTION_KEY_FILE="$dir/key" \
    "${settings[@]}" /usr/bin/time -q -f '%e %U %S %M' -o "$dir/cost" "$program" "$@" > "$dir/log" 2>&1 < /dev/null ||
    { tail -n 20 "$dir/log" >&2; return 1; }
}

# cost DIR: sets wall, cpu (seconds) and peak (MiB, of the largest process) to what the last run there cost.
cost() {
  # shellcheck disable=SC2034 # read by whoever calls
  read -r wall cpu peak < <(awk '{ printf "%.2f %.2f %d\n", $1, $2 + $3, $4 / 1024 }' "$1/cost")
}
