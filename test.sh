#!/usr/bin/env bash
# Installs and starts what the tests need, builds everything, runs every test, and ends with one line:
#   N passed, N failed, N skipped
# usage: ./test.sh            everything
#        ./test.sh --quick    the tests of the program alone: no Docker, no servers
# Needs the .NET SDK, and apt-get and root (or sudo) where something is missing.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

# Results are read from what dotnet prints, and nothing that the build leaves behind may hold our output open.
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false

unit=tests/BackupSidecar.Tests
integration=tests/BackupSidecar.IntegrationTests
engine_log=/var/log/dockerd.log
passed=0 failed=0 skipped=0
as_root=()
if ((EUID != 0)); then as_root=(sudo); fi
# Against tests that hang, not a promise of speed. The long tests take hours.
unit_limit=1200 integration_limit=2700
if [[ ${BACKUP_TEST_LONG:-} == 1 ]]; then unit_limit=14400 integration_limit=43200; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { printf '\n==> %s (after %s s)\n' "$*" "$SECONDS"; }

finish() {
  printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
  if ((failed > 0 || passed == 0)); then exit 1; fi
  exit 0
}

give_up() {
  echo "$*" >&2
  failed=$((failed + 1))
  finish
}

# A step of this script that counts as one test: check NAME COMMAND…
check() {
  local name=$1
  shift
  step "$name"
  if "$@" < /dev/null; then passed=$((passed + 1)); else
    echo "FAILED: $name" >&2
    failed=$((failed + 1))
  fi
}

