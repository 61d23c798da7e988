#!/usr/bin/env bash
# Shows on this machine that a backup comes back: builds the program, backs up a small sample, checks the stored bytes,
# restores it elsewhere and compares. Needs the .NET SDK; no Docker and no server. Everything happens in one temporary folder.
# usage: scripts/try.sh [--keep]      --keep leaves that folder behind
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

keep=
case "${1:-}" in
  "") ;;
  --keep) keep=yes ;;
  *) echo "usage: scripts/try.sh [--keep]" >&2; exit 2 ;;
esac

steps=0 work=
step() { steps=$((steps + 1)); printf '%2d. %s\n' "$steps" "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  if [[ -z $keep && -n $work ]]; then echo "scripts/try.sh --keep leaves everything behind to look at." >&2; fi
  exit 1
}

install_missing() {
  local pair missing=() as_root=()
  for pair in gpg=gnupg tar=tar gzip=gzip sqlite3=sqlite3; do
    if ! command -v "${pair%%=*}" > /dev/null; then missing+=("${pair##*=}"); fi
  done
  if ((${#missing[@]} == 0)); then return; fi
  step "Installing what is missing: ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo > /dev/null || fail "${missing[*]} must be installed by root first; there is no sudo here"
    as_root=(sudo)
  fi
  command -v apt-get > /dev/null || fail "there is no apt-get here; install these by hand: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

make_sample() {
  mkdir -p "$work/sample/notes/2026"
  echo "Water the plants." > "$work/sample/notes/today.txt"
  head -c 300000 /dev/urandom > "$work/sample/notes/2026/photo.raw"
  ln "$work/sample/notes/2026/photo.raw" "$work/sample/notes/2026/same photo.raw"
  ln -s ../today.txt "$work/sample/notes/2026/link"
  chmod 640 "$work/sample/notes/today.txt"
  echo "colour = green" > "$work/sample/settings.ini"
  # As if its program still ran: what was written is in the log beside the file, so a plain copy of the file would be empty.
  sqlite3 "$work/sample/shop.db" > /dev/null <<'Q'
.dbconfig no_ckpt_on_close on
PRAGMA journal_mode = wal;
CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO orders SELECT i, 'item ' || i FROM n;
Q
}

# Says to the program what to do by its settings, and nothing of what the caller's environment holds for another one.
configure() {
  unset "${!BACKUP_@}" "${!AWS_@}" COMPOSE_PROJECT_NAME
  export TZ=UTC
  export BACKUP_NAME=try
  export BACKUP_LOCAL_PATH=$work/backups
  export BACKUP_STATE_DIR=$work/state
  export BACKUP_STAGING_DIR=$work/staging
  export BACKUP_DIRS=$work/sample/notes:notes
  export BACKUP_FILES=$work/sample/settings.ini:settings.ini
  export BACKUP_SQLITE=$work/sample/shop.db:shop
  export BACKUP_ENCRYPTION_KEY_FILE=$work/passphrase
  mkdir -p "$BACKUP_LOCAL_PATH" "$BACKUP_STATE_DIR" "$BACKUP_STAGING_DIR"
}

# The sample and what came back of it, byte by byte; of the database its content, since a backup may be laid out anew.
compare() {
  local back=$1
  diff -r "$work/sample/notes" "$back/notes" || fail "the directory in $back differs from the sample"
  diff <(cd "$work/sample/notes" && describe) <(cd "$back/notes" && describe) || fail "modes or links in $back differ from the sample"
  cmp "$work/sample/settings.ini" "$back/settings.ini" || fail "the file in $back differs from the sample"
  diff <(sqlite3 "$work/sample/shop.db" .dump) <(sqlite3 "$back/sqlite-shop.db" .dump) > /dev/null ||
    fail "the database in $back differs from the sample"
}

describe() { find . -printf '%P %M %n %l\n' | sort; }

command -v dotnet > /dev/null || fail "the .NET SDK 10 is missing: https://dotnet.microsoft.com/download/dotnet/10.0"
install_missing

work=$(mktemp -d "${TMPDIR:-/tmp}/backup-sidecar-try.XXXXXX")
if [[ -z $keep ]]; then trap 'rm -rf "$work"' EXIT; fi

step "Building the program"
dotnet build "$root/src/BackupSidecar" --configuration Release --verbosity quiet < /dev/null > "$work/build.log" 2>&1 ||
  { cat "$work/build.log" >&2; fail "the build"; }
program=$root/src/BackupSidecar/bin/Release/net10.0/backup-sidecar

umask 077
step "Making a sample in $work/sample: a directory, a file and a SQLite database"
make_sample

step "Making a passphrase of 256 random bits in $work/passphrase, which only you can read"
head -c 32 /dev/urandom | base64 --wrap=0 > "$work/passphrase"
configure

step "Backing the sample up to $BACKUP_LOCAL_PATH"
"$program" backup < /dev/null || fail "the backup ended with exit code $?"

step "Listing what is there"
"$program" list < /dev/null || fail "the list ended with exit code $?"

step "Comparing the SHA-256 of the stored bytes with what the manifest says"
archives=("$BACKUP_LOCAL_PATH"/try/try-*.tar.gz.gpg)
[[ ${#archives[@]} -eq 1 && -f ${archives[0]} ]] || fail "there should be exactly one archive in $BACKUP_LOCAL_PATH/try"
archive=${archives[0]}
promised=$(sqlite3 :memory: "SELECT json_extract(CAST(readfile('$archive.manifest.json') AS TEXT), '$.stored.sha256')")
stored=$(sha256sum "$archive")
[[ -n $promised && ${stored%% *} == "$promised" ]] || fail "stored ${stored%% *}, but the manifest says '$promised'"

step "Restoring it to $work/restored"
"$program" restore latest --to "$work/restored" --yes < /dev/null || fail "the restore ended with exit code $?"
step "Comparing what came back with the sample"
compare "$work/restored"

step "Opening it by hand, as you could on any machine: gpg --decrypt ARCHIVE | tar -xzp"
mkdir -m 700 "$work/by-hand" "$work/gnupg"
gpg --homedir "$work/gnupg" --batch --quiet --no-autostart --pinentry-mode loopback --passphrase-file "$work/passphrase" \
  --decrypt "$archive" | tar -xzp -C "$work/by-hand"
[[ -s $work/by-hand/RESTORE.txt ]] || fail "RESTORE.txt, which explains this to whoever has only the archive, is missing"
step "Comparing that with the sample"
compare "$work/by-hand"

step "All equal: this machine can take backups and bring them back"
cat <<'T'

What to do next
  Your own stack      docker-compose.example.yml says at its head how to start it; README.md explains; examples/ has three more
  Your own settings   cp .env.example .env, and fill in name, key, sources and stores
  Before you rely on it   keep the passphrase in a second place: without it no backup can be opened
T
if [[ -n $keep ]]; then
  echo "  Look around         $work holds the sample, the archive and both restores; remove it when you are done"
else
  echo "  Look around         scripts/try.sh --keep leaves the sample, the archive and both restores behind"
fi
