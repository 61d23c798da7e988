#!/usr/bin/env bash
# Adds PostgreSQL clients of the given majors to the image. Runs inside the image build; the package lists are there already.
# usage: install-postgresql-clients.sh MAJOR…
set -euo pipefail

keyring=/usr/share/keyrings/apt.postgresql.org.asc
packages=()
for major in "$@"; do
  if [[ ! $major =~ ^[0-9]+$ ]]; then
    echo "WITH_PGDG takes major versions separated by spaces, such as \"17 18\"; '$major' is none." >&2
    exit 1
  fi
  packages+=("postgresql-client-$major")
done

if ! /usr/lib/apt/apt-helper download-file https://www.postgresql.org/media/keys/ACCC4CF8.asc "$keyring"; then
  echo "WITH_PGDG=\"$*\" needs www.postgresql.org and apt.postgresql.org, and the first could not be reached from this build." >&2
  echo "Leave WITH_PGDG out to build with Debian's own client, or build where both can be reached." >&2
  exit 1
fi

. /etc/os-release
echo "deb [signed-by=$keyring] https://apt.postgresql.org/pub/repos/apt $VERSION_CODENAME-pgdg main" \
  > /etc/apt/sources.list.d/pgdg.list
if ! apt-get update -o APT::Update::Error-Mode=any ||
  ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"; then
  echo "apt.postgresql.org gave no ${packages[*]}: is it reachable from this build, and does it offer these majors for $VERSION_CODENAME?" >&2
  exit 1
fi