# install COMMAND=PACKAGE…: the packages whose command is missing
install() {
  local pair missing=()
  for pair in "$@"; do
    if ! command -v "${pair%%=*}" > /dev/null && [[ ! -x /usr/sbin/${pair%%=*} ]]; then missing+=("${pair##*=}"); fi
  done
  if ((${#missing[@]} == 0)); then return; fi
  step "Installing ${missing[*]}"
  command -v apt-get > /dev/null || give_up "There is no apt-get here: install these by hand and run this again: ${missing[*]}"
  if ((EUID != 0)) && ! command -v sudo > /dev/null; then
    give_up "There is no sudo here: install these as root and run this again: ${missing[*]}"
  fi
  "${as_root[@]}" apt-get update -qq || echo "The package lists could not be renewed; trying with those that are here." >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    < /dev/null > "$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; give_up "These could not be installed: ${missing[*]}"; }
}

start_engine() {
  if docker info > /dev/null 2>&1; then return; fi
  step "Starting the Docker engine; it stays up afterwards"
  if [[ -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl start docker
  else
    "${as_root[@]}" bash -c "PATH=\$PATH:/usr/sbin:/sbin setsid dockerd > $engine_log 2>&1 < /dev/null &"
  fi
  for _ in $(seq 60); do
    if docker info > /dev/null 2>&1; then return; fi
    sleep 0.5
  done
  if "${as_root[@]}" docker info > /dev/null 2>&1; then
    give_up "The Docker engine runs, but $(id -un) may not use it: join the group docker, or run this as root."
  fi
  tail -n 20 "$engine_log" >&2 || true
  give_up "The Docker engine did not answer within 30 s; its log is $engine_log."
}

# Runs one test project and adds the counts of its closing line. A project that ends without such a line has failed.
run_tests() {
  local project=$1 limit=$2 line
  step "Tests of $project"
  timeout --kill-after=30 "$limit" dotnet test "$project" --configuration Release --no-build < /dev/null 2>&1 |
    tee "$work/tests.log" || true
  line=$(grep -E '^(Passed|Failed|Skipped)! +- Failed: ' "$work/tests.log" | tail -n 1) || true
  if [[ $line =~ Failed:\ +([0-9]+),\ Passed:\ +([0-9]+),\ Skipped:\ +([0-9]+) ]]; then
    failed=$((failed + BASH_REMATCH[1]))
    passed=$((passed + BASH_REMATCH[2]))
    skipped=$((skipped + BASH_REMATCH[3]))
  else
    echo "FAILED: $project did not run to its end within $limit s" >&2
    failed=$((failed + 1))
  fi
}

# As the image has it: each start of the program takes little more than half of the time, and the tests start it a thousand times.
compile_ahead() {
  local project
  dotnet publish src/BackupSidecar --configuration Release --use-current-runtime --self-contained false --verbosity quiet \
    -p:PublishReadyToRun=true -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:PublishDocumentationFile=false \
    --output "$work/program" || return 1
  for project in "$unit" "$integration"; do
    cp "$work"/program/*.{dll,pdb} "$project/bin/Release/net10.0/"
  done
}

shell_scripts() {
  find . -name '*.sh' -not -path '*/bin/*' -not -path '*/obj/*' -print0 |
    xargs -0 shellcheck .ci/run
}

# docker-compose accepts every file that we hand out, with the settings beside it: the examples, the README's stack, and the stack
# that the commands at its own head set up. In the last, what .env says has to arrive.
compose_files() {
  local example copy=$work/example
  for example in examples/*/; do
    rm -rf "$copy"
    cp -r "$example" "$copy"
    cp "$copy/.env.example" "$copy/.env"
    (cd "$copy" && docker-compose config --quiet) || return 1
  done
  awk 'inside && /^...$/ { exit } inside; /^...yaml$/ { inside = 1 }' README.md > "$copy/docker-compose.yml"
  (cd "$copy" && docker-compose config --quiet) || return 1

  rm -rf "$copy"
  mkdir "$copy"
  cp docker-compose.example.yml .env.example "$copy"
  sed -n 's/^#   \(cp\|echo\|sed\) /\1 /p' docker-compose.example.yml > "$work/set-up.sh"
  (cd "$copy" && bash -euo pipefail "$work/set-up.sh" && docker-compose config > settled.yml) || return 1
  grep -Eq 'BACKUP_ENCRYPTION_KEY: .?[A-Za-z0-9+/]{43}=' "$copy/settled.yml" && grep -q 'BACKUP_NAME: my-stack$' "$copy/settled.yml"
}

command -v dotnet > /dev/null || give_up "The .NET SDK 10 is missing: https://dotnet.microsoft.com/download/dotnet/10.0"

case "${1:-}" in
  "" | --quick) ;;
  *) give_up "usage: ./test.sh [--quick]" ;;
esac

install gpg=gnupg tar=tar sqlite3=sqlite3 setfacl=acl getfattr=attr setcap=libcap2-bin chattr=e2fsprogs ps=procps zstd=zstd igzip=isal \
  pg_dump=postgresql-client mariadb-dump=mariadb-client redis-cli=redis-tools python3=python3-minimal perl=perl

if [[ ${1:-} == --quick ]]; then
  step "Building $unit"
  dotnet build "$unit" --configuration Release --verbosity quiet || give_up "The build failed."
  run_tests "$unit" "$unit_limit"
  finish
fi

install dockerd=docker.io docker-compose=docker-compose mmdebstrap=mmdebstrap shellcheck=shellcheck restic=restic
start_engine

step "Building the solution; a warning is an error"
dotnet build BackupSidecar.sln --configuration Release --verbosity quiet || give_up "The build failed."

step "Compiling the program ahead"
compile_ahead || give_up "The program could not be compiled ahead."

step "Building the images of the tests, beside what follows"
tests/environment/build.sh > "$work/images.log" 2>&1 &
images=$!

# Styles and analyzers are errors of the build already.
check "Formatting" dotnet format whitespace BackupSidecar.sln --no-restore --verify-no-changes
check "shellcheck of every script" shell_scripts
check "The compose files that we hand out" compose_files
check "scripts/try.sh: a backup and its restore without Docker" scripts/try.sh
run_tests "$unit" "$unit_limit"

step "Waiting for the images"
if wait "$images"; then cat "$work/images.log"; else
  cat "$work/images.log" >&2
  give_up "The images of the tests could not be built."
fi
run_tests "$integration" "$integration_limit"
finish
