#!/usr/bin/env bash
# Adds mongodump and mongorestore to the image. Runs inside the image build; the package lists are there already.
set -euo pipefail

keyring=/usr/share/keyrings/mongodb-server-8.0.asc
# MongoDB builds its tools for Debian on amd64 only; those for Ubuntu 22.04 run on Debian 12 as well.
case "$(dpkg --print-architecture)" in
  amd64) repository="https://repo.mongodb.org/apt/debian bookworm/mongodb-org/8.0 main" ;;
  arm64) repository="https://repo.mongodb.org/apt/ubuntu jammy/mongodb-org/8.0 multiverse" ;;
  *)
    echo "WITH_MONGODB_TOOLS: MongoDB has no tools for the architecture $(dpkg --print-architecture)." >&2
    exit 1
    ;;
esac

if ! /usr/lib/apt/apt-helper download-file https://pgp.mongodb.com/server-8.0.asc "$keyring"; then
  echo "WITH_MONGODB_TOOLS needs pgp.mongodb.com and repo.mongodb.org, and the first could not be reached from this build." >&2
  echo "Leave WITH_MONGODB_TOOLS out to build without MongoDB, or build where both can be reached." >&2
  exit 1
fi

echo "deb [signed-by=$keyring] $repository" > /etc/apt/sources.list.d/mongodb.list
if ! apt-get update -o APT::Update::Error-Mode=any ||
  ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mongodb-database-tools; then
  echo "repo.mongodb.org gave no mongodb-database-tools: is it reachable from this build?" >&2
  exit 1
fi
