#!/usr/bin/env bash
# Builds every image that the integration tests need, and the image that ships. Works without a container registry: what cannot be
# pulled is made from Debian's packages and from the .NET SDK of this machine. What is there already is kept.
# usage: build.sh      (REPOSITORY=test names the images test/pg, test/ceph and so on; IMAGE=backup-sidecar:test the one that ships)
set -euo pipefail
cd "$(dirname "$0")"

repository=${REPOSITORY:-test}
image=${IMAGE:-backup-sidecar:test}
base=debian:bookworm-slim
sdk=mcr.microsoft.com/dotnet/sdk:10.0

say() { printf '    images: %s (after %s s)\n' "$*" "$SECONDS"; }
exists() { docker image inspect "$1" > /dev/null 2>&1; }

# Runs a command that talks too much, and shows what it said only if it fails.
quietly() {
  local output=$work/output.$BASHPID
  "$@" > "$output" 2>&1 || { cat "$output" >&2; return 1; }
}
build() { quietly docker build --quiet --network=host "$@"; }

# As small as the official image: in particular without Perl, so that a package which the image forgets to name is missed here too.
make_base() {
  local tree=$work/base.tar
  local sources=(/etc/apt/sources.list.d/debian.sources)
  if [[ ! -f ${sources[0]} ]]; then sources=(); fi
  quietly mmdebstrap --quiet --variant=minbase --include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$tree" "${sources[@]}"
  docker import --change 'CMD ["bash"]' "$tree" "$base" > /dev/null
}

# The SDK of this machine on the base, with the certificate authorities that this machine trusts in addition. They stay in this stage:
# nothing of it but the published program enters the image that ships.
make_sdk() {
  local context=$work/sdk dotnet
  dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
  mkdir -p "$context/authorities"
  find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$context/authorities/" \; 2> /dev/null || true
  cat > "$context/Dockerfile" <<'D'
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 libstdc++6 && rm -rf /var/lib/apt/lists/*
COPY authorities/ /usr/local/share/ca-certificates/
RUN update-ca-certificates
COPY dotnet/ /usr/share/dotnet/
ENV PATH=/usr/share/dotnet:$PATH DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false \
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 NUGET_XMLDOC_MODE=skip
D
  # The last value is how this machine asks whether a package's certificate was revoked; nothing where it has no say in that.
  if [[ -n ${NUGET_CERT_REVOCATION_MODE:-} ]]; then echo "ENV NUGET_CERT_REVOCATION_MODE=$NUGET_CERT_REVOCATION_MODE" >> "$context/Dockerfile"; fi
  tar -c -C "$context" Dockerfile authorities -C "$dotnet" --transform='s,^\./,dotnet/,' \
    --exclude=./shared/Microsoft.AspNetCore.App --exclude=./packs/Microsoft.AspNetCore.App.Ref . |
    build --tag "$sdk" -
}

# Pulls an image, or makes it where no registry has it: obtain NAME MAKER
obtain() {
  if exists "$1"; then return; fi
  if timeout 600 docker pull --quiet "$1" > /dev/null 2>&1; then
    say "$1 pulled"
  else
    "$2"
    say "$1 made here, because no registry could be reached"
  fi
}

product() {
  obtain "$sdk" make_sdk
  build --tag "$image" ../..
  say "$image built from the Dockerfile that ships"
}

server() {
  build --tag "$repository/$1" "$1"
  say "$repository/$1 built"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
obtain "$base" make_base
jobs=()
product & jobs+=($!)
server pg & jobs+=($!)
server maria & jobs+=($!)
server ceph & jobs+=($!)
server redis & jobs+=($!)
status=0
for job in "${jobs[@]}"; do wait "$job" || status=1; done
if ((status)); then say "some could not be built"; else say "all there"; fi
exit "$status"
